//! A store that is moved away, replaced or unmounted while an exchange goes on, whose caller was killed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::needs::is_root;
use crate::world::{World, fed, until};

/// The directory of the profiles.
fn profiles(world: &World) -> PathBuf {
    world.home.document().parent().unwrap().to_owned()
}

/// A token is renewed, the command that wanted it is killed, and the issuer grants while the store is away.
fn while_away(world: &World, takes_away: impl FnOnce(), brings_back: impl FnOnce()) {
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(700));
    let mut killed = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    takes_away();
    until("the issuer has granted", || world.sandbox.stats().exchanges == 1);
    // The process has its answer and nowhere to settle it.
    std::thread::sleep(Duration::from_millis(600));
    brings_back();
    let next = world.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(next.out.trim()), "{}", next.err);
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays, stats.revocations), (1, 0, 0));
    assert_eq!(world.health(), "ok");
}

#[test]
fn a_store_that_is_moved_away_and_back_keeps_what_was_granted_meanwhile() {
    let world = World::new().ended();
    let (there, away) = (profiles(&world), profiles(&world).with_extension("away"));
    while_away(
        &world,
        || fs::rename(&there, &away).unwrap(),
        || {
            assert!(!there.exists(), "nobody makes a store in its place");
            fs::rename(&away, &there).unwrap();
        },
    );
}

#[test]
fn what_stands_in_the_place_of_a_store_that_was_moved_away_says_nothing_of_it() {
    let world = World::new().ended();
    let (there, away) = (profiles(&world), profiles(&world).with_extension("away"));
    while_away(
        &world,
        || {
            fs::rename(&there, &away).unwrap();
            // Another store begins there.
            assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-1").status, 0);
        },
        || {
            fs::rename(&there, there.with_extension("other")).unwrap();
            fs::rename(&away, &there).unwrap();
        },
    );
}

#[test]
fn a_home_that_is_unmounted_and_mounted_again_keeps_what_was_granted_meanwhile() {
    if !is_root("mounts") {
        return;
    }
    let world = World::new();
    let (home, shelf) = (profiles(&world), profiles(&world).with_extension("shelf"));
    fs::create_dir_all(&home).unwrap();
    fs::create_dir_all(&shelf).unwrap();
    let run = |args: &[&str]| Command::new(args[0]).args(&args[1..]).status().is_ok_and(|status| status.success());
    let (home_text, shelf_text) = (home.to_str().unwrap().to_owned(), shelf.to_str().unwrap().to_owned());
    let mount = || run(&["mount", "--bind", &shelf_text, &home_text]);
    if !mount() {
        return;
    }
    run(&["chmod", "700", &home_text]);
    let world = world.ended();
    while_away(&world, || assert!(run(&["umount", "-l", &home_text])), || assert!(mount()));
    run(&["umount", "-l", &home_text]);
}
