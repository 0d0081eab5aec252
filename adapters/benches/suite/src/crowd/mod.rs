//! Crowds of processes that start at once, each of which does one thing, beside the writer that one would write otherwise.

pub mod naive;
mod start;
mod worker;

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::Failure;

pub use start::run;
pub use worker::work;

/// How long an issuer takes.
const ISSUER: Duration = Duration::from_millis(200);

/// Who makes the change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// Fifty lines: flock, read, change, a new file, fsync, rename, fsync of the directory.
    Naive,
    /// credlatch as this program has it.
    Credlatch,
    /// credlatch as another build of this program has it.
    Beside,
}

impl Writer {
    /// What the rows call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Naive => "naive",
            Self::Credlatch => "credlatch",
            Self::Beside => "credlatch, the other build",
        }
    }

    /// What a process of the crowd is told; another build knows only of itself.
    fn word(self) -> &'static str {
        if self == Self::Naive { "naive" } else { "credlatch" }
    }

    /// By what a process of the crowd is told.
    pub fn told(word: &str) -> Self {
        if word == "naive" { Self::Naive } else { Self::Credlatch }
    }
}

/// What each process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// Stores one key of its own.
    Set,
    /// Gets a token that is good, as one of many who find that it has ended.
    Refresh,
}

impl Work {
    fn word(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Refresh => "refresh",
        }
    }

    /// By what a process of the crowd is told.
    pub fn told(word: &str) -> Self {
        if word == "set" { Self::Set } else { Self::Refresh }
    }
}

/// One crowd on a store of its own. A change that was lost fails it.
pub fn once(program: &Path, writer: Writer, work: Work, size: usize, folder: &Path) -> Result<Vec<f64>, Failure> {
    let place = tempfile::Builder::new().prefix("credlatch-crowd-").tempdir_in(folder)?;
    let home = place.path().join("home");
    match (writer, work) {
        (Writer::Naive, _) => fs::create_dir(&home)?,
        (_, Work::Set) => {}
        (_, Work::Refresh) => worker::sign_in(&home)?,
    }
    let done = run(program, writer, work, size, &home)?;
    if work == Work::Set {
        let stored = if writer == Writer::Naive { naive::count(&home)? } else { worker::count(&home)? };
        if stored != size {
            return Err(format!("{stored} of {size} changes of {} are stored", writer.name()).into());
        }
    }
    Ok(done.into_iter().map(|ns| ns as f64).collect())
}

/// What a writer stores.
fn key(number: usize) -> String {
    format!("sk-{number:040}")
}

/// A clock that is the same in every process.
fn now_ns() -> u64 {
    let read = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    u64::try_from(read.tv_sec * 1_000_000_000 + read.tv_nsec).unwrap_or(0)
}
