//! How a reader learns of the newest commit: by the word, and now and then by a look at the files, because whoever edits or
//! replaces them without a lock writes no word.
//!
//! As a rule the word is read by a system call. Mapped into memory it costs a load; then whoever cuts the lock file down ends
//! each process that reads it (SIGBUS), and so this is chosen by a program, and never by itself.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use credlatch_core::port::{Cell, Seam, StoreError, StoreErrorKind};

use crate::docfile::disk::{Disk, FileId, Metadata, Open};
use crate::docfile::errors::{io_error, lockable};
use crate::docfile::mapped::MappedWord;
use crate::docfile::paths::Paths;
use crate::docfile::provenance::file_system;

/// How often a reader compares the files with what it saw, in milliseconds.
const GLANCE_MS: u64 = 1000;

/// A reader's view of the word, shared by this process's threads; what a read needs of it is first.
#[repr(C)]
pub(super) struct Reader<D: Disk> {
    view: <D::Seam as Seam>::Published<View<D>>,
    /// When to look at the files again (revalidate).
    due_ms: AtomicU64,
    /// Whether the word is mapped.
    maps: bool,
}

struct View<D: Disk> {
    /// The lock file that is read.
    open: Option<Arc<Opened<D>>>,
    /// What was last loaded: where from, and what the document was then (none: there was none).
    seen: Option<Arc<(Arc<Paths>, Option<Metadata>)>>,
    /// Whether the files are still what was loaded, as far as the last revalidation told.
    is_current: bool,
}

/// A lock file, open to be read; what a read needs of it is first, and together.
#[repr(C)]
struct Opened<D: Disk> {
    mapped: Option<MappedWord>,
    file: D::File,
    file_id: FileId,
}

impl<D: Disk> Opened<D> {
    fn word(&self, disk: &D) -> io::Result<u64> {
        self.mapped.as_ref().map_or_else(|| pread_word(disk, &self.file), |mapped| Ok(mapped.load()))
    }
}

impl<D: Disk> Clone for View<D> {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), seen: self.seen.clone(), is_current: self.is_current }
    }
}

impl<D: Disk> Reader<D> {
    pub(super) fn new() -> Self {
        let view = Arc::new(View { open: None, seen: None, is_current: true });
        Self { view: Cell::new(view), due_ms: AtomicU64::new(0), maps: false }
    }

    /// The same, and it maps the word instead of reading it, or doesn't.
    pub(super) fn mapping(self, maps: bool) -> Self {
        Self { maps, ..self }
    }

    /// The id of the newest commit, if it can be relied on: one read of eight bytes, and once a second the files are looked at (revalidated).
    pub(super) fn word(&self, disk: &D, entry: &Path) -> Result<Option<u64>, StoreError> {
        self.revalidate_if_due(disk, entry);
        let read = self.view.read(|view| match &view.open {
            _ if !view.is_current => Some(Ok(0)),
            Some(open) => Some(open.word(disk)),
            None => None,
        });
        let word = match read {
            Some(word) => word.map_err(|error| io_error("read the lock file of", entry, &error))?,
            None => self.open(disk, entry)?,
        };
        Ok(Some(word).filter(|word| *word != 0 && word.is_multiple_of(2)))
    }

    /// Opens the lock file, if there is one, and reads the word from it.
    fn open(&self, disk: &D, entry: &Path) -> Result<u64, StoreError> {
        let paths = Paths::resolve(disk, entry)?;
        let lock = &paths.lock;
        let failed = |error: io::Error| io_error("open", lock, &error);
        // Where layers of file systems lie on each other, what is open to be read may be the file below that nobody writes to.
        let how = if self.maps { Open::Write } else { Open::Read };
        let file = match disk.open(lock, how) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            opened => opened.map_err(failed)?,
        };
        let metadata = disk.metadata(&file).map_err(failed)?;
        lockable(lock, &metadata)?;
        // Memory behind the end of a file can't be read; whoever comes next looks whether somebody has written the word.
        if self.maps && metadata.size < MappedWord::BYTES {
            return Ok(0);
        }
        let mapped = self.maps.then(|| map(disk, &paths, &file)).transpose()?;
        let opened = Opened { file, file_id: metadata.file_id, mapped };
        let word = opened.word(disk).map_err(failed)?;
        self.change(|view| view.open = Some(Arc::new(opened)));
        Ok(word)
    }

    /// Looks, at most once a second and in one thread, whether somebody edited or replaced the files: the word can't tell.
    fn revalidate_if_due(&self, disk: &D, entry: &Path) {
        let now = disk.ticks();
        let due = self.due_ms.load(Ordering::Relaxed);
        let next = now.saturating_add(GLANCE_MS);
        let is_mine = || self.due_ms.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        if now < due || !is_mine() {
            return;
        }
        disk.shed();
        let (is_same_document, is_same_lock) = self.view.read(|view| {
            let Some((paths, metadata)) = view.seen.as_deref() else { return (true, true) };
            let lock = disk.metadata_at(&paths.lock).ok().map(|metadata| metadata.file_id);
            let is_same_lock = view.open.as_ref().is_none_or(|open| Some(open.file_id) == lock);
            (*metadata == disk.metadata_at(entry).ok(), is_same_lock)
        });
        if !is_same_document || !is_same_lock {
            self.change(|view| view.is_current = false);
        }
        if !is_same_lock {
            self.change(|view| view.open = None);
        }
    }

    /// Notes what was loaded or committed: from now on the word speaks of this.
    pub(super) fn saw(&self, paths: &Arc<Paths>, metadata: Option<Metadata>) {
        let is_known = self.view.read(|view| {
            view.is_current && view.seen.as_deref().is_some_and(|(path, seen)| (path, seen) == (paths, &metadata))
        });
        if !is_known {
            self.change(|view| {
                if view.seen.as_ref().is_some_and(|seen| seen.0.lock != paths.lock) {
                    view.open = None;
                }
                view.seen = Some(Arc::new((Arc::clone(paths), metadata)));
                view.is_current = true;
            });
        }
    }

    /// Notes that the document isn't what was committed: whoever reads next loads what is there.
    pub(super) fn doubt(&self) {
        self.change(|view| view.is_current = false);
    }

    /// Puts a changed view in the place of this one; who reads by the old one may go on.
    fn change(&self, change: impl FnOnce(&mut View<D>)) {
        self.view.write(|view| change(Arc::make_mut(view)));
    }
}

/// Maps the word, where what one process writes is in the memory of every other.
fn map<D: Disk>(disk: &D, paths: &Paths, file: &D::File) -> Result<MappedWord, StoreError> {
    if let Some(name) = file_system(disk, paths)? {
        let lock = paths.lock.display();
        let what = format!("{lock} is on {name}, where memory that is mapped may not show what others commit");
        let remedy = "leave out `mapped_reads`, or move the store to a local disk";
        return Err(StoreError::new(StoreErrorKind::Unsafe, what, remedy));
    }
    disk.map_word(file).map_err(|error| io_error("map", &paths.lock, &error))
}

fn pread_word<D: Disk>(disk: &D, file: &D::File) -> io::Result<u64> {
    let mut word = [0; 8];
    disk.read_at(file, &mut word, 0)?;
    Ok(u64::from_le_bytes(word))
}
