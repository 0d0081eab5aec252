//! Whether a document is at home where it is. Two copies of one store hold one refresh token, and the second to present
//! it loses the login; so before a rotation a person is asked which copy is to live on.

use std::path::Path;

use credlatch_core::port::{CommitError, Locked, Store, StoreError};
use credlatch_core::state::Nonce;

use super::FileStore;
use super::document::{self, Head};
use super::word::{LockContent, Word};
use crate::docfile::claims;
use crate::docfile::disk::{Disk, FileId, Metadata, Open};
use crate::docfile::errors::{io_error, lockable};
use crate::docfile::paths::Paths;
use crate::docfile::provenance::{Provenance, adopted, is_same_file, trust};

/// The lock file that guards a place: what no copy of it has. Never the device number, which changes with each mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Here {
    pub(super) file_id: FileId,
    pub(super) born_ns: Option<u64>,
    /// The name of the store, which the document has too.
    pub(super) name: Option<Nonce>,
}

impl Here {
    pub(super) fn new(lock: &Metadata, content: &LockContent) -> Self {
        let Metadata { file_id, born_ns, .. } = *lock;
        Self { file_id, born_ns, name: content.name }
    }

    /// Whether a document was written here. What either side doesn't say is no difference.
    pub(super) fn is_home_of(&self, head: &Head) -> bool {
        is_same_file(head.lock, head.born_ns, self.file_id, self.born_ns)
            && self.name.is_none_or(|name| name == head.store)
    }
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
        let Some(document) = document::read(disk, &paths.document, &self.sealing)? else { return Ok(Provenance::Own) };
        let lock = look_at_lock(disk, &paths)?;
        let Some((here, word)) = lock else { return Ok(Provenance::Copied) };
        // While others commit the word is ahead of the document or behind it; only one that stood still says anything.
        let is_restored = lock == before && word.contradicts(document.id, disk.now().boot);
        if is_restored || !here.is_home_of(&document.head) {
            return Ok(Provenance::Copied);
        }
        let is_behind = self.remembered(&paths, document.head.store) > document.state.last_move;
        Ok(if is_behind { Provenance::RolledBack } else { Provenance::Own })
    }

    /// Whether the document was last written on a machine of another id. That decides nothing, because ids are made anew and
    /// copied; a person may know what it means.
    ///
    /// # Errors
    /// The document can't be read.
    pub fn is_of_another_machine(&self) -> Result<bool, StoreError> {
        let document = document::read(&*self.disk, &self.paths()?.document, &self.sealing)?;
        let told = document.and_then(|document| Some((document.head.machine?, document.head.store)));
        Ok(told.is_some_and(|(was, store)| self.disk.machine(&store.to_string()).is_some_and(|is| is != was)))
    }

    /// The number of the newest move that this user's record remembers of this store; 0 where there is none, or it can't be
    /// read.
    pub(super) fn remembered(&self, paths: &Paths, store: Nonce) -> u64 {
        self.record.as_ref().and_then(|record| record.newest(paths, store).ok()).unwrap_or(0)
    }

    /// Makes a copied or restored document this place's own, because a person said that this copy is to live on: its grants
    /// count as shared no more. Presents nothing, and makes nothing where no store is.
    ///
    /// # Errors
    /// As those of any commit.
    pub fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError> {
        let (disk, paths) = (&*self.disk, self.paths().map_err(CommitError::NotSaved)?);
        let is_missing =
            |path: &Path| disk.metadata_at(path).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if is_missing(&paths.document) && is_missing(&paths.lock) {
            return Ok(());
        }
        // Whoever is at work may present what the document no longer says, and wants the store to write its outcome down.
        claims::wait_for_all(disk, &paths, patience_ms).map_err(CommitError::NotSaved)?;
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        claims::wait_for_all(disk, &paths, 0).map_err(CommitError::NotSaved)?;
        let loaded = locked.load().map_err(CommitError::NotSaved)?;
        let marks = locked.shared(&loaded.state).map_err(CommitError::NotSaved)?;
        let state = adopted(&loaded.state, &self.disk.now(), marks);
        if marks.is_some() || state != loaded.state {
            locked.take_over();
            locked.commit(&state, None)?;
        }
        Ok(())
    }
}

/// Refuses to let outside acts rest on locks that may not hold. Of a copy each grant is asked about by itself.
pub(super) fn permit_acts<D: Disk>(store: &FileStore<D>) -> Result<(), StoreError> {
    if !store.trusts_file_system {
        trust(&*store.disk, &store.paths()?)?;
    }
    Ok(())
}

fn look_at_lock<D: Disk>(disk: &D, paths: &Paths) -> Result<Option<(Here, Word)>, StoreError> {
    let failed = |error: std::io::Error| io_error("read", &paths.lock, &error);
    let file = match disk.open(&paths.lock, Open::Read) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(failed)?,
    };
    let metadata = disk.metadata(&file).map_err(failed)?;
    lockable(&paths.lock, &metadata)?;
    let content = LockContent::read(disk, &file).map_err(failed)?;
    Ok(Some((Here::new(&metadata, &content), content.word)))
}
