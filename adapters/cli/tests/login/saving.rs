//! Disks that fill up, and stores that become read-only, while tokens are on their way.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use credlatch::Secret;

use crate::helper::Said;
use crate::needs::missing;
use crate::world::World;

/// A mount that is undone when it goes out of scope.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// None if this process may not mount; that is said.
    fn tmpfs(at: &'a Path, size: &str) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        let mounted = mount(&["-t", "tmpfs", "-o", &format!("size={size},mode=700"), "none"], at);
        if !mounted {
            missing("the right to mount a file system");
        }
        mounted.then_some(Self(at))
    }

    /// Makes everything below read-only, even for who has files open there.
    fn read_only(at: &'a Path) -> Self {
        assert!(mount(&["--bind", at.to_str().unwrap()], at));
        assert!(mount(&["-o", "remount,bind,ro"], at));
        Self(at)
    }
}

fn mount(args: &[&str], at: &Path) -> bool {
    let output = Command::new("mount").args(args).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        // The process that made an exchange may be at its last look.
        for _ in 0..50 {
            if Command::new("umount").arg(self.0).stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn a_full_disk_loses_neither_the_grant_nor_a_neighbour() {
    let world = World::new();
    let home = world.home.path();
    let Some(_disk) = Mounted::tmpfs(&home, "192k") else { return };
    world.put("acme", 0);
    world.latch().set("minimax", Secret::try_from("sk-cp-neighbour-1").unwrap()).unwrap();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(700));
    let token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let mut filler = File::create(home.join("filler")).unwrap();
    while filler.write_all(&[0; 1024]).is_ok() {}
    let said = Said::from(token.wait_with_output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(world.sandbox.accepts(said.out.trim()));
    assert_eq!(world.say(&["token", "acme"]).out, said.out, "it is stored");
    assert_eq!(world.say(&["token", "minimax"]).out, "sk-cp-neighbour-1\n");
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn what_has_no_room_to_be_saved_is_not_asked_for() {
    let world = World::new();
    let home = world.home.path();
    let Some(_disk) = Mounted::tmpfs(&home, "192k") else { return };
    world.put("acme", 0);
    let mut filler = File::create(home.join("filler")).unwrap();
    while filler.write_all(&[0; 1024]).is_ok() {}
    world.say(&["token", "acme"]).failed(1, "space");
    assert_eq!(world.sandbox.stats().refresh_requests, 0);
    filler.set_len(0).unwrap();
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
}

#[test]
fn a_store_that_becomes_read_only_gets_the_grant_when_it_can() {
    let world = World::new();
    let home = world.home.path();
    let Some(_disk) = Mounted::tmpfs(&home, "1m") else { return };
    world.put("acme", 0);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(700));
    let mut token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let frozen = Mounted::read_only(&home);
    let mut err = BufReader::new(token.stderr.take().unwrap());
    let mut said = String::new();
    err.read_line(&mut said).unwrap();
    assert!(said.contains("could not be saved yet"), "{said}");
    drop(frozen);
    let said = Said::from(token.wait_with_output().unwrap());
    assert!(world.sandbox.accepts(said.out.trim()));
    assert_eq!(world.say(&["token", "acme"]).out, said.out, "it is stored");
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}
