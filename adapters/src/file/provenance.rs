//! Whether a document is at home where it is. Two copies of one store hold one refresh token, and the second to present
//! it loses the login; so before a rotation a person is asked which copy is to live on.

use std::path::Path;

use credlatch_core::port::{CommitError, Locked, Store, StoreError, StoreErrorKind};

use super::FileStore;
use super::disk::{Disk, Open, Place};
use super::document::{self, Head};
use super::paths::Paths;
use super::trouble::trouble;
use super::word::Word;

/// Where a document comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// It was written here, under the lock file beside it, or there is none yet.
    Own,
    /// It was written elsewhere or at another time and brought here: a copy, or restored from a backup, or its lock file
    /// was deleted.
    Copied,
}

impl<D: Disk> FileStore<D> {
    /// Where the document comes from, as far as it can be told.
    ///
    /// # Errors
    /// The document or its lock file can't be read.
    pub fn provenance(&self) -> Result<Provenance, StoreError> {
        let disk = &*self.disk;
        let paths = Paths::resolve(disk, &self.entry)?;
        let before = look_at_lock(disk, &paths)?;
        let Some(document) = document::read(disk, &paths.document)? else { return Ok(Provenance::Own) };
        let lock = look_at_lock(disk, &paths)?;
        let Some((place, word)) = lock else { return Ok(Provenance::Copied) };
        // While others commit the word is ahead of the document or behind it; only one that stood still says anything.
        let is_restored = lock == before && word.contradicts(document.id, disk.now().boot);
        let is_own = document.head.lock == Some(place) && !is_restored;
        Ok(if is_own { Provenance::Own } else { Provenance::Copied })
    }

    /// Makes a copied or restored document this place's own, because a person said that this copy is to live on.
    ///
    /// # Errors
    /// As those of any commit.
    pub fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError> {
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        let loaded = locked.load().map_err(CommitError::NotSaved)?;
        let place = locked.place;
        if let Some(standing) = locked.standing.as_mut().filter(|standing| standing.id.is_some()) {
            standing.head = Head { store: self.disk.nonce(), lock: Some(place), ..standing.head.clone() };
            locked.commit(&loaded.state, None)?;
        }
        Ok(())
    }
}

/// Refuses to let outside acts rest on what may not be the only copy, or on locks that may not hold.
pub(super) fn permit_acts<D: Disk>(store: &FileStore<D>) -> Result<(), StoreError> {
    if !store.trusts_file_system {
        trust(&*store.disk, &store.paths()?)?;
    }
    if store.provenance()? == Provenance::Copied {
        return Err(copied(store.path()));
    }
    Ok(())
}

/// The name of the file system, unless it is one whose locks are known to hold.
pub(crate) fn file_system<D: Disk>(disk: &D, paths: &Paths) -> Result<Option<&'static str>, StoreError> {
    let folder = &paths.folder;
    let there = folder.ancestors().find(|path| disk.look(path).is_ok()).unwrap_or(folder);
    let named = disk.untrusted_file_system(there);
    named.map_err(|error| trouble("look at the file system of", there, &error))
}

/// Refuses a file system whose locks can't be trusted.
pub(crate) fn trust<D: Disk>(disk: &D, paths: &Paths) -> Result<(), StoreError> {
    let Some(name) = file_system(disk, paths)? else { return Ok(()) };
    let path = paths.document.display();
    Err(StoreError::new(
        StoreErrorKind::Unsafe,
        format!("{path} is on {name}, where a lock may not keep other machines or processes out"),
        "move the store to a local disk; or set CREDLATCH_TRUST_FILE_SYSTEM=1 if no other machine uses it",
    ))
}

/// What to say of a store that may not be the only copy.
pub(crate) fn copied(path: &Path) -> StoreError {
    StoreError::new(
        StoreErrorKind::Copied,
        format!("{} was copied or restored, and its original may hold the same refresh tokens", path.display()),
        "if this copy is the one to live on, run `credlatch rotate PROVIDER --this-copy`; otherwise sign in again",
    )
}

fn look_at_lock<D: Disk>(disk: &D, paths: &Paths) -> Result<Option<(Place, Word)>, StoreError> {
    let looked =
        disk.open(&paths.lock, Open::Read).and_then(|file| Ok((disk.facts(&file)?.place, Word::read(disk, &file)?)));
    match looked {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(trouble("read", &paths.lock, &error)),
    }
}
