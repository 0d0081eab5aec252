//! Locking a document's lock file against every other process.

use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::time::Patience;

use super::claims::leads_to;
use super::disk::{Disk, Hold, Metadata, Open};
use super::errors::{io_error, lockable, private};
use super::kept::Kept;
use super::paths::Paths;

/// How a lock file is waited for.
pub struct LockWait<D: Disk> {
    /// How long in all, for the error that says so.
    pub patience_ms: u64,
    /// When to give up.
    pub deadline: Patience,
    /// The pauses between two tries, where it is polled: from the first, doubled each time, to the last.
    pub pauses_ms: RangeInclusive<u64>,
    /// Reads from the lock file who holds it.
    pub holder: fn(&D, &D::File) -> Option<u32>,
    /// What other users may not do with the lock file.
    pub forbidden: u32,
}

/// Locks the lock file of a document against every other process; makes it if it isn't there.
pub fn acquire<D: Disk>(
    disk: &D,
    wait: &LockWait<D>,
    find: impl Fn() -> Result<Paths, StoreError>,
) -> Result<(Paths, Kept<D::File>, Metadata), StoreError> {
    loop {
        let paths = find()?;
        paths.make_folder(disk)?;
        let file = disk.open(&paths.lock, Open::Ensure).map_err(|error| io_error("open", &paths.lock, &error))?;
        let metadata = check(disk, &paths, &file, wait.forbidden)?;
        let file = disk.keep().keep_lock(file);
        let waited = disk.lock_by(&file, Hold::Alone, &wait.deadline, wait.pauses_ms.clone());
        let Some(file) = waited.map_err(|error| io_error("lock", &paths.lock, &error))? else {
            let holder = file.with(|file| (wait.holder)(disk, file)).flatten();
            return Err(busy(&paths, holder, wait.patience_ms));
        };
        // Somebody may have put another lock file there while this one was waited for: then it guards nothing.
        if leads_to(disk, &paths.lock, metadata.file_id).map_err(|error| io_error("look at", &paths.lock, &error))? {
            return Ok((paths, file, metadata));
        }
        if wait.deadline.is_over(&disk.now()) {
            return Err(busy(&paths, None, wait.patience_ms));
        }
    }
}

/// Waits for a lock by trying again and again, with pauses of so many milliseconds that double. Returns whether it came by the deadline.
pub fn poll<D: Disk>(
    disk: &D,
    file: &Kept<D::File>,
    how: Hold,
    deadline: &Patience,
    pauses: RangeInclusive<u64>,
) -> io::Result<bool> {
    let (mut pause_ms, last_ms) = pauses.into_inner();
    while !file.attempt(|file| disk.try_lock(file, how))? {
        let left_ms = deadline.left_ms(&disk.now());
        if left_ms == 0 {
            return Ok(false);
        }
        disk.pause(pause_ms.min(left_ms));
        pause_ms = (pause_ms * 2).min(last_ms);
    }
    Ok(true)
}

fn check<D: Disk>(disk: &D, paths: &Paths, file: &D::File, forbidden: u32) -> Result<Metadata, StoreError> {
    let metadata = disk.metadata(file).map_err(|error| io_error("look at", &paths.lock, &error))?;
    lockable(&paths.lock, &metadata)?;
    private(&paths.lock, &metadata, disk.user(), forbidden)?;
    Ok(metadata)
}

/// Why a thread gave up waiting for another one of its process.
pub fn busy_here(entry: &Path, patience_ms: u64) -> StoreError {
    StoreError::new(
        StoreErrorKind::Busy,
        format!("{} was locked by another thread of this process for {patience_ms} ms", entry.display()),
        "try again",
    )
}

fn busy(paths: &Paths, pid: Option<u32>, patience_ms: u64) -> StoreError {
    let (holder, remedy) = match pid {
        Some(pid) => (
            format!("process {pid}"),
            format!("try again; if it stays so, look at process {pid}: it may be stopped, or have left a child behind"),
        ),
        None => ("another process".to_owned(), "try again".to_owned()),
    };
    let what = format!("{} was locked by {holder} for {patience_ms} ms", paths.document.display());
    StoreError::new(StoreErrorKind::Busy, what, remedy)
}
