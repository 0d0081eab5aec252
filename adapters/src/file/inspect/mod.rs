//! Looking a profile's files over without changing any: not even a lock file that is missing is made.
//!
//! Each part of it asks one question and goes on where another part failed, because what is looked over may be broken.

mod exposure;
mod leftovers;
mod lock;

use std::path::{Path, PathBuf};

use credlatch_core::port::{Store, StoreError};
use credlatch_core::state::State;

use super::{FileStore, Provenance};
use crate::docfile::disk::{Disk, Space};
use crate::docfile::draft;
use crate::docfile::errors::io_error;
use crate::docfile::paths::Paths;
pub use exposure::{Exposure, Harm};
pub use leftovers::Leftover;
pub use lock::LockSeen;

/// What there is to know of a profile's files. Its `Debug` hides secrets, as that of a state does.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The document, wherever links lead.
    pub document: PathBuf,
    /// The document's name in the home, if that is a link.
    pub link: Option<PathBuf>,
    /// Whether there is a document.
    pub is_there: bool,
    /// What it holds; nothing if it isn't there.
    pub state: Result<State, StoreError>,
    /// Where it comes from.
    pub provenance: Result<Provenance, StoreError>,
    /// What others may do to the files, or who they belong to.
    pub exposures: Vec<Exposure>,
    /// The file system's name, if it is known.
    pub file_system: Option<&'static str>,
    /// Whether that is one whose locks can't be trusted.
    pub is_untrusted: bool,
    /// Whether somebody said that it can be trusted all the same.
    pub is_trusted_by_hand: bool,
    /// What may still be written there.
    pub space: Option<Space>,
    /// Bytes that the next commit needs.
    pub needed: u64,
    /// The lock file.
    pub lock: LockSeen,
    /// What dead acts, and people, left beside the document.
    pub leftovers: Vec<Leftover>,
}

impl<D: Disk> FileStore<D> {
    /// Looks the profile's files over. Writes nothing, and waits at most a quarter of a second for a lock.
    pub fn inspect(&self) -> Inspection {
        let disk = &*self.disk;
        // Where links lead nowhere, or can't be followed, the load says so; what is around can be looked at all the same.
        let paths = self.paths().unwrap_or_else(|_| Paths::unlinked(&self.entry));
        let state = self.load().map(|loaded| loaded.state);
        let size = disk.metadata_at(&paths.document).ok().map(|metadata| metadata.size);
        let there = nearest(disk, &paths.folder);
        Inspection {
            is_there: size.is_some(),
            provenance: self.provenance(),
            exposures: exposure::exposures(disk, &paths, self.home()),
            file_system: disk.file_system(there).ok().flatten(),
            is_untrusted: disk.untrusted_file_system(there).ok().flatten().is_some(),
            is_trusted_by_hand: self.trusts_file_system,
            space: disk.space(there).ok().flatten(),
            needed: draft::wanted(size.unwrap_or(0), 0),
            lock: lock::inspect(disk, &paths.lock),
            leftovers: leftovers::all(disk, &paths, state.as_ref().ok()),
            link: (paths.document != self.entry).then(|| self.entry.clone()),
            document: paths.document,
            state,
        }
    }

    /// The home that the profile is in.
    fn home(&self) -> Option<&Path> {
        self.entry.parent().and_then(Path::parent)
    }
}

/// The directory, or the nearest above it that is there.
fn nearest<'a, D: Disk>(disk: &D, folder: &'a Path) -> &'a Path {
    folder.ancestors().find(|path| disk.metadata_at(path).is_ok()).unwrap_or(folder)
}

/// What is at a path; nothing if nothing is.
fn metadata_if_any<D: Disk>(disk: &D, path: &Path) -> Result<Option<super::disk::Metadata>, StoreError> {
    match disk.metadata_at(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io_error("look at", path, &error)),
    }
}
