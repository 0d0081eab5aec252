//! A parent and its forked child: this test program itself, started again, forks while a thread of its own is at work. The
//! test tells both what to do over a socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{Child, Command, Stdio, exit};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use credlatch::core::flow::{FlowKind, Prompt};
use credlatch::core::name::{ProfileName, ProviderId};
use credlatch::core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked, Store};
use credlatch::core::rotation::Exchanged;
use credlatch::file::FileStore;
use credlatch::{Answer, Label, Latch, Secret};
use fork::{Fork, fork};
use tempfile::TempDir;

const PART: &str = "CREDLATCH_TEST_PART";
const HOME: &str = "CREDLATCH_TEST_HOME";

/// A home that disappears with its test.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Both, at the moment after the fork.
pub(crate) struct Family {
    pub(crate) parent: Member,
    pub(crate) child: Member,
    started: Child,
}

/// One of them.
pub(crate) struct Member {
    pub(crate) pid: u32,
    wire: BufReader<UnixStream>,
}

impl Family {
    /// Starts them; returns when the parent's thread is at this work and the child is there.
    pub(crate) fn start(part: &str, home: &Home) -> Self {
        let listen = |name: &str| UnixListener::bind(home.path().join(name)).unwrap();
        let [parent, child] = ["parent", "child"].map(listen);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "family::plays_its_part", "--nocapture"]).env(PART, part).env(HOME, home.path());
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        Self { parent: Member::meet(&parent), child: Member::meet(&child), started }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        for pid in [self.parent.pid, self.child.pid] {
            kill(pid);
        }
        let _ = self.started.wait();
    }
}

impl Member {
    fn meet(listener: &UnixListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut wire = BufReader::new(stream);
        let pid = read(&mut wire).parse().unwrap();
        Self { pid, wire }
    }

    /// Tells it to do something, and returns what it says when that is done; nothing if it is no more.
    pub(crate) fn does(&mut self, what: &str) -> String {
        writeln!(self.wire.get_mut(), "{what}").unwrap();
        read(&mut self.wire)
    }

    /// As `kill -9`; returns when it is no more.
    pub(crate) fn kill(&mut self) {
        kill(self.pid);
        assert_eq!(read(&mut self.wire), "");
    }
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw).unwrap();
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
}

fn read(wire: &mut BufReader<UnixStream>) -> String {
    let mut line = String::new();
    // One that was killed before it read everything resets the connection.
    let _ = wire.read_line(&mut line);
    line.trim_end().to_owned()
}

#[test]
fn plays_its_part() {
    let (Ok(part), Some(home)) = (std::env::var(PART), std::env::var_os(HOME)) else { return };
    let home = Path::new(&home);
    let latch = Latch::builder().home(home).issuer(Silent).open().unwrap();
    let store = FileStore::new(home, &ProfileName::default());
    thread::scope(|scope| {
        let (begun, has_begun) = channel();
        let (release, released) = channel::<()>();
        let (done, is_done) = channel();
        let (latch_there, store_there) = (latch.clone(), &store);
        match part.as_str() {
            "lock" => drop(scope.spawn(move || {
                let locked = store_there.lock(5_000).unwrap();
                begun.send(()).unwrap();
                wait(released);
                drop(locked);
                done.send(()).unwrap();
            })),
            "wait" => {
                scope.spawn(move || {
                    let locked = store_there.lock(20_000).unwrap();
                    wait(released);
                    drop(locked);
                    done.send(()).unwrap();
                });
                // The fork comes while a thread stands in the queue.
                while !stands_in_line() {
                    thread::sleep(Duration::from_millis(1));
                }
                begun.send(()).unwrap();
            }
            "set" => {
                let (key, behind) = (|| Secret::try_from("mm-key-2").unwrap(), latch_there.clone());
                scope.spawn(move || latch_there.set_as("minimax", &Label::new("leads").unwrap(), key()));
                while !stands_in_line() {
                    thread::sleep(Duration::from_millis(1));
                }
                scope.spawn(move || behind.set_as("minimax", &Label::new("waits").unwrap(), key()));
                thread::sleep(Duration::from_millis(20));
                begun.send(()).unwrap();
            }
            "rotate" => drop(scope.spawn(move || {
                latch_there.rotate_with("openai-codex", move |_| {
                    begun.send(()).unwrap();
                    wait(released);
                    Answer::Unknown
                })
            })),
            "poll" => {
                drop(latch_there);
                drop(latch.login("openai-codex").unwrap());
                begun.send(()).unwrap();
            }
            other => panic!("no such part: {other}"),
        }
        has_begun.recv().unwrap();
        if let Fork::Child = fork().unwrap() {
            // Nothing of the test runner may run twice.
            exit(i32::from(catch_unwind(AssertUnwindSafe(|| be_the_child(home, latch, &store))).is_err()));
        }
        let mut wire = meet(&home.join("parent"));
        while read(&mut wire) == "release" {
            release.send(()).unwrap();
            is_done.recv().unwrap();
            writeln!(wire.get_mut(), "released").unwrap();
        }
        exit(0);
    });
}

fn stands_in_line() -> bool {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let mut names = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    names.any(|name| name.trim() == "credlatch-lock")
}

fn be_the_child(home: &Path, latch: Latch, store: &FileStore) {
    let mut wire = meet(&home.join("child"));
    let mut latch = Some(latch);
    loop {
        let said = match read(&mut wire).as_str() {
            "try" => store.lock(100).map_or_else(|error| format!("{:?}", error.kind), |_| "locked".to_owned()),
            "lock" => store.lock(10_000).map(|_| "locked".to_owned()).unwrap(),
            "store" => {
                let key = Secret::try_from("mm-key-1").unwrap();
                latch.as_ref().unwrap().set("minimax", key).unwrap();
                "stored".to_owned()
            }
            "drop" => {
                drop(latch.take());
                "dropped".to_owned()
            }
            // The same process goes on as another program, and the socket is closed as the locks are.
            "exec" => panic!("{}", Command::new("sleep").arg("60").exec()),
            _ => return,
        };
        writeln!(wire.get_mut(), "{said}").unwrap();
    }
}

fn meet(socket: &Path) -> BufReader<UnixStream> {
    let mut wire = BufReader::new(UnixStream::connect(socket).unwrap());
    writeln!(wire.get_mut(), "{}", std::process::id()).unwrap();
    wire
}

#[expect(clippy::needless_pass_by_value, reason = "a receiver is not shared between threads")]
fn wait(released: Receiver<()>) {
    let _ = released.recv();
}

/// An issuer that never answers a poll.
struct Silent;

impl Issuer for Silent {
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        unreachable!()
    }
    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        let prompt = Prompt {
            device_code: Some(Secret::try_from("dc-1").unwrap()),
            user_code: "BCDF-GHJK".to_owned(),
            verification_uri: "http://127.0.0.1/device".to_owned(),
            verification_uri_complete: None,
            interval_secs: 1,
        };
        Prompting::Prompt { prompt, expires_in_ms: 600_000 }
    }
    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        loop {
            thread::park();
        }
    }
    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        unreachable!()
    }
    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        Revoked::Unsupported
    }
}
