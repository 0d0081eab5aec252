//! The disk of a Unix machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::{FileId, FileType, Files, Hold, Metadata, Open, RealDisk};

impl Files for RealDisk {
    type File = File;

    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        // Without NONBLOCK the open of a pipe that somebody put here would wait for ever.
        let always = OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = match how {
            Open::Linked => OFlags::RDONLY,
            Open::Read => OFlags::RDONLY | OFlags::NOFOLLOW,
            Open::Write => OFlags::RDWR | OFlags::NOFOLLOW,
            Open::Ensure => OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CREATE,
            Open::New => OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CREATE | OFlags::EXCL,
        };
        Ok(rustix::fs::open(path, always | flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    fn read_at(&self, file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut filled = 0;
        // Of a plain file fewer bytes than asked for are given at its end (read(2)): who asks for one more than there should be
        // needs no second look.
        while filled == 0 || filled + 1 < into.len() {
            match file.read_at(&mut into[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, file: &File, how: Hold) -> io::Result<bool> {
        let tried = match how {
            Hold::Shared => fs4::FileExt::try_lock_shared(file),
            Hold::Alone => fs4::FileExt::try_lock(file),
        };
        match tried {
            Ok(()) => Ok(true),
            Err(fs4::TryLockError::WouldBlock) => Ok(false),
            Err(fs4::TryLockError::Error(error)) => Err(error),
        }
    }

    fn metadata(&self, file: &File) -> io::Result<Metadata> {
        file.metadata().map(|meta| metadata(&meta))
    }

    fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        fs::metadata(path).map(|meta| metadata(&meta))
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        fs::canonicalize(path)
    }

    fn keep_access(&self, file: &File, of: &File) -> io::Result<()> {
        let (own, wanted) = (file.metadata()?, of.metadata()?);
        if (own.uid(), own.gid()) != (wanted.uid(), wanted.gid()) {
            fchown(file, Some(wanted.uid()), Some(wanted.gid()))?;
        }
        file.set_permissions(fs::Permissions::from_mode(wanted.mode() & 0o777))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        // A name that isn't text is none of ours.
        let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }
}

fn metadata(meta: &fs::Metadata) -> Metadata {
    let kind = meta.file_type();
    let kind = match () {
        () if kind.is_file() => FileType::File,
        () if kind.is_dir() => FileType::Folder,
        () => FileType::Other,
    };
    let ns = |secs: i64, ns: i64| i128::from(secs) * 1_000_000_000 + i128::from(ns);
    Metadata {
        file_id: FileId { dev: meta.dev(), ino: meta.ino() },
        kind,
        size: meta.size(),
        names: meta.nlink(),
        owner: meta.uid(),
        mode: meta.mode() & 0o7777,
        written_ns: ns(meta.mtime(), meta.mtime_nsec()),
        changed_ns: ns(meta.ctime(), meta.ctime_nsec()),
        born_ns: born_ns(meta),
    }
}

fn born_ns(meta: &fs::Metadata) -> Option<u64> {
    let since = meta.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok().filter(|ns| *ns != 0)
}
