//! The process that makes an exchange, killed or stopped at one call of its own, by `strace`: before the first byte of a request leaves, after
//! the last, after the answer was read, after it was written down, and during the settlement.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::helper::Said;
use crate::needs::{found, is_root};
use crate::world::{World, signal, until};

/// What is recorded of a process: enough to find each moment in it.
const CALLS: &str = "connect,pwrite64,sendto,recvfrom,flock,openat";

/// A moment in a renewal: just before the call that is found like this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It is about to connect to the issuer.
    Connecting,
    /// It is about to note that the first byte leaves.
    Noting,
    /// It is about to send: this much is noted.
    Sending,
    /// Everything was sent, and the answer is waited for.
    Waiting,
    /// The answer was read.
    Answered,
    /// The answer is written down.
    WrittenDown,
}

/// One recorded call.
struct Call<'a> {
    thread: &'a str,
    name: &'a str,
    text: &'a str,
}

fn calls(record: &str) -> Vec<Call<'_>> {
    let call = |line| {
        let (thread, text) = str::split_once(line, ' ')?;
        let (name, _) = text.trim_start().split_once('(')?;
        Some(Call { thread, name, text })
    };
    record.lines().filter_map(call).filter(|call| CALLS.split(',').any(|name| name == call.name)).collect()
}

/// Which call it is, and the how many-eth of its name in its thread.
fn place(record: &str, moment: Moment) -> (String, usize) {
    let calls = calls(record);
    let at = |what: &str| calls.iter().position(|call| call.text.contains(what)).unwrap_or_else(|| panic!("{record}"));
    let (noted, written) = (at("clnote1"), at("clansw1"));
    let is_own = |call: &Call<'_>| call.thread == calls[noted].thread;
    let next = |from: usize, name: &str| {
        let found = calls[from..].iter().position(|call| is_own(call) && (name.is_empty() || call.name == name));
        from + found.unwrap_or_else(|| panic!("{name}: {record}"))
    };
    let found = match moment {
        Moment::Connecting => calls[..noted].iter().rposition(|call| is_own(call) && call.name == "connect").unwrap(),
        Moment::Noting => noted,
        Moment::Sending => next(noted, "sendto"),
        Moment::Waiting => next(next(noted, "sendto"), "recvfrom"),
        Moment::Answered => written,
        Moment::WrittenDown => next(written + 1, ""),
    };
    let name = calls[found].name;
    let count = calls[..=found].iter().filter(|call| is_own(call) && call.name == name).count();
    (name.to_owned(), count)
}

/// What a command asks the process for, on its standard input.
fn orders(world: &World) -> File {
    let version = world.latch().status().unwrap().state.entry("acme", "default").unwrap().version;
    let orders = serde_json::json!({
        "act": "rotate", "provider": "acme", "label": "default", "version": version, "cause": "due",
    });
    let file = world.home.folder().join("orders");
    std::fs::write(&file, orders.to_string()).unwrap();
    File::open(file).unwrap()
}

fn traced(world: &World, options: &[&str]) -> Command {
    let inner = world.command(&["exchange", "acme"]);
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(world.home.folder().join("record")).args(options).arg("--");
    command.arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(world.home.folder());
    command.stdin(orders(world)).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn record(world: &World) -> String {
    std::fs::read_to_string(world.home.folder().join("record")).unwrap_or_default()
}

/// Whether processes can be traced here. The command is not dumpable, so only root sees what it does.
pub(crate) fn can_trace() -> bool {
    if !is_root("sees what the command does") {
        return false;
    }
    let tried = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    found(tried.ok().filter(std::process::ExitStatus::success), "strace, and the right to trace").is_some()
}

/// An exchange that gets this signal at this moment. A world like it says where that is.
pub(crate) fn struck(world: &World, name: &str, moment: Moment) -> Child {
    let like = World::new().ended();
    let said = traced(&like, &["-e", &format!("trace={CALLS}")]).output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let (call, count) = place(&record(&like), moment);
    let inject = format!("inject={call}:signal={name}:when={count}");
    traced(world, &["-e", &format!("trace={CALLS}"), "-e", &inject]).spawn().unwrap()
}

fn killed(world: &World, moment: Moment) {
    let said = struck(world, "KILL", moment).wait_with_output().unwrap();
    assert_eq!(said.status.signal(), Some(9), "{moment:?}: {}", record(world));
    assert!(said.stdout.is_empty());
}

/// The process under the tracer, which was stopped: unlike what is killed, it ends the call that it was about to make.
pub(crate) fn stopped(world: &World, moment: Moment) -> (Child, String) {
    let tracer = struck(world, "STOP", moment);
    until("it is stopped", || record(world).contains("--- stopped by SIGSTOP ---"));
    let record = record(world);
    let pid = record.split(' ').next().unwrap_or_default().to_owned();
    (tracer, pid)
}

pub(crate) fn send(name: &str, pid: &str) {
    assert!(Command::new("kill").args([&format!("-{name}"), pid]).status().unwrap().success());
}

/// The next call renews or finds the token at once, and nothing was presented twice.
fn goes_on(world: &World, presented: u64) {
    let began = Instant::now();
    let said = world.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(world.health(), "ok");
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.exchanges, stats.replays), (presented, presented, 0));
}

#[test]
fn whoever_dies_before_the_first_byte_costs_nothing() {
    if !can_trace() {
        return;
    }
    for moment in [Moment::Connecting, Moment::Noting] {
        let world = World::new().ended();
        killed(&world, moment);
        assert_eq!(world.sandbox.stats().refresh_requests, 0, "{moment:?}");
        goes_on(&world, 1);
    }
}

#[test]
fn whoever_dies_between_the_note_and_the_answer_that_is_written_down_leaves_a_doubt() {
    if !can_trace() {
        return;
    }
    for (moment, sent) in [(Moment::Sending, 0), (Moment::Waiting, 1), (Moment::Answered, 1)] {
        let world = World::new().ended();
        killed(&world, moment);
        until("the issuer was asked", || world.sandbox.stats().refresh_requests >= sent);
        // A change notices it.
        assert_eq!(world.say(&["purge"]).status, 0);
        assert_eq!(world.health(), "in_doubt", "{moment:?}");
        let stats = world.sandbox.stats();
        assert_eq!((stats.refresh_requests, stats.replays), (sent, 0), "{moment:?}");
    }
}

#[test]
fn whoever_dies_after_it_wrote_the_answer_down_costs_nothing() {
    if !can_trace() {
        return;
    }
    let world = World::new().ended();
    killed(&world, Moment::WrittenDown);
    goes_on(&world, 1);
}

#[test]
fn an_answer_that_a_stopped_process_wrote_down_is_settled_by_the_next() {
    if !can_trace() {
        return;
    }
    let world = World::new().ended();
    let (tracer, pid) = stopped(&world, Moment::Answered);
    assert!(world.say(&["doctor"]).out.contains("what its issuer granted is written down"));
    goes_on(&world, 1);
    send("CONT", &pid);
    let said = Said::from(tracer.wait_with_output().unwrap());
    assert!(said.status == 0 && said.out.contains("granted"), "{} {}", said.out, said.err);
    assert_eq!((world.health().as_str(), world.sandbox.stats().exchanges), ("ok", 1));
}

/// Whether a sign of life holds an answer.
pub(crate) fn has_answer(world: &World) -> bool {
    let claims = std::fs::read_dir(world.home.path().join("profiles/default.claims"));
    let signs = claims.into_iter().flatten().filter_map(|entry| File::open(entry.ok()?.path()).ok());
    signs.into_iter().any(|mut sign| {
        let mut bytes = Vec::new();
        sign.read_to_end(&mut bytes).is_ok() && bytes.get(4096..4103) == Some(b"clansw1")
    })
}

#[test]
fn whoever_dies_while_it_waits_for_the_lock_to_settle_costs_nothing() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(500));
    let has_flock = Command::new("flock").arg("--version").stdout(Stdio::null()).status();
    if found(has_flock.ok(), "flock").is_none() {
        return;
    }
    let mut dying = world.command(&["exchange", "acme"]);
    let mut dying = dying.stdin(orders(&world)).spawn().unwrap();
    world.exchange_begins(1);
    let lock = world.home.path().join("profiles/default.lock");
    let mut holder = Command::new("flock").arg(lock).args(["sleep", "5"]).spawn().unwrap();
    until("the answer is written down", || has_answer(&world));
    thread::sleep(Duration::from_millis(200));
    signal("KILL", &dying);
    assert_eq!(dying.wait().unwrap().signal(), Some(9));
    let said = world.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    holder.wait().unwrap();
    goes_on(&world, 1);
    assert!(!has_answer(&world), "it was wiped, or went with its file");
}
