//! Several processes on one store. The suite starts them, and each finds its part in a variable.

use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::name::ProfileName;

use super::Suite;
use super::acts::{answer_bytes, is_alive, note_bytes, record};
use super::case::{Case, CheckResult, count, expect, number, said};
use crate::store::ActId;

/// What a process is to do: `count PROFILE` or `act PROFILE ACT`.
const PART: &str = "CREDLATCH_CONFORMANCE";
const PROCESSES: u64 = 3;
const COUNTS: u64 = 8;
/// What a process writes once its act is told all: among what a test harness writes, too.
const BEGAN: &[u8] = b"credlatch-conformance-began";
/// How long a process may take to begin.
const START: Duration = Duration::from_secs(60);

pub(super) fn serve(suite: &Suite<'_>) -> bool {
    let Ok(part) = std::env::var(PART) else { return false };
    let words: Vec<&str> = part.split(' ').collect();
    let done = match words[..] {
        ["count", profile] => counts(suite, profile),
        ["act", profile, act] => acts(suite, profile, act),
        _ => Err(format!("{PART} is no part of this suite")),
    };
    if let Err(why) = done {
        let _ = writeln!(io::stderr(), "{why}");
        std::process::exit(1);
    }
    true
}

fn counts(suite: &Suite<'_>, profile: &str) -> Result<(), String> {
    let profile = ProfileName::new(profile).map_err(|error| error.to_string())?;
    let store = (suite.open)().store(&profile).map_err(said("opening a store"))?;
    (0..COUNTS).try_for_each(|_| count(&*store))
}

/// Begins an act, tells it all, and waits to be killed.
fn acts(suite: &Suite<'_>, profile: &str, act: &str) -> Result<(), String> {
    let profile = ProfileName::new(profile).map_err(|error| error.to_string())?;
    let act = u128::from_str_radix(act, 16).map(ActId).map_err(|error| error.to_string())?;
    let store = (suite.open)().store(&profile).map_err(said("opening a store"))?;
    let guard = store.begin_act(act, 24 * 1024).map_err(said("beginning an act"))?;
    guard.note(note_bytes()).map_err(said("noting"))?;
    guard.answer(&answer_bytes()).map_err(said("writing an answer down"))?;
    let mut out = io::stdout();
    out.write_all(BEGAN).and_then(|()| out.flush()).map_err(|error| error.to_string())?;
    // Whoever started this one kills it; if that died first, the act ends with its end of the pipe.
    let _ = io::stdin().read(&mut [0]);
    Ok(())
}

fn start(command: &dyn Fn() -> Command, part: String) -> Result<Child, String> {
    let mut command = command();
    command.env(PART, part).stdin(Stdio::piped()).stdout(Stdio::piped());
    command.spawn().map_err(|error| format!("no process could be started: {error}"))
}

pub(super) fn none_is_lost(case: &Case<'_>) -> CheckResult {
    let Some(command) = &case.suite.processes else { return Ok(Some("the suite was not told how to start processes")) };
    let profile = case.profile()?;
    let children: Vec<Child> =
        (0..PROCESSES).map(|_| start(command, format!("count {profile}"))).collect::<Result<_, _>>()?;
    for child in children {
        let ended = child.wait_with_output().map_err(|error| error.to_string())?;
        expect(ended.status.success(), || format!("a process that counts ended with {}", ended.status))?;
    }
    let counted = number(case.open()?.read().map_err(said("reading"))?.as_ref())?;
    expect(counted == PROCESSES * COUNTS, || format!("{counted} of {} commits are left", PROCESSES * COUNTS))?;
    Ok(None)
}

pub(super) fn ends(case: &Case<'_>) -> CheckResult {
    let Some(command) = &case.suite.processes else { return Ok(Some("the suite was not told how to start processes")) };
    let (profile, act) = (case.profile()?, ActId::fresh());
    let store = case.open()?;
    let mut child = start(command, format!("act {profile} {act}"))?;
    let began = wait_for_word(&mut child);
    let alive = began.and_then(|()| is_alive(&*store, act));
    let killed = child.kill().and_then(|()| child.wait());
    expect(alive?, || "an act of another process is over though that lives".to_owned())?;
    killed.map_err(|error| format!("a process can't be killed: {error}"))?;
    let found = record(&*store, act)?.ok_or("what a killed process was told is gone")?;
    expect(!found.is_alive, || "an act is alive though its process was killed".to_owned())?;
    expect(found.note.as_deref() == Some(note_bytes()), || "the note of a killed process is gone".to_owned())?;
    let is_whole = found.answer.is_some_and(|answer| answer[..] == answer_bytes()[..]);
    expect(is_whole, || "the answer of a killed process is gone".to_owned())?;
    Ok(None)
}

/// Reads until the process says that it has begun.
fn wait_for_word(child: &mut Child) -> Result<(), String> {
    let mut out = child.stdout.take().ok_or("a process has no output")?;
    let reading = thread::spawn(move || {
        let (mut read, mut byte) = (Vec::new(), [0]);
        while out.read_exact(&mut byte).is_ok() {
            read.extend_from_slice(&byte);
            if read.ends_with(BEGAN) {
                return true;
            }
        }
        false
    });
    let began = Instant::now();
    while !reading.is_finished() && began.elapsed() < START {
        thread::sleep(Duration::from_millis(5));
    }
    let is_there = reading.is_finished() && reading.join().unwrap_or(false);
    expect(is_there, || "a process ended before its act began, or took too long".to_owned())
}
