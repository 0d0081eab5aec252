//! A second process: this test program itself, started again to play a part.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::parent_id;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use credlatch::file::FileStore;
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Alive, Store};
use credlatch_core::state::{Actor, Nonce};

const PART: &str = "CREDLATCH_TEST_PART";
/// Whom the part is about.
pub(crate) const ACTOR: &str = "CREDLATCH_TEST_ACTOR";
const HOME: &str = "CREDLATCH_TEST_HOME";

/// A process that plays a part until it is killed, and what it said when it was ready.
pub(crate) struct Helper {
    child: Child,
    pub(crate) said: String,
}

impl Helper {
    pub(crate) fn start(part: &str, home: &Path) -> Self {
        Self::of(command(part, home))
    }

    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said = lines.find_map(|line| line.split_once("ready:").map(|(_, said)| said.to_owned())).unwrap();
        Self { child, said }
    }

    /// One that says nothing.
    pub(crate) fn of_silent(mut command: Command) -> Self {
        Self { child: command.stdout(Stdio::null()).spawn().unwrap(), said: String::new() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn actor(&self) -> Actor {
        serde_json::from_str(&self.said).unwrap()
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn command(part: &str, home: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "helper::plays_its_part", "--nocapture"]).env(PART, part).env(HOME, home);
    command
}

#[test]
fn plays_its_part() {
    let (Ok(part), Some(home)) = (std::env::var(PART), std::env::var_os(HOME)) else { return };
    let store = FileStore::new(Path::new(&home), &ProfileName::default());
    match part.as_str() {
        "hold" => {
            let _locked = store.lock(5_000).unwrap();
            say_and_sleep("");
        }
        "enlist" => {
            let alive = store.enlist().unwrap();
            say_and_sleep(&serde_json::to_string(alive.actor()).unwrap());
        }
        "write down" => {
            let alive = store.enlist().unwrap();
            let answer = crate::left::answer(Nonce(7));
            alive.note(answer.attempt).unwrap();
            alive.write_down(&answer).unwrap();
            say_and_sleep(&serde_json::to_string(alive.actor()).unwrap());
        }
        "leave a child" => {
            let alive = store.enlist().unwrap();
            let mut heir = Command::new("sleep").arg("60").stdin(inherited(alive.actor())).spawn().unwrap();
            let actor = serde_json::to_string(alive.actor()).unwrap();
            say_and_sleep(&format!("{} {actor}", heir.id()));
            heir.wait().unwrap();
        }
        "look" => {
            let actor: Actor = serde_json::from_str(&std::env::var(ACTOR).unwrap()).unwrap();
            let busy = store.lock(50).err().map(|error| format!("{} {}", error.what, error.remedy));
            let [is_alive, is_own] = [store.is_alive(&actor).unwrap(), store.is_own(&actor)];
            let named = credlatch::system::process::named(&actor);
            let is_stopped = credlatch::system::process::is_stopped(&actor);
            say_and_sleep(&format!("{is_alive} {is_own} {is_stopped} {named:?} {}", busy.unwrap_or_default()));
        }
        "draft" => {
            let _draft = store.reserve(1000).unwrap();
            say_and_sleep("");
        }
        "cut while mapped" => {
            let mapped = store.mapping_word(true);
            assert!(mapped.word().unwrap().is_some());
            let lock = Path::new(&home).join("profiles/default.lock");
            std::fs::OpenOptions::new().write(true).open(lock).unwrap().set_len(0).unwrap();
            panic!("it reads on: {:?}", mapped.word());
        }
        "count" => (0..10).for_each(|_| crate::count_up(&store)),
        "count on" => {
            // A test that is killed can't end it.
            let parent = parent_id();
            while parent_id() == parent {
                crate::count_up(&store);
            }
        }
        other => panic!("no such part: {other}"),
    }
}

fn say_and_sleep(what: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "ready:{what}").unwrap();
    out.flush().unwrap();
    thread::sleep(Duration::from_secs(60));
}

/// The locked descriptor of a claim, as a child that was forked with it has it.
#[cfg(target_os = "linux")]
pub(crate) fn inherited(actor: &Actor) -> Stdio {
    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    let name = actor.name.to_string();
    let mut fds = std::fs::read_dir("/proc/self/fd").unwrap().map(Result::unwrap);
    let fd = fds.find(|fd| std::fs::read_link(fd.path()).is_ok_and(|path| path.ends_with(&name))).unwrap();
    let fd = fd.file_name().to_str().unwrap().parse().unwrap();
    let this = pidfd_open(getpid(), PidfdFlags::empty()).unwrap();
    Stdio::from(pidfd_getfd(this, fd, PidfdGetfdFlags::empty()).unwrap())
}

#[cfg(not(target_os = "linux"))]
fn inherited(_actor: &Actor) -> Stdio {
    Stdio::null()
}
