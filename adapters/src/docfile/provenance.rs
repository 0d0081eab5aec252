//! What tells a document that was written here from one that was brought here, and what is done with that.

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::shared::MarkShared;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, apply};

use super::disk::{Disk, FileId};
use super::errors::io_error;
use super::paths::Paths;

/// Where a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It was written here, under the lock file beside it, or there is none yet.
    Own,
    /// It was written elsewhere or at another time and brought here: a copy, or restored from a backup, or its lock file
    /// was deleted.
    Copied,
    /// It counts fewer claims and grants than this user's record remembers: it was rolled back together with its lock file.
    RolledBack,
}

/// Whether a lock file is the one that was written down.
pub fn is_same_file(was: Option<FileId>, was_born: Option<u64>, is: FileId, is_born: Option<u64>) -> bool {
    let is_same_birth = was_born.zip(is_born).is_none_or(|(was, is)| was == is);
    is_same_birth && was.is_some_and(|was| was.ino == is.ino)
}

/// A state in which nothing counts as shared, and that counts its claims on from what is remembered.
pub fn adopted(state: &State, now: &Stamp, marks: Option<MarkShared>) -> State {
    let marked = marks.map(|marks| apply(state, now, &Event::MarkShared(marks)).state);
    apply(marked.as_ref().unwrap_or(state), now, &Event::AdoptCopy).state
}

/// The name of the file system, unless it is one whose locks are known to hold.
pub fn file_system<D: Disk>(disk: &D, paths: &Paths) -> Result<Option<&'static str>, StoreError> {
    let folder = &paths.folder;
    let there = folder.ancestors().find(|path| disk.metadata_at(path).is_ok()).unwrap_or(folder);
    let named = disk.untrusted_file_system(there);
    named.map_err(|error| io_error("look at the file system of", there, &error))
}

/// Refuses a file system whose locks can't be trusted.
pub fn trust<D: Disk>(disk: &D, paths: &Paths) -> Result<(), StoreError> {
    let Some(name) = file_system(disk, paths)? else { return Ok(()) };
    let path = paths.document.display();
    Err(StoreError::new(
        StoreErrorKind::Unsafe,
        format!("{path} is on {name}, where a lock may not keep other machines or processes out"),
        "move the store to a local disk; or set CREDLATCH_TRUST_FILE_SYSTEM=1 if no other machine uses it",
    ))
}
