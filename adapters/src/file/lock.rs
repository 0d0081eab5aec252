//! Locking the store against every other writer, in this process and in others.

use std::io;
use std::sync::Arc;

use credlatch_core::port::StoreError;
use credlatch_core::state::{Nonce, State};

use super::FileStore;
use super::document::Head;
use super::provenance::Here;
use super::word::{self, LockContent, Word};
use crate::docfile::disk::{Disk, Gate, Metadata};
use crate::docfile::draft::Draft;
use crate::docfile::errors::io_error;
use crate::docfile::kept::Kept;
use crate::docfile::lock::{LockWait, acquire, busy_here};
use crate::docfile::paths::Paths;
use crate::docfile::sweep::sweep_strays;
use crate::system::Process;

/// The longest pause between two tries, in milliseconds.
const PAUSE_MAX_MS: u64 = 10;

/// The store while it is locked.
pub struct FileLocked<'a, D: Disk> {
    pub(super) store: &'a FileStore<D>,
    pub(super) paths: Arc<Paths>,
    pub(super) file: Kept<D::File>,
    pub(super) here: Here,
    /// Whether the document that was loaded is not this place's own.
    pub(super) is_foreign: bool,
    /// Whether the next commit makes it so.
    pub(super) takes_over: bool,
    /// What the lock file says now.
    pub(super) word: Word,
    /// What stands, once it was loaded under this lock.
    pub(super) base: Option<BaseCommit>,
    pub(super) process: Process,
    _pass: <D::Gate as Gate>::Pass<'a>,
}

/// What a commit replaces.
pub(super) struct BaseCommit {
    pub(super) head: Head,
    pub(super) id: Option<u64>,
    pub(super) metadata: Option<Metadata>,
}

pub(super) fn lock<D: Disk>(store: &FileStore<D>, patience_ms: u64) -> Result<FileLocked<'_, D>, StoreError> {
    let disk = &*store.disk;
    let deadline = disk.now().patience(patience_ms);
    let pass = store.gate.enter(patience_ms).ok_or_else(|| busy_here(&store.entry, patience_ms))?;
    let wait =
        LockWait { patience_ms, deadline, pauses_ms: 1..=PAUSE_MAX_MS, holder: word::signature, forbidden: 0o077 };
    let (paths, file, metadata) = acquire(disk, &wait, || store.paths())?;
    let read = file.attempt(|file| LockContent::read(disk, file));
    let content = read.map_err(|error| io_error("read", &paths.lock, &error))?;
    let (here, word) = (Here::new(&metadata, &content), content.word);
    if word.boot != disk.now().boot {
        sweep_strays(disk, &paths);
    }
    let process = disk.process();
    file.with(|file| content.sign(disk, file, process));
    let (is_foreign, takes_over) = (false, false);
    let paths = Arc::new(paths);
    let locked =
        FileLocked { store, paths, file, here, is_foreign, takes_over, word, base: None, process, _pass: pass };
    if let Some(draft) = content.draft {
        locked.remove_draft(draft);
    }
    Ok(locked)
}

impl<D: Disk> FileLocked<'_, D> {
    /// Writes the word.
    pub(super) fn set_word(&mut self, word: u64) -> io::Result<()> {
        let disk = &*self.store.disk;
        let next = Word { word, boot: disk.now().boot };
        self.file.attempt(|file| next.write(disk, file))?;
        self.word = next;
        Ok(())
    }

    /// A draft for a commit. The lock file names it, so that whoever locks next finds it if this process dies; where that can't be
    /// written a sign of life goes with it.
    pub(super) fn draft(&self) -> Result<Draft<D>, StoreError> {
        let disk = &self.store.disk;
        let name = word::draft_name(&**disk);
        match self.file.attempt(|file| word::set_draft(&**disk, file, Some(name))) {
            Ok(()) => Draft::named(disk, &self.paths, self.process, name),
            Err(_) => Draft::create(disk, &self.paths, self.process),
        }
    }

    /// The lock file names no draft any more.
    pub(super) fn forget_draft(&self) {
        // If it fails, whoever locks next looks for it in vain.
        let _ = self.file.attempt(|file| word::set_draft(&*self.store.disk, file, None));
    }

    /// Removes the draft of whoever died with the lock.
    fn remove_draft(&self, name: Nonce) {
        match self.store.disk.remove(&self.paths.draft(name)) {
            // What can't be removed now is tried again by whoever locks next.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {}
            _ => self.forget_draft(),
        }
    }

    /// Removes what dead acts left behind.
    pub(super) fn sweep(&self, state: &State, claims: Option<Metadata>) {
        if let Some(claims) = claims {
            self.store.sweeper.sweep(&*self.store.disk, &self.paths, state, claims);
        }
    }
}

impl<D: Disk> Drop for FileLocked<'_, D> {
    fn drop(&mut self) {
        // In a forked child the lock is still the parent's.
        if self.store.disk.pid() == self.process.pid {
            // If it fails, closing the file does the same.
            let _ = self.file.with(|file| self.store.disk.unlock(file));
        }
    }
}
