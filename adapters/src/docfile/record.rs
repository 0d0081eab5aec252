//! What one user's refresh tokens did, kept outside of whatever directory is copied or rolled back: one small file for all
//! stores, with a line for each. A document that counts fewer claims and grants than its line was rolled back to before them.
//!
//! A line is a digest of the store's random name and a number: nothing in it follows from a secret, or from what somebody
//! has logins for. The file is a help and nothing rests on it: where it can't be read or written, renewal goes on, and a
//! roll-back of a whole directory isn't noticed. What is no file of claims is left as it is, whoever named it.

mod lines;
mod outlook;

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use credlatch_core::port::{Clock, StoreError, StoreErrorKind};
use credlatch_core::state::Nonce;

use super::disk::{Disk, FileType, Hold, Open};
use super::errors::{aside, io_error, private};
use super::paths::Paths;
use crate::files::{Files, RealDisk};
use crate::outside::{CLAIMS, own_directory};
use lines::Lines;

/// Stores that are remembered; the one that moved longest ago is forgotten first.
const LINES_MAX: usize = 4096;
/// The largest file that is read, in bytes: more than so many lines take.
const BYTES_MAX: usize = 256 * 1024;
/// What other users may not do with it: whoever writes to it decides what counts as rolled back.
const FORBIDDEN: u32 = 0o022;
/// How long a claim waits for another one's line, in milliseconds: a line takes a few, and the store is locked meanwhile.
const PATIENCE_MS: u64 = 500;
/// The pause between two tries, in milliseconds.
const PAUSE_MS: u64 = 2;

/// One user's record of claims, as one store uses it.
#[derive(Clone, Debug)]
pub struct Record {
    path: PathBuf,
    /// The directory that may not hold it.
    home: Arc<Path>,
    /// The directory of a document that it was seen to lie outside of, all links followed.
    outside_of: OnceLock<PathBuf>,
}

impl Record {
    /// The record in this file, for a store in this directory.
    pub fn at(path: PathBuf, home: impl Into<Arc<Path>>) -> Self {
        Self { path, home: home.into(), outside_of: OnceLock::new() }
    }

    /// The number of the newest move that is remembered of a store; 0 if there is none.
    pub fn newest(&self, paths: &Paths, store: Nonce) -> Result<u64, StoreError> {
        // Where there is no file it doesn't matter where it would be.
        let Some(lines) = self.read()? else { return Ok(0) };
        self.is_outside(paths)?;
        Ok(lines.count(store))
    }

    /// Remembers a move. Durable when this returns.
    pub fn note(&self, paths: &Paths, store: Nonce, number: u64) -> Result<(), StoreError> {
        self.is_outside(paths)?;
        // Nothing is made beside a file that isn't one of claims.
        self.read()?;
        let doing = |what| move |error: io::Error| io_error(what, &self.path, &error);
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput.into()).map_err(doing("make"))?;
        // Those above it that are missing are this user's alone too, whatever the umask is.
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(doing("make the directory of"))?;
        let lock = self.lock()?;
        let lines = self.read()?.unwrap_or_default().noting(store, number, LINES_MAX);
        let written = self.write(&lines, folder);
        drop(lock);
        written.map_err(doing("write"))
    }

    /// Refuses to keep it in the store's own directory: it would be rolled back together with the store.
    fn is_outside(&self, paths: &Paths) -> Result<(), StoreError> {
        if self.outside_of.get() == Some(&paths.folder) {
            return Ok(());
        }
        let Some(store) = own_directory(&self.path, &self.home, &paths.folder) else {
            // What isn't there yet may still be made as a link into the store.
            if self.path.parent().is_some_and(Path::exists) && paths.folder.exists() {
                let _ = self.outside_of.set(paths.folder.clone());
            }
            return Ok(());
        };
        let what = format!("{} lies in the store's own directory, {}", self.path.display(), store.display());
        Err(StoreError::new(StoreErrorKind::Failed, what, format!("name a file elsewhere in {}", CLAIMS.variable)))
    }

    /// The file beside it that those who write lock; none if it isn't there.
    fn open_lock(&self, how: Open) -> Result<Option<File>, StoreError> {
        let (disk, path) = (&RealDisk, self.beside(".lock"));
        let failed = |error: io::Error| io_error("open", &path, &error);
        let lock = match disk.open(&path, how) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened.map_err(failed)?,
        };
        let metadata = disk.metadata(&lock).map_err(failed)?;
        plain(&path, metadata.kind)?;
        private(&path, &metadata, disk.user(), FORBIDDEN)?;
        Ok(Some(lock))
    }

    /// The same, made if it isn't there, once it is locked.
    fn lock(&self) -> Result<File, StoreError> {
        let disk = &RealDisk;
        let failed = |error: io::Error| io_error("lock", &self.beside(".lock"), &error);
        let lock = self.open_lock(Open::Ensure)?.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let deadline = disk.now().patience(PATIENCE_MS);
        while !disk.try_lock(&lock, Hold::Alone).map_err(failed)? {
            if deadline.is_over(&disk.now()) {
                return Err(failed(io::ErrorKind::TimedOut.into()));
            }
            disk.pause(PAUSE_MS);
        }
        Ok(lock)
    }

    fn write(&self, lines: &Lines, folder: &Path) -> io::Result<()> {
        // A name that is nobody else's: one that a process left when it died is removed.
        let (disk, draft) = (&RealDisk, self.beside(".credlatch-new"));
        let _ = disk.remove(&draft);
        let file = disk.open(&draft, Open::New)?;
        let written = disk.write_at(&file, lines.text().as_bytes(), 0).and_then(|()| disk.sync(&file));
        let named = written.and_then(|()| disk.rename(&draft, &self.path));
        if named.is_err() {
            let _ = disk.remove(&draft);
        }
        named.and_then(|()| disk.sync_folder(folder))
    }

    /// The lines; none if there is no such file. Refuses what is no file of claims, and one that others may
    /// write to.
    fn read(&self) -> Result<Option<Lines>, StoreError> {
        let (disk, path) = (&RealDisk, &self.path);
        let file = match disk.open(path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("open", path, &error)),
        };
        let metadata = disk.metadata(&file).map_err(|error| io_error("look at", path, &error))?;
        // What it is comes first: whoever closes somebody else's file to others, because it is named here, breaks that.
        plain(path, metadata.kind)?;
        // One byte more than there should be, to notice a file that grows while it is read.
        let size = usize::try_from(metadata.size).unwrap_or(usize::MAX).min(BYTES_MAX);
        let mut bytes = vec![0; size + 1];
        let read = disk.read_at(&file, &mut bytes, 0).map_err(|error| io_error("read", path, &error))?;
        if read > size {
            let is_large = size == BYTES_MAX;
            return Err(strange(path, if is_large { "it is too large" } else { "somebody is writing into it" }));
        }
        let lines = Lines::parse(&bytes[..read]).map_err(|why| strange(path, &why))?;
        private(path, &metadata, disk.user(), FORBIDDEN)?;
        Ok(Some(lines))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(ending);
        path.into()
    }
}

fn plain(path: &Path, kind: FileType) -> Result<(), StoreError> {
    if kind == FileType::File {
        return Ok(());
    }
    let what = format!("{} is not a plain file", path.display());
    Err(StoreError::new(StoreErrorKind::Unsafe, what, format!("name a plain file in {}", CLAIMS.variable)))
}

/// What is there and is no file of claims: it is left as it is.
fn strange(path: &Path, why: &str) -> StoreError {
    let what = format!("{} is not a file of claims: {why}", path.display());
    let remedy = format!("name another file in {}; or, if it was one, move it away: {}", CLAIMS.variable, aside(path));
    StoreError::new(StoreErrorKind::Unreadable, what, remedy)
}

#[cfg(test)]
mod tests;
