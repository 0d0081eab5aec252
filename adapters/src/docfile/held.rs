//! What a lock that is held is worth: somebody may have deleted its file, or edited the document, meanwhile.

use credlatch_core::port::{StoreError, StoreErrorKind};

use super::claims::leads_to;
use super::disk::{Disk, FileId, Metadata};
use super::errors::io_error;
use super::paths::Paths;
use crate::codec::MAX_BYTES;

/// What a held lock is worth.
pub enum Held {
    /// It guards the document, which is this now; none if there is no document.
    Guarding(Option<Metadata>),
    /// Somebody put another lock file in its place.
    Superseded,
}

/// Looks whether a held lock still guards the document, and what that is now: somebody may have deleted the one or edited
/// the other meanwhile.
pub fn metadata_under_lock<D: Disk>(disk: &D, lock: FileId, paths: &Paths) -> Result<Held, StoreError> {
    if !leads_to(disk, &paths.lock, lock).map_err(|error| io_error("look at", &paths.lock, &error))? {
        return Ok(Held::Superseded);
    }
    match disk.metadata_at(&paths.document) {
        Ok(metadata) => Ok(Held::Guarding(Some(metadata))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Held::Guarding(None)),
        Err(error) => Err(io_error("look at", &paths.document, &error)),
    }
}

/// Why a commit gave way to somebody who doesn't lock.
pub fn replaced(paths: &Paths) -> StoreError {
    StoreError::new(
        StoreErrorKind::Busy,
        format!("{} or its lock file was changed by somebody else during a commit", paths.document.display()),
        "try again; nothing was saved",
    )
}

/// Why a document is not written.
pub fn too_large(paths: &Paths) -> StoreError {
    StoreError::new(
        StoreErrorKind::Full,
        format!("{} would be larger than {MAX_BYTES} bytes", paths.document.display()),
        "remove entries, or spread them over several profiles",
    )
}
