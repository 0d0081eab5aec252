//! Replacing a file as a whole: a lock on the old one, a new one beside it, and one rename.
//!
//! The lock is on the file itself, so that nothing stays behind in a project's folder. A rename puts another file in its
//! place, so whoever got the lock looks again whether it is still on what stands there.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::port::Nonces;
use fs4::{FileExt, TryLockError};
use zeroize::Zeroizing;

use super::dotenv_file::{DotenvFileError, DotenvFileErrorKind, resolved};
use crate::plain_file::{self, Facts};
use crate::system::SystemNonces;

/// Between the name of a file and the nonce in the name of its successor. Patterns such as `.env*`, by which people keep
/// such files out of a repository, hold for both.
const MARK: &str = ".credlatch-";

/// A file that nobody else who asks for the lock is rewriting.
pub(super) struct Held {
    /// The file itself, symbolic links followed: they stay.
    pub(super) path: PathBuf,
    file: File,
    meta: Metadata,
}

/// Locks a file; `None` if it is absent.
pub(super) fn hold(path: &Path, patience: Duration) -> Result<Option<Held>, DotenvFileError> {
    let wrong = |kind: DotenvFileErrorKind| DotenvFileError::new(path, kind);
    let deadline = Instant::now() + patience;
    loop {
        let Some(target) = resolved(path)? else { return Ok(None) };
        let Some((file, _)) = plain_file::open(&target).map_err(|why| wrong(why.into()))? else { continue };
        loop {
            match FileExt::try_lock(&file) {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
                Err(TryLockError::WouldBlock) => return Err(wrong(DotenvFileErrorKind::Busy)),
                Err(TryLockError::Error(error)) => return Err(wrong(DotenvFileErrorKind::NotLocked(error.kind()))),
            }
        }
        let meta = file.metadata().map_err(|error| wrong(plain_file::unreadable(&error).into()))?;
        if Facts::at(&target).is_ok_and(|there| there.is_same_file(&Facts::of(&meta))) {
            return Ok(Some(Held { path: target, file, meta }));
        }
    }
}

impl Held {
    /// Its whole text.
    pub(super) fn text(&mut self) -> Result<Zeroizing<String>, DotenvFileError> {
        plain_file::text(&mut self.file, &self.meta).map_err(|why| DotenvFileError::new(&self.path, why))
    }

    /// Whether its content is still what it was when it was locked: editors know nothing of our lock.
    pub(super) fn is_unchanged(&self) -> bool {
        Facts::at(&self.path).is_ok_and(|there| there == Facts::of(&self.meta))
    }

    /// How many names it has.
    pub(super) fn names(&self) -> u64 {
        #[cfg(unix)]
        return std::os::unix::fs::MetadataExt::nlink(&self.meta);
        #[cfg(not(unix))]
        1
    }
}

/// A successor that is written and synced, and not yet in place. It goes when it is dropped.
pub(super) struct Fresh(PathBuf);

impl Fresh {
    /// Writes the successor of a file, with that file's owner and permissions. They are tighter until all is written.
    pub(super) fn write(held: &Held, text: &str) -> Result<Self, DotenvFileError> {
        let wrong = |kind| DotenvFileError::new(&held.path, kind);
        let not_written = |error: io::Error| wrong(DotenvFileErrorKind::NotWritten(error.kind()));
        let mut name = mark(&held.path);
        name.push(SystemNonces.nonce().to_string());
        let path = held.path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(not_written)?;
        let fresh = Self(path);
        file.write_all(text.as_bytes()).map_err(not_written)?;
        keep_access(&file, &held.meta).map_err(|_| wrong(DotenvFileErrorKind::OwnerLost))?;
        file.sync_all().map_err(not_written)?;
        Ok(fresh)
    }

    /// Puts it in place of the old file.
    pub(super) fn replace(self, path: &Path) -> io::Result<()> {
        // If it worked there is nothing left to remove under the old name.
        fs::rename(&self.0, path)
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(unix)]
fn keep_access(file: &File, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let own = file.metadata()?;
    if (own.uid(), own.gid()) != (old.uid(), old.gid()) {
        fchown(file, Some(old.uid()), Some(old.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(old.mode() & 0o777))
}

#[cfg(not(unix))]
fn keep_access(_file: &File, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Removes successors that a crash left beside a file: they hold secrets. One that belongs to somebody who still lives is
/// missed by them, and made anew.
pub(super) fn sweep(path: &Path) {
    let Some(folder) = path.parent() else { return };
    let Ok(list) = fs::read_dir(folder) else { return };
    let mark = mark(path);
    for entry in list.flatten() {
        let name = entry.file_name();
        let nonce = name.as_encoded_bytes().strip_prefix(mark.as_encoded_bytes());
        if nonce.is_some_and(|nonce| nonce.len() == 32 && nonce.iter().all(u8::is_ascii_hexdigit)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn mark(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(MARK);
    name
}

/// Makes a rename in this file's folder last.
pub(super) fn sync_folder(path: &Path) -> Result<(), DotenvFileError> {
    let Some(folder) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| DotenvFileError::new(path, DotenvFileErrorKind::NotConfirmed(error.kind())))
}
