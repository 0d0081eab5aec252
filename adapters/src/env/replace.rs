//! Replacing a file as a whole: a lock on the old one, a new one beside it, and one rename.
//!
//! The lock is on the file itself, so that nothing stays behind in a project's folder. A rename puts another file in its
//! place, so whoever got the lock looks again whether it is still on what stands there.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::dotenv_file::{DotenvFileError, DotenvFileErrorKind, resolved};
use super::whole;
use crate::files::{Files, Hold, Metadata, Open};
use crate::plain_file;
use crate::when::whole_ms;

/// Between the name of a file and the nonce in the name of its successor. Patterns such as `.env*`, by which people keep
/// such files out of a repository, hold for both.
const INFIX: &str = ".credlatch-";

/// How often a path is looked at that can't be, even where there is no patience.
const LOOKS: usize = 3;

/// Between two looks at a file that somebody has, in milliseconds.
const PAUSE_MS: u64 = 5;

/// A file that nobody else who asks for the lock is rewriting.
pub(super) struct Held<D: Files> {
    /// The file itself, symbolic links followed: they stay.
    pub(super) path: PathBuf,
    disk: D,
    file: D::File,
    metadata: Metadata,
}

/// Locks a file; `None` if it is absent.
pub(super) fn hold<D: Files + Clone>(
    disk: &D,
    path: &Path,
    patience: Duration,
) -> Result<Option<Held<D>>, DotenvFileError> {
    let wrong = |kind: DotenvFileErrorKind| DotenvFileError::new(path, kind);
    let deadline = disk.now().patience(whole_ms(patience));
    for looks in 0.. {
        let Some(target) = resolved(disk, path)? else { return Ok(None) };
        let Some((file, _)) = whole::open(disk, &target).map_err(|why| wrong(why.into()))? else { continue };
        loop {
            match disk.try_lock(&file, Hold::Alone) {
                Ok(true) => break,
                Ok(false) if !deadline.is_over(&disk.now()) => disk.pause(PAUSE_MS),
                Ok(false) => return Err(wrong(DotenvFileErrorKind::Busy)),
                Err(error) => return Err(wrong(DotenvFileErrorKind::NotLocked(error.kind()))),
            }
        }
        let metadata = disk.metadata(&file).map_err(|error| wrong(plain_file::unreadable(&error).into()))?;
        match disk.metadata_at(&target) {
            Ok(there) if there.file_id == metadata.file_id => {
                return Ok(Some(Held { path: target, disk: disk.clone(), file, metadata }));
            }
            // Replaced by somebody; or a disk that may do better the next time.
            Ok(_) => {}
            Err(_) if looks < LOOKS || !deadline.is_over(&disk.now()) => disk.pause(PAUSE_MS),
            Err(error) => return Err(wrong(plain_file::unreadable(&error).into())),
        }
    }
    Err(wrong(DotenvFileErrorKind::Busy))
}

impl<D: Files> Held<D> {
    /// Its whole text.
    pub(super) fn text(&self) -> Result<Zeroizing<String>, DotenvFileError> {
        whole::text(&self.disk, &self.file, &self.metadata).map_err(|why| DotenvFileError::new(&self.path, why))
    }

    /// Whether its content is still what it was when it was locked: editors know nothing of our lock.
    pub(super) fn is_unchanged(&self) -> bool {
        self.disk.metadata_at(&self.path).is_ok_and(|there| there == self.metadata)
    }

    /// How many names it has.
    pub(super) fn names(&self) -> u64 {
        self.metadata.names
    }
}

/// A successor that is written and synced, and not yet in place. It goes when it is dropped.
pub(super) struct Successor<D: Files> {
    path: PathBuf,
    disk: D,
}

impl<D: Files + Clone> Successor<D> {
    /// Writes the successor of a file, with that file's owner and permissions. They are tighter until all is written.
    pub(super) fn write(held: &Held<D>, text: &str) -> Result<Self, DotenvFileError> {
        let wrong = |kind| DotenvFileError::new(&held.path, kind);
        let not_written = |error: io::Error| wrong(DotenvFileErrorKind::NotWritten(error.kind()));
        let mut name = prefix(&held.path);
        name.push(held.disk.nonce().to_string());
        let path = held.path.with_file_name(name);
        let disk = &held.disk;
        let file = disk.open(&path, Open::New).map_err(not_written)?;
        let successor = Self { path, disk: disk.clone() };
        disk.write_at(&file, text.as_bytes(), 0).map_err(not_written)?;
        disk.keep_access(&file, &held.file).map_err(|_| wrong(DotenvFileErrorKind::OwnerLost))?;
        disk.sync(&file).map_err(not_written)?;
        Ok(successor)
    }

    /// Puts it in place of the old file.
    pub(super) fn replace(self, path: &Path) -> io::Result<()> {
        // If it worked there is nothing left to remove under the old name.
        self.disk.rename(&self.path, path)
    }
}

impl<D: Files> Drop for Successor<D> {
    fn drop(&mut self) {
        let _ = self.disk.remove(&self.path);
    }
}

/// Removes successors that a crash left beside a file: they hold secrets. One that belongs to somebody who still lives is
/// missed by them, and made anew.
pub(super) fn sweep(disk: &impl Files, path: &Path) {
    let Some(folder) = path.parent() else { return };
    let Ok(list) = disk.list(folder) else { return };
    let prefix = prefix(path);
    for name in list {
        let nonce = name.as_bytes().strip_prefix(prefix.as_encoded_bytes());
        if nonce.is_some_and(|nonce| nonce.len() == 32 && nonce.iter().all(u8::is_ascii_hexdigit)) {
            let _ = disk.remove(&folder.join(name));
        }
    }
}

/// How the names of a file's successors begin.
fn prefix(path: &Path) -> OsString {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(INFIX);
    name
}

/// Makes a rename in this file's folder last.
pub(super) fn sync_folder(disk: &impl Files, path: &Path) -> Result<(), DotenvFileError> {
    let Some(folder) = path.parent().filter(|_| cfg!(unix)) else { return Ok(()) };
    let synced = disk.sync_folder(folder);
    synced.map_err(|error| DotenvFileError::new(path, DotenvFileErrorKind::NotConfirmed(error.kind())))
}
