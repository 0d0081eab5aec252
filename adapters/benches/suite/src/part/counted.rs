//! Counting instead of timing: this program again, under a tool that counts, doing one thing so often and then twice as often.
//! The difference is the thing itself, without what starting and ending costs, and is the same on a noisy machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use arc_swap::ArcSwap;
use credlatch::memory::FakeIssuer;
use credlatch::{Label, Latch, Profile};

use super::profiles;
use crate::Failure;
use crate::store::{self, LOGIN, PROVIDER};

/// Does one thing so often, in a process that does nothing else.
pub fn work(what: &str, times: usize, home: &Path) -> Result<(), Failure> {
    match what {
        "load_full" => {
            let swap = ArcSwap::from_pointee(0_u64);
            repeat(times, || drop(std::hint::black_box(swap.load_full())));
        }
        "in-memory" => {
            let latch = Latch::in_memory();
            latch.set(PROVIDER, store::key(0))?;
            repeat(times, || drop(std::hint::black_box(latch.current(PROVIDER).unwrap())));
        }
        "current" => {
            let latch = store::open(home, "one")?;
            repeat(times, || drop(std::hint::black_box(latch.current(PROVIDER).unwrap())));
        }
        "parse" => {
            let document = store::file(home, "one", "json");
            repeat(times, || drop(std::hint::black_box(store::read_and_parse(&document))));
        }
        "set" => {
            let latch = store::open(home, "one")?;
            (0..times).try_for_each(|turn| latch.set(PROVIDER, store::key(turn)))?;
        }
        "set-and-read" => {
            let (reader, writer) = (store::open(home, "one")?, store::open(home, "one")?);
            for turn in 0..times {
                writer.set(PROVIDER, store::key(turn))?;
                drop(std::hint::black_box(reader.current(PROVIDER)?));
            }
        }
        "one-profile" => profiles::read_among(home, times, false)?,
        "any-profile" => profiles::read_among(home, times, true)?,
        "rotate" => {
            let issuer = FakeIssuer::new();
            // A profile of this process's own, because an issuer that was made anew grants the same tokens again.
            let profile = Profile::new(&format!("renewed-{times}"))?;
            let latch = store::builder(home).profile(profile).issuer(issuer.clone()).open()?;
            let _ = latch.set_tokens(LOGIN, &Label::default(), issuer.signed_in())?;
            (0..times).try_for_each(|_| latch.rotate(LOGIN, &Label::default()).map(drop))?;
        }
        "replace" => {
            let bytes = std::fs::read(store::file(home, "one", "json"))?;
            (0..times).try_for_each(|_| store::replace(home, &bytes))?;
        }
        other => return Err(format!("not known: {other}").into()),
    }
    Ok(())
}

fn repeat(times: usize, work: impl FnMut()) {
    std::iter::repeat_with(work).take(times).for_each(drop);
}

/// This program, doing one thing so often, as a tool is told to start it.
pub fn told(tool: &mut Command, what: &str, times: usize, home: &Path) -> Result<(), Failure> {
    let own = std::env::current_exe()?;
    let output = tool.arg(own).args(["counted", what, &times.to_string()]).arg(home).stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().last().unwrap_or_default().to_owned();
    Err(format!("{} ended with {}: {said}", tool.get_program().display(), output.status).into())
}

/// What a tool counted, by its names.
pub type Counts = BTreeMap<String, f64>;

/// What one time costs: what so many more take than fewer.
pub fn each(fewer: usize, more: usize, counts: impl Fn(usize) -> Result<Counts, Failure>) -> Result<Counts, Failure> {
    let once = less(counts(more)?, &counts(fewer)?);
    Ok(once.into_iter().map(|(name, count)| (name, count / (more - fewer) as f64)).collect())
}

/// What is counted beside this.
pub fn less(mut counts: Counts, without: &Counts) -> Counts {
    counts.iter_mut().for_each(|(name, count)| *count -= without.get(name).copied().unwrap_or_default());
    counts
}

/// Whether a tool is there to be started.
pub fn is_there(tool: &str) -> bool {
    Command::new(tool)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|it| it.success())
}
