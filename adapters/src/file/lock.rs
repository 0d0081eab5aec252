//! Locking the store against every other writer, in this process and in others.

use std::io;

use credlatch_core::port::StoreError;
use credlatch_core::state::State;

use super::FileStore;
use super::document::Head;
use super::provenance::Here;
use super::word::{self, Said, Word};
use crate::docfile::claims;
use crate::docfile::disk::{Disk, Gate, Metadata};
use crate::docfile::errors::io_error;
use crate::docfile::kept::Kept;
use crate::docfile::lock::{LockWait, acquire, busy_here};
use crate::docfile::paths::Paths;
use crate::system::Process;

/// The longest pause between two tries, in milliseconds.
const PAUSE_MAX_MS: u64 = 10;

/// The store while it is locked.
pub struct FileLocked<'a, D: Disk> {
    pub(super) store: &'a FileStore<D>,
    pub(super) paths: Paths,
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
    let said = file.attempt(|file| Said::read(disk, file)).map_err(|error| io_error("read", &paths.lock, &error))?;
    let (here, word) = (Here::new(&metadata, &said), said.word);
    if word.boot != disk.now().boot {
        claims::sweep_strays(disk, &paths);
    }
    let process = disk.process();
    file.with(|file| said.sign(disk, file, process));
    let (is_foreign, takes_over) = (false, false);
    Ok(FileLocked { store, paths, file, here, is_foreign, takes_over, word, base: None, process, _pass: pass })
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

    /// Removes what dead acts left behind.
    pub(super) fn sweep(&self, state: &State) {
        claims::sweep(&*self.store.disk, &self.paths, state);
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
