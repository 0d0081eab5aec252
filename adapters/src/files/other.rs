//! The disk of a machine that isn't Unix. It tells files apart by what is in them alone, and everything is this user's.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{FileId, FileType, Files, Hold, Metadata, Open, RealDisk};

impl Files for RealDisk {
    type File = File;

    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        let (writes, is_made, is_new) = match how {
            Open::Read | Open::Linked => (false, false, false),
            Open::Write => (true, false, false),
            Open::Ensure => (true, true, false),
            Open::New => (true, true, true),
        };
        OpenOptions::new().read(true).write(writes).create(is_made).create_new(is_new).open(path)
    }

    fn read_at(&self, mut file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
        file.seek(SeekFrom::Start(at))?;
        let mut filled = 0;
        while filled < into.len() {
            match file.read(&mut into[filled..]) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, mut file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.seek(SeekFrom::Start(at))?;
        file.write_all(bytes)
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

    fn keep_access(&self, _file: &File, _of: &File) -> io::Result<()> {
        Ok(())
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

fn metadata(meta: &Metadata) -> Metadata {
    let kind = match () {
        () if meta.is_file() => FileType::File,
        () if meta.is_dir() => FileType::Folder,
        () => FileType::Other,
    };
    let since = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let written_ns = since.and_then(|since| i128::try_from(since.as_nanos()).ok()).unwrap_or(0);
    Metadata {
        file_id: FileId { dev: 0, ino: 0 },
        kind,
        size: meta.len(),
        names: 1,
        owner: 0,
        mode: 0,
        written_ns,
        changed_ns: written_ns,
        born_ns: None,
    }
}
