//! What can be seen of the command's memory from outside: no core file, no look into it by other processes of its user.
#![cfg(target_os = "linux")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::helper::{Home, said};
use super::programs::copy_program;

const ORDINARY: u32 = 4242;

/// A home of an ordinary user, with a command that this user may start: this user, or another one if this is root.
struct Ordinary {
    home: Home,
    user: u32,
    program: PathBuf,
}

impl Ordinary {
    fn new() -> Self {
        let (home, user) = (Home::new(), rustix::process::geteuid().as_raw());
        let built = PathBuf::from(env!("CARGO_BIN_EXE_credlatch"));
        if user != 0 {
            return Self { home, user, program: built };
        }
        // What root builds may be where nobody else may look.
        let program = home.folder().join("credlatch");
        copy_program(&built, &program);
        chown(home.folder(), Some(ORDINARY), Some(ORDINARY)).unwrap();
        Self { home, user: ORDINARY, program }
    }

    fn program(&self, program: impl AsRef<OsStr>, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("CREDLATCH_HOME", self.home.path());
        command.env("CREDLATCH_CLAIMS", self.home.folder().join("claims"));
        command.env("CREDLATCH_FINGERPRINT_KEY", self.home.folder().join("fingerprint-key"));
        command.env("HOME", self.home.folder().join("nobody")).current_dir(self.home.folder());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if rustix::process::geteuid().is_root() {
            command.uid(self.user).gid(self.user);
        }
        command
    }

    fn command(&self, args: &[&str]) -> Command {
        self.program(&self.program, args)
    }

    fn set(&self, provider: &str, key: &str) {
        let mut set = self.command(&["set", provider]).stdin(Stdio::piped()).spawn().unwrap();
        set.stdin.take().unwrap().write_all(key.as_bytes()).unwrap();
        assert!(set.wait().unwrap().success());
    }
}

/// Whether a user who isn't root may look into the process: then what stands in its directory is the user's own (proc(5)).
fn is_dumpable(pid: u32, user: u32) -> bool {
    fs::metadata(format!("/proc/{pid}/status")).unwrap().uid() == user
}

#[test]
fn the_command_leaves_no_core_file_and_nobody_looks_into_it_while_it_holds_a_secret() {
    let person = Ordinary::new();
    let mut child = person.command(&["set", "minimax"]).stdin(Stdio::piped()).spawn().unwrap();
    // It waits for a key now, or will.
    let limit = || {
        let text = fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("Max core file size"));
        line.map(|line| line.split_whitespace().next().unwrap_or_default().to_owned())
    };
    let mut tries = 0;
    while limit().as_deref() != Some("0") || is_dumpable(child.id(), person.user) {
        tries += 1;
        assert!(tries < 500, "core limit {:?}, dumpable {}", limit(), is_dumpable(child.id(), person.user));
        std::thread::sleep(Duration::from_millis(10));
    }
    drop(child.stdin.take());
    child.wait().unwrap();
}

#[test]
fn the_child_of_run_has_the_limits_and_the_dumpability_that_it_would_have_had() {
    let person = Ordinary::new();
    person.set("minimax", "mm-key-1");
    let look = "ulimit -S -c; ulimit -H -c; stat -L -c %u /proc/$$/status";
    let expected = said(&mut person.program("/bin/sh", &["-c", look]));
    let child = said(&mut person.command(&["run", "minimax", "--", "/bin/sh", "-c", look]));
    assert_eq!((child.status, child.out.as_str()), (0, expected.out.as_str()), "{}", child.err);

    let lower = format!("ulimit -S -c 0; exec '{}' run minimax -- /bin/sh -c 'ulimit -S -c'", person.program.display());
    let lowered = said(&mut person.program("/bin/sh", &["-c", &lower]));
    assert_eq!(lowered.out, "0\n", "{}", lowered.err);
}

#[test]
fn an_ordinary_user_s_command_that_nobody_may_look_into_still_knows_itself() {
    let person = Ordinary::new();
    person.set("minimax", "mm-key-1");
    for args in [&["status"][..], &["doctor"], &["token", "minimax"], &["clear", "minimax"]] {
        let said = said(&mut person.command(args));
        assert_eq!(said.status, 0, "{args:?}: {} {}", said.out, said.err);
    }
}
