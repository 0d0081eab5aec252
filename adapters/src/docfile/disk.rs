//! Everything the file store asks of the world, as one trait: the real disk here, a disk that crashes in the harnesses.

use std::io;
use std::path::{Path, PathBuf};

use super::kept::Keep;
pub use crate::codec::Place;
use crate::system::Process;
use credlatch_core::port::{Clock, Nonces, Seam};
use credlatch_core::secret::Fingerprint;

/// A directory tree with locks, and the clock, randomness and processes beside it.
///
/// Files and locks are named by paths that the store has resolved itself: nothing here follows a symbolic link when it
/// opens a file.
pub trait Disk: Clock + Nonces + 'static {
    /// The locks between the threads of one process.
    type Seam: Seam;
    /// The queue in which this process's writers wait.
    type Gate: Gate;
    /// An open file.
    type File: Send + Sync + 'static;

    /// Opens a file, closed on exec and without following a link.
    ///
    /// # Errors
    /// As the operating system has it.
    fn open(&self, path: &Path, how: Open) -> io::Result<Self::File>;

    /// Reads at an offset; returns how many bytes there were.
    ///
    /// # Errors
    /// As the operating system has it.
    fn read_at(&self, file: &Self::File, into: &mut [u8], at: u64) -> io::Result<usize>;

    /// Writes all the bytes at an offset.
    ///
    /// # Errors
    /// As the operating system has it.
    fn write_at(&self, file: &Self::File, bytes: &[u8], at: u64) -> io::Result<()>;

    /// Cuts a file to this length.
    ///
    /// # Errors
    /// As the operating system has it.
    fn cut(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Sets blocks aside so that writing so many bytes can't run out of space.
    ///
    /// # Errors
    /// As the operating system has it; [`io::ErrorKind::Unsupported`] where it can't be done.
    fn allocate(&self, file: &Self::File, length: u64) -> io::Result<()>;

    /// Makes a file's contents durable.
    ///
    /// # Errors
    /// As the operating system has it.
    fn sync(&self, file: &Self::File) -> io::Result<()>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// As the operating system has it.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Locks a file against other opens of it, without waiting. Returns whether that worked.
    ///
    /// # Errors
    /// As the operating system has it.
    fn try_lock(&self, file: &Self::File, how: Hold) -> io::Result<bool>;

    /// Gives a lock up, for every descriptor that shares it.
    ///
    /// # Errors
    /// As the operating system has it.
    fn unlock(&self, file: &Self::File) -> io::Result<()>;

    /// What an open file is.
    ///
    /// # Errors
    /// As the operating system has it.
    fn facts(&self, file: &Self::File) -> io::Result<Facts>;

    /// What is at a path, behind any links.
    ///
    /// # Errors
    /// As the operating system has it.
    fn look(&self, path: &Path) -> io::Result<Facts>;

    /// Where a symbolic link points; none if the path is something else or nothing.
    ///
    /// # Errors
    /// As the operating system has it.
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>>;

    /// Gives a file the name of another, which it replaces in one step.
    ///
    /// # Errors
    /// As the operating system has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file's name.
    ///
    /// # Errors
    /// As the operating system has it.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Makes a directory that only this user may use.
    ///
    /// # Errors
    /// As the operating system has it.
    fn make_folder(&self, path: &Path) -> io::Result<()>;

    /// The names in a directory.
    ///
    /// # Errors
    /// As the operating system has it.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;

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

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// To read what is there.
    Read,
    /// To write to what is there.
    Write,
    /// To write, made if it isn't there, with mode 0600.
    Ensure,
    /// To write a file that must not be there yet, with mode 0600.
    New,
}

/// How to hold a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// Beside others who share it.
    Shared,
    /// Alone.
    Alone,
}

/// What a file is, apart from its contents. Two equal readings mean that nothing happened to the file that its clock
/// can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Which file it is.
    pub place: Place,
    /// What kind of file.
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Names it has.
    pub names: u64,
    /// The user it belongs to.
    pub owner: u32,
    /// Permission bits.
    pub mode: u32,
    /// When its contents changed, in nanoseconds since the epoch.
    pub written_ns: i128,
    /// When anything about it changed, in nanoseconds since the epoch.
    pub changed_ns: i128,
    /// When it was made, in nanoseconds since the epoch, where the platform knows.
    pub born_ns: Option<u64>,
}

/// What may still be written to a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Bytes that this user may still use.
    pub free: u64,
    /// Whether it is mounted read-only.
    pub is_read_only: bool,
}

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One with contents.
    File,
    /// A directory.
    Folder,
    /// A pipe, a socket, a device.
    Other,
}
