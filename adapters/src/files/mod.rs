//! Everything that is asked of a file system, as one trait: the real disk here, a disk that crashes in the harnesses. The rewriter
//! of `.env` files asks for no more, without the feature `file` and on systems that aren't Unix too.

#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::port::{Clock, Nonces};
use credlatch_core::state::Nonce;
use credlatch_core::time::Stamp;

pub use crate::codec::FileId;
use crate::system::{SystemClock, SystemNonces};

/// A directory tree, and the clock and randomness beside it. Each method is one step that may fail, or be the last one before a
/// crash.
pub trait Files: Clock + Nonces + 'static {
    /// An open file. Closing it gives up its lock.
    type File: Send + Sync + 'static;

    /// Opens a file, closed on exec; without following a link, unless it is to be read behind any.
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

    /// What an open file is.
    ///
    /// # Errors
    /// As the operating system has it.
    fn metadata(&self, file: &Self::File) -> io::Result<Metadata>;

    /// What is at a path, behind any links.
    ///
    /// # Errors
    /// As the operating system has it.
    fn metadata_at(&self, path: &Path) -> io::Result<Metadata>;

    /// The path of the file itself, whatever symbolic links lead to it.
    ///
    /// # Errors
    /// As the operating system has it.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;

    /// Gives a file the owner and the permissions of another.
    ///
    /// # Errors
    /// As the operating system has it.
    fn keep_access(&self, file: &Self::File, of: &Self::File) -> io::Result<()>;

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

    /// The names in a directory.
    ///
    /// # Errors
    /// As the operating system has it.
    fn list(&self, path: &Path) -> io::Result<Vec<String>>;
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Clock for RealDisk {
    fn now(&self) -> Stamp {
        SystemClock.now()
    }

    fn pause(&self, ms: u64) {
        SystemClock.pause(ms);
    }
}

impl Nonces for RealDisk {
    fn nonce(&self) -> Nonce {
        SystemNonces.nonce()
    }
}

/// How to open a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// To read what is there.
    Read,
    /// To read what is there, behind any links.
    Linked,
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
pub struct Metadata {
    /// Which file it is.
    pub file_id: FileId,
    /// What kind of file.
    pub kind: FileType,
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

/// What kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// One with contents.
    File,
    /// A directory.
    Folder,
    /// A pipe, a socket, a device.
    Other,
}
