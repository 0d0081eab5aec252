//! What can be seen of the command's memory from outside: no core file, no look into it by other processes of its user.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::helper::{Home, said};

const ORDINARY: u32 = 4242;

/// A home that an ordinary user may use, and who that is: this user, or another one if this is root.
fn ordinary_home() -> (Home, u32) {
    let home = Home::new();
    let user = rustix::process::geteuid().as_raw();
    if user != 0 {
        return (home, user);
    }
    chown(home.folder(), Some(ORDINARY), Some(ORDINARY)).unwrap();
    (home, ORDINARY)
}

fn by(user: u32, mut command: Command) -> Command {
    if rustix::process::geteuid().is_root() {
        command.uid(user).gid(user);
    }
    command
}

/// Whether a user who isn't root may look into the process: then what stands in its directory is the user's own (proc(5)).
fn is_dumpable(pid: u32, user: u32) -> bool {
    fs::metadata(format!("/proc/{pid}/status")).unwrap().uid() == user
}

#[test]
fn the_command_leaves_no_core_file_and_nobody_looks_into_it_while_it_holds_a_secret() {
    let (home, user) = ordinary_home();
    let mut child = by(user, home.command(&["set", "minimax"])).stdin(Stdio::piped()).spawn().unwrap();
    // It waits for a key now, or will.
    let limits = || {
        let text = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Max core file size"));
        line.map(|line| line.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let mut tries = 0;
    while limits().as_deref() != Some("0") || is_dumpable(child.id(), user) {
        tries += 1;
        assert!(tries < 500, "core limit {:?}, dumpable {}", limits(), is_dumpable(child.id(), user));
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn the_child_of_run_has_the_limits_and_the_dumpability_that_it_would_have_had() {
    let (home, user) = ordinary_home();
    let mut set = by(user, home.command(&["set", "minimax"])).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut set.stdin.take().unwrap(), b"mm-key-1").unwrap();
    assert!(set.wait().unwrap().success());

    let look = "ulimit -S -c; ulimit -H -c; stat -L -c %u /proc/$$/status";
    let mut alone = by(user, Command::new("/bin/sh"));
    let expected = said(alone.args(["-c", look]).env("PATH", "/usr/bin:/bin"));
    let mut run = by(user, home.command(&["run", "minimax", "--", "/bin/sh", "-c", look]));
    let child = said(&mut run);
    assert_eq!((child.status, child.out.as_str()), (0, expected.out.as_str()), "{}", child.err);

    let lower =
        format!("ulimit -S -c 0; exec {} run minimax -- /bin/sh -c 'ulimit -S -c'", env!("CARGO_BIN_EXE_credlatch"));
    let mut shell = by(user, Command::new("/bin/sh"));
    let lowered = shell.args(["-c", &lower]).current_dir(home.folder());
    let lowered = said(lowered.env("CREDLATCH_HOME", home.path()).stderr(Stdio::piped()));
    assert_eq!(lowered.out, "0\n", "{}", lowered.err);
}

#[test]
fn an_ordinary_user_s_command_that_nobody_may_look_into_still_knows_itself() {
    let (home, user) = ordinary_home();
    let mut set = by(user, home.command(&["set", "minimax"])).stdin(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut set.stdin.take().unwrap(), b"mm-key-1").unwrap();
    assert!(set.wait().unwrap().success());
    for args in [&["status"][..], &["doctor"], &["token", "minimax"], &["clear", "minimax"]] {
        let said = said(&mut by(user, home.command(args)));
        assert_eq!(said.status, 0, "{args:?}: {} {}", said.out, said.err);
    }
}
