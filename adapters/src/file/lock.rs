//! Locking the store against every other writer, in this process and in others.

use std::io;
use std::ops::RangeInclusive;
use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::State;
use credlatch_core::time::Patience;

use super::FileStore;
use super::claims::{self, is_at};
use super::disk::{Disk, Gate, Hold, Open, Place};
use super::document::Head;
use super::kept::Kept;
use super::paths::Paths;
use super::provenance::Here;
use super::trouble::{lockable, private, trouble};
use super::word::{self, Word};

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
    pub(super) standing: Option<Standing>,
    pid: u32,
    _pass: <D::Gate as Gate>::Pass<'a>,
}

/// What a commit replaces.
pub(super) struct Standing {
    pub(super) head: Head,
    pub(super) id: Option<u64>,
    pub(super) facts: Option<super::disk::Facts>,
}

pub(super) fn lock<D: Disk>(store: &FileStore<D>, patience_ms: u64) -> Result<FileLocked<'_, D>, StoreError> {
    let disk = &*store.disk;
    let deadline = disk.now().patience(patience_ms);
    let pass = store.gate.enter(patience_ms).ok_or_else(|| busy_here(&store.entry, patience_ms))?;
    let way = Way { patience_ms, deadline, pauses_ms: 1..=PAUSE_MAX_MS, holder: word::signature, forbidden: 0o077 };
    let (paths, file, _) = acquire(disk, &way, || store.paths())?;
    let here = file.attempt(|file| Here::of(disk, file)).map_err(|error| trouble("look at", &paths.lock, &error))?;
    let word = file.attempt(|file| Word::read(disk, file)).map_err(|error| trouble("read", &paths.lock, &error))?;
    if word.boot != disk.now().boot {
        claims::sweep_strays(disk, &paths);
    }
    file.with(|file| word::sign(disk, file));
    let (is_foreign, takes_over) = (false, false);
    let pid = disk.pid();
    Ok(FileLocked { store, paths, file, here, is_foreign, takes_over, word, standing: None, pid, _pass: pass })
}

/// How a lock file is waited for.
pub(crate) struct Way<D: Disk> {
    /// How long in all, for the error that says so.
    pub(crate) patience_ms: u64,
    /// When to give up.
    pub(crate) deadline: Patience,
    /// The pauses between two tries: from the first, doubled each time, to the last.
    pub(crate) pauses_ms: RangeInclusive<u64>,
    /// Reads from the lock file who holds it.
    pub(crate) holder: fn(&D, &D::File) -> Option<u32>,
    /// What other users may not do with the lock file.
    pub(crate) forbidden: u32,
}

/// Locks the lock file of a document against every other process; makes it if it isn't there.
pub(crate) fn acquire<D: Disk>(
    disk: &D,
    way: &Way<D>,
    find: impl Fn() -> Result<Paths, StoreError>,
) -> Result<(Paths, Kept<D::File>, Place), StoreError> {
    let (first_ms, last_ms) = (*way.pauses_ms.start(), *way.pauses_ms.end());
    let mut pause_ms = first_ms;
    loop {
        let paths = find()?;
        paths.make_folder(disk)?;
        let file = disk.open(&paths.lock, Open::Ensure).map_err(|error| trouble("open", &paths.lock, &error))?;
        let place = check(disk, &paths, &file, way.forbidden)?;
        let file = disk.keep().keep_lock(file);
        let try_lock = || file.attempt(|file| disk.try_lock(file, Hold::Alone));
        while !try_lock().map_err(|error| trouble("lock", &paths.lock, &error))? {
            let left_ms = way.deadline.left_ms(&disk.now());
            if left_ms == 0 {
                let holder = file.with(|file| (way.holder)(disk, file)).flatten();
                return Err(busy(&paths, holder, way.patience_ms));
            }
            disk.pause(pause_ms.min(left_ms));
            pause_ms = (pause_ms * 2).min(last_ms);
        }
        // Somebody may have put another lock file there while this one was waited for: then it guards nothing.
        if file
            .attempt(|file| is_at(disk, file, &paths.lock))
            .map_err(|error| trouble("look at", &paths.lock, &error))?
        {
            return Ok((paths, file, place));
        }
        if way.deadline.is_over(&disk.now()) {
            return Err(busy(&paths, None, way.patience_ms));
        }
    }
}

fn check<D: Disk>(disk: &D, paths: &Paths, file: &D::File, forbidden: u32) -> Result<Place, StoreError> {
    let facts = disk.facts(file).map_err(|error| trouble("look at", &paths.lock, &error))?;
    lockable(&paths.lock, &facts)?;
    private(&paths.lock, &facts, disk.user(), forbidden)?;
    Ok(facts.place)
}

/// Why a thread gave up waiting for another one of its process.
pub(crate) fn busy_here(entry: &Path, patience_ms: u64) -> StoreError {
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
        if self.store.disk.pid() == self.pid {
            // If it fails, closing the file does the same.
            let _ = self.file.with(|file| self.store.disk.unlock(file));
        }
    }
}
