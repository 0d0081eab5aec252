//! Everything a locked document asks of the world beside what is asked of its [`Files`]: the real disk here, a disk that crashes
//! in the harnesses.

use std::io;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use credlatch_core::port::Seam;
use credlatch_core::secret::Fingerprint;
use credlatch_core::time::Patience;

use super::kept::{Keep, Kept};
use super::lock::poll;
use super::mapped::MappedWord;
pub use crate::files::{FileId, FileType, Files, Hold, Metadata, Open};
use crate::system::Process;

/// A directory tree with locks, and the threads and processes beside it.
///
/// Files and locks are named by paths that the store has resolved itself: it follows no symbolic link when it opens a file.
pub trait Disk: Files + Sized {
    /// The locks between the threads of one process.
    type Seam: Seam;
    /// The queue in which this process's writers wait.
    type Gate: Gate;

    /// Cuts a file to this length.
    ///
    /// # Errors
    /// As the operating system has it.
    fn truncate(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Sets blocks aside so that writing so many bytes can't run out of space.
    ///
    /// # Errors
    /// As the operating system has it; [`io::ErrorKind::Unsupported`] where it can't be done.
    fn allocate(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Locks a file once it is free, by the deadline. Returns the open file that has the lock, which may be an earlier open of the
    /// same one; none where the time was over. Where nobody can be woken it is tried again and again, with these pauses.
    ///
    /// # Errors
    /// As the operating system has it.
    fn lock_by(
        &self,
        file: &Kept<Self::File>,
        how: Hold,
        deadline: &Patience,
        pauses_ms: RangeInclusive<u64>,
    ) -> io::Result<Option<Kept<Self::File>>> {
        Ok(poll(self, file, how, deadline, pauses_ms)?.then(|| file.share()))
    }

    /// Waits until nobody has locked what is at this path alone, at most so long. Where nobody can be woken it is a pause.
    fn await_release(&self, _path: &Path, at_most_ms: u64) {
        self.pause(at_most_ms);
    }

    /// Maps the first eight bytes of a file into memory.
    ///
    /// # Errors
    /// As the operating system has it; [`io::ErrorKind::Unsupported`] where it can't be done.
    fn map_word(&self, _file: &Self::File) -> io::Result<MappedWord> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Gives a lock up, for every descriptor that shares it.
    ///
    /// # Errors
    /// As the operating system has it.
    fn unlock(&self, file: &Self::File) -> io::Result<()>;

    /// Where a symbolic link points; none if the path is something else or nothing.
    ///
    /// # Errors
    /// As the operating system has it.
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>>;

    /// Makes a directory that only this user may use.
    ///
    /// # Errors
    /// As the operating system has it.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// The file system's name, unless it is one whose locks and renames are known to hold.
    ///
    /// # Errors
    /// As the operating system has it.
    fn untrusted_file_system(&self, path: &Path) -> io::Result<Option<&'static str>>;

    /// The file system's name, if it is known.
    ///
    /// # Errors
    /// As the operating system has it.
    fn file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        self.untrusted_file_system(path)
    }

    /// What may still be written to the file system, if that can be told.
    ///
    /// # Errors
    /// As the operating system has it.
    fn space(&self, _path: &Path) -> io::Result<Option<Space>> {
        Ok(None)
    }

    /// Milliseconds on any clock that only goes forward, as cheaply as can be: every read of a credential asks for it.
    fn ticks(&self) -> u64 {
        self.now().up_ms
    }

    /// The user this process acts as.
    fn user(&self) -> u32;

    /// The pid of this process, cheaply.
    fn pid(&self) -> u32;

    /// This process.
    fn process(&self) -> Process;

    /// Which pid namespace the pid belongs to, cheaply; 0 where the platform doesn't say.
    fn pid_namespace(&self) -> u64 {
        self.process().pid_namespace
    }

    /// A digest of this machine's id for one purpose, where it has one. It is told to people and decides nothing.
    fn machine(&self, _purpose: &str) -> Option<Fingerprint> {
        None
    }

    /// The files that this process has locked.
    fn keep(&self) -> &Keep<Self::File>;

    /// Closes the locked files that this process inherited in a fork. Every way to a store goes through this, but for the
    /// read of a word.
    fn shed(&self) {
        self.keep().shed(self.pid());
    }
}

/// A queue for one writer at a time. `parking_lot` in production; a harness puts in one that its scheduler knows.
pub trait Gate: Default + Send + Sync + 'static {
    /// The right to be inside; dropping it lets the next one in.
    type Pass<'a>
    where
        Self: 'a;

    /// Waits to be let in, at most so long.
    fn enter(&self, patience_ms: u64) -> Option<Self::Pass<'_>>;
}

/// What may still be written to a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that this user may still use.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub is_read_only: bool,
}
