//! One process of a crowd: it says that it is there, waits for the start, does one thing, and says when that was done.

use std::io::{self, Read, Write};
use std::path::Path;
use std::thread;
use std::time::Duration;

use credlatch::{Answer, Label, Secret, Tokens};

use super::{ISSUER, Work, Writer, key, naive, now_ns};
use crate::{Failure, store};

const PROVIDER: &str = "openai-codex";

/// Does its part; nothing of the store is open before the start.
pub fn work(writer: Writer, work: Work, home: &Path, number: usize) -> Result<(), Failure> {
    let mut out = io::stdout();
    writeln!(out, "ready")?;
    out.flush()?;
    // The start is the end of what everybody reads.
    io::stdin().read_to_end(&mut Vec::new())?;
    match (writer, work) {
        (Writer::Naive, Work::Set) => naive::set(home, number)?,
        (Writer::Naive, Work::Refresh) => naive::refresh(home)?,
        (Writer::Credlatch | Writer::Beside, Work::Set) => set(home, number)?,
        (Writer::Credlatch | Writer::Beside, Work::Refresh) => refresh(home)?,
    }
    Ok(writeln!(out, "{}", now_ns())?)
}

/// How many keys are stored.
pub fn count(home: &Path) -> Result<usize, Failure> {
    let status = store::builder(home).open()?.status()?;
    Ok(status.state.slot("openai").map_or(0, |slot| slot.entries.len()))
}

/// Stores the login that a crowd finds ended.
pub fn sign_in(home: &Path) -> Result<(), Failure> {
    let _ = store::builder(home).open()?.set_tokens(PROVIDER, &Label::default(), tokens(1)?)?;
    Ok(())
}

fn set(home: &Path, number: usize) -> Result<(), Failure> {
    let latch = store::builder(home).open()?;
    Ok(latch.set_as("openai", &Label::new(&format!("w{number}"))?, Secret::try_from(key(number))?)?)
}

fn refresh(home: &Path) -> Result<(), Failure> {
    let latch = store::builder(home).open()?;
    if latch.current(PROVIDER)?.expose_secret() == "access-2" {
        return Ok(());
    }
    let renewed = latch.rotate_with(PROVIDER, |_| {
        thread::sleep(ISSUER);
        tokens(2).map_or(Answer::Unknown, Answer::Granted)
    })?;
    if renewed.expose_secret() == "access-2" { Ok(()) } else { Err("it got another token".into()) }
}

fn tokens(number: usize) -> Result<Tokens, Failure> {
    let secret = |name| Secret::try_from(format!("{name}-{number}"));
    Ok(Tokens::new(secret("access")?).with_refresh(secret("refresh")?).expiring_in(Duration::from_secs(3600)))
}
