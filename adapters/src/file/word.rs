//! The word: eight bytes at the head of the lock file that say whether what a reader has is still the newest commit.
//!
//! It is the id of the newest commit, or an odd number while a commit is under way or unconfirmed. The ids are random and
//! the document holds its own, so a word that means something else than the reader's document never equals its id,
//! whatever was lost in a crash or brought back from a backup.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use credlatch_core::port::{Cell, Seam, StoreError};
use credlatch_core::state::Nonce;

use crate::docfile::disk::{Disk, FileId, Metadata, Open};
use crate::docfile::errors::{io_error, lockable};
use crate::docfile::paths::Paths;
use crate::system::Process;

/// How often a reader compares the files with what it saw, in milliseconds.
const GLANCE_MS: u64 = 1000;
/// Where the holder's pid is in the lock file: after the word and the boot it was written in.
const PID_AT: u64 = 16;
/// Where the pid's namespace is, which older versions neither write nor read: its inode in the lower half, and in the upper
/// one the pid again, so that it isn't taken for that of an older version's pid.
const PID_NAMESPACE_AT: u64 = 24;
/// Where the name of the store is in it, which the document holds too.
const NAME_AT: u64 = 32;

/// What a lock file says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Word {
    /// The word itself; 0 if none was ever written.
    pub(super) word: u64,
    /// The boot in which it was written: in another, a power cut may have undone the last writes of it.
    pub(super) boot: u64,
}

impl Word {
    /// Reads it. A lock file that nobody wrote to has the word 0.
    pub(super) fn read<D: Disk>(disk: &D, file: &D::File) -> io::Result<Self> {
        let mut bytes = [0; 16];
        disk.read_at(file, &mut bytes, 0)?;
        let at = |begin: usize| u64::from_le_bytes(std::array::from_fn(|byte| bytes[begin + byte]));
        Ok(Self { word: at(0), boot: at(8) })
    }

    /// Writes it, with the boot beside it.
    pub(super) fn write<D: Disk>(self, disk: &D, file: &D::File) -> io::Result<()> {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.word.to_le_bytes());
        bytes[8..].copy_from_slice(&self.boot.to_le_bytes());
        disk.write_at(file, &bytes, 0)
    }

    /// Whether no commit is under way.
    pub(super) fn is_settled(self) -> bool {
        self.word.is_multiple_of(2)
    }

    /// Whether a document with this id was put here by somebody who knows nothing of locks, such as a restore from a
    /// backup: the word names another commit and nothing but that explains it.
    pub(super) fn contradicts(self, id: u64, boot: u64) -> bool {
        self.word != 0 && self.is_settled() && self.word != id && self.boot == boot && boot != 0
    }
}

/// Leaves this process's pid in the lock file, for the others' error messages; nobody decides anything by it.
pub(super) fn sign<D: Disk>(disk: &D, file: &D::File, process: Process) {
    // A full disk may refuse it, and the lock is good without it.
    let Process { pid, pid_namespace, .. } = process;
    let mut signature = [0; 16];
    signature[..4].copy_from_slice(&pid.to_le_bytes());
    signature[8..].copy_from_slice(&namespace_of(pid, pid_namespace).to_le_bytes());
    let _ = disk.write_at(file, &signature, PID_AT);
}

/// The pid that the last holder left, if it means the same process here.
pub(super) fn signature<D: Disk>(disk: &D, file: &D::File) -> Option<u32> {
    let (mut pid, mut namespace) = ([0; 4], [0; 8]);
    disk.read_at(file, &mut pid, PID_AT).ok()?;
    disk.read_at(file, &mut namespace, PID_NAMESPACE_AT).ok()?;
    let pid = u32::from_le_bytes(pid);
    let is_of_here = u64::from_le_bytes(namespace) == namespace_of(pid, disk.pid_namespace());
    (pid != 0 && is_of_here).then_some(pid)
}

/// Linux numbers namespaces with 32 bits.
fn namespace_of(pid: u32, namespace: u64) -> u64 {
    u64::from(pid) << 32 | namespace & u64::from(u32::MAX)
}

/// The name of the store that this lock file guards; none in one that was never told.
pub(super) fn name<D: Disk>(disk: &D, file: &D::File) -> io::Result<Option<Nonce>> {
    let mut name = [0; 16];
    let read = disk.read_at(file, &mut name, NAME_AT)?;
    Ok(Some(u128::from_le_bytes(name)).filter(|name| read == 16 && *name != 0).map(Nonce))
}

/// Leaves the name there.
pub(super) fn set_name<D: Disk>(disk: &D, file: &D::File, name: Nonce) -> io::Result<()> {
    disk.write_at(file, &name.0.to_le_bytes(), NAME_AT)
}

/// A reader's view of the word, shared by this process's threads.
pub(super) struct Reader<D: Disk> {
    view: <D::Seam as Seam>::Published<View<D>>,
    /// When to glance at the files again.
    due_ms: AtomicU64,
}

struct View<D: Disk> {
    /// The lock file that is read.
    open: Option<Arc<(D::File, FileId)>>,
    /// What was last loaded: where from, and what the document was then (none: there was none).
    seen: Option<Arc<(Paths, Option<Metadata>)>>,
    /// Whether the files are still what was loaded, as far as the last glance told.
    is_current: bool,
}

impl<D: Disk> Clone for View<D> {
    fn clone(&self) -> Self {
        Self { open: self.open.clone(), seen: self.seen.clone(), is_current: self.is_current }
    }
}

impl<D: Disk> Reader<D> {
    pub(super) fn new() -> Self {
        let view = Arc::new(View { open: None, seen: None, is_current: true });
        Self { view: Cell::new(view), due_ms: AtomicU64::new(0) }
    }

    /// The id of the newest commit, if it can be relied on: one read of eight bytes, and once a second the files are
    /// looked at (revalidated).
    pub(super) fn word(&self, disk: &D, entry: &Path) -> Result<Option<u64>, StoreError> {
        self.revalidate_if_due(disk, entry);
        let read = self.view.read(|view| match &view.open {
            _ if !view.is_current => Some(Ok(0)),
            Some(open) => Some(pread_word(disk, &open.0)),
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
        let lock = Paths::resolve(disk, entry)?.lock;
        let failed = |error: io::Error| io_error("open", &lock, &error);
        let file = match disk.open(&lock, Open::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            opened => opened.map_err(failed)?,
        };
        let metadata = disk.metadata(&file).map_err(failed)?;
        lockable(&lock, &metadata)?;
        let word = pread_word(disk, &file).map_err(failed)?;
        self.change(|view| view.open = Some(Arc::new((file, metadata.file_id))));
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
            let is_same_lock = view.open.as_ref().is_none_or(|open| Some(open.1) == lock);
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
    pub(super) fn saw(&self, paths: &Paths, metadata: Option<Metadata>) {
        let is_known = self.view.read(|view| {
            view.is_current && view.seen.as_deref().is_some_and(|(path, seen)| (path, seen) == (paths, &metadata))
        });
        if !is_known {
            self.change(|view| {
                if view.seen.as_ref().is_some_and(|seen| seen.0.lock != paths.lock) {
                    view.open = None;
                }
                view.seen = Some(Arc::new((paths.clone(), metadata)));
                view.is_current = true;
            });
        }
    }

    /// Puts a changed view in the place of this one; who reads by the old one may go on.
    fn change(&self, change: impl FnOnce(&mut View<D>)) {
        self.view.write(|view| change(Arc::make_mut(view)));
    }
}

fn pread_word<D: Disk>(disk: &D, file: &D::File) -> io::Result<u64> {
    let mut word = [0; 8];
    disk.read_at(file, &mut word, 0)?;
    Ok(u64::from_le_bytes(word))
}
