//! What a rewrite asks of the disk, as one trait: the real disk here, one that crashes in the tests.
//!
//! The file store has a trait of its own. This one is smaller, follows symbolic links, keeps other people's access, and works
//! where the store doesn't: without the feature `file`, and on systems that aren't Unix.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs4::{FileExt, TryLockError};
use zeroize::Zeroizing;

use crate::plain_file::{self, Facts, Unreadable};

/// An open file, and what it was when it was opened.
type Found<D> = (<D as Disk>::File, <D as Disk>::Meta);

/// A folder with files in it. Each method is one step that may fail, or be the last one before a crash.
pub(super) trait Disk: Clone {
    /// An open file. Closing it gives up its lock.
    type File;
    /// What a file is, apart from its content.
    type Meta;

    /// The file itself, whatever symbolic links lead to it.
    fn resolve(&self, path: &Path) -> io::Result<PathBuf>;
    /// Opens a plain file for reading; `None` if nothing is there.
    fn open(&self, path: &Path) -> Result<Option<Found<Self>>, Unreadable>;
    /// Locks a file against other opens of it, without waiting.
    fn try_lock(&self, file: &Self::File) -> Result<(), TryLockError>;
    /// What an open file is now.
    fn meta(&self, file: &Self::File) -> io::Result<Self::Meta>;
    /// What is at this path now, symbolic links followed.
    fn facts_at(&self, path: &Path) -> io::Result<Facts>;
    /// The whole text of an open file.
    fn text(&self, file: &mut Self::File, meta: &Self::Meta) -> Result<Zeroizing<String>, Unreadable>;
    /// The names in a folder, as far as they can be read.
    fn list(&self, folder: &Path) -> io::Result<impl Iterator<Item = OsString>>;
    /// Makes a file that must not be there yet, for this user alone.
    fn create(&self, path: &Path) -> io::Result<Self::File>;
    /// Writes all of it.
    fn write(&self, file: &mut Self::File, bytes: &[u8]) -> io::Result<()>;
    /// Gives a file the owner and the permissions of another.
    fn keep_access(&self, file: &Self::File, old: &Self::Meta) -> io::Result<()>;
    /// Makes a file durable.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Gives a file the name of another, which it replaces in one step.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file's name.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// What tells one content of a file from another.
    fn facts(meta: &Self::Meta) -> Facts;
    /// How many names a file has.
    fn names(meta: &Self::Meta) -> u64;
}

/// The disk of this machine.
#[derive(Clone, Copy)]
pub(super) struct Real;

impl Disk for Real {
    type File = File;
    type Meta = Metadata;

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn open(&self, path: &Path) -> Result<Option<(File, Metadata)>, Unreadable> {
        plain_file::open(path)
    }

    fn try_lock(&self, file: &File) -> Result<(), TryLockError> {
        FileExt::try_lock(file)
    }

    fn meta(&self, file: &File) -> io::Result<Metadata> {
        file.metadata()
    }

    fn facts_at(&self, path: &Path) -> io::Result<Facts> {
        Facts::at(path)
    }

    fn text(&self, file: &mut File, meta: &Metadata) -> Result<Zeroizing<String>, Unreadable> {
        plain_file::text(file, meta)
    }

    fn list(&self, folder: &Path) -> io::Result<impl Iterator<Item = OsString>> {
        Ok(fs::read_dir(folder)?.flatten().map(|entry| entry.file_name()))
    }

    fn create(&self, path: &Path) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(path)
    }

    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    #[cfg(unix)]
    fn keep_access(&self, file: &File, old: &Metadata) -> io::Result<()> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
        let own = file.metadata()?;
        if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
            fchown(file, Some(old.uid()), Some(old.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))
    }

    #[cfg(not(unix))]
    fn keep_access(&self, _file: &File, _old: &Metadata) -> io::Result<()> {
        Ok(())
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        File::open(folder).and_then(|folder| folder.sync_all())
    }

    fn facts(meta: &Metadata) -> Facts {
        Facts::of(meta)
    }

    fn names(meta: &Metadata) -> u64 {
        #[cfg(unix)]
        return std::os::unix::fs::MetadataExt::nlink(meta);
        #[cfg(not(unix))]
        {
            let _ = meta;
            1
        }
    }
}
