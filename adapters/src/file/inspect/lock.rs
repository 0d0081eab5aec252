//! The lock file: whether it is there, who holds it, and what its word says.

use std::io;
use std::path::Path;

use credlatch_core::port::StoreError;

use super::super::word::{self, LockContent};
use crate::docfile::disk::{Disk, Hold, Open};
use crate::docfile::errors::{io_error, lockable};

/// How long a lock is looked at before it counts as held: a commit takes a few milliseconds.
const HELD_MS: u64 = 250;
/// Between two looks.
const LOOK_MS: u64 = 10;

/// What was seen of the lock file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LockSeen {
    /// There is none.
    Absent,
    /// Nobody holds it for long.
    Free {
        /// Whether its word is that of a commit which nobody confirmed.
        is_unconfirmed: bool,
    },
    /// Somebody has held it all the time that it was looked at.
    Held {
        /// The process, as it signed.
        pid: Option<u32>,
        /// For how long it was looked at, in milliseconds.
        for_ms: u64,
    },
    /// It can't be looked at.
    Unknown(StoreError),
}

/// Looks at it. Nobody else's lock fails by that: it is shared, and given up at once, and writers try again.
pub(super) fn inspect<D: Disk>(disk: &D, path: &Path) -> LockSeen {
    let failed = |error: io::Error| LockSeen::Unknown(io_error("look at the lock", path, &error));
    let opened = disk.open(path, Open::Read).and_then(|file| Ok((disk.metadata(&file)?, file)));
    match opened {
        Ok((metadata, file)) => match lockable(path, &metadata) {
            Ok(()) => probe(disk, &file).unwrap_or_else(failed),
            Err(error) => LockSeen::Unknown(error),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => LockSeen::Absent,
        Err(error) => failed(error),
    }
}

fn probe<D: Disk>(disk: &D, file: &D::File) -> io::Result<LockSeen> {
    let deadline = disk.now().patience(HELD_MS);
    while !disk.try_lock(file, Hold::Shared)? {
        if deadline.is_over(&disk.now()) {
            return Ok(LockSeen::Held { pid: word::signature(disk, file), for_ms: HELD_MS });
        }
        disk.pause(LOOK_MS);
    }
    let word = LockContent::read(disk, file).map(|content| content.word);
    disk.unlock(file)?;
    Ok(LockSeen::Free { is_unconfirmed: !word?.is_settled() })
}
