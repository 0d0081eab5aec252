//! What one user's refresh tokens did, kept outside of whatever directory is copied or rolled back: one small file for all
//! stores, with a line for each. A document that counts fewer claims and grants than its line was rolled back to before them.
//!
//! A line is a digest of the store's random name and a number: nothing in it follows from a secret, or from what somebody
//! has logins for. The file is a help and nothing rests on it: where it can't be read or written, renewal goes on, and a
//! roll-back of a whole directory isn't noticed.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::fingerprint::digest;
use credlatch_core::port::{Clock, StoreError, StoreErrorKind};
use credlatch_core::state::{MAX_COUNT, Nonce};

use super::disk::{Disk, Hold, Kind, Open};
#[cfg(feature = "doctor")]
use super::outside::CLAIMS;
use super::real::RealDisk;
use super::trouble::{private, quoted, trouble};

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

/// One user's record of claims.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    path: PathBuf,
}

impl Record {
    /// The record in this file.
    pub(crate) fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it is.
    #[cfg(test)]
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The number of the newest move that is remembered of a store; 0 if there is none.
    pub(crate) fn newest(&self, store: Nonce) -> Result<u64, StoreError> {
        let key = key(store);
        Ok(self.read()?.into_iter().find(|line| line.0 == key).map_or(0, |line| line.1))
    }

    /// Remembers a move. Durable when this returns.
    pub(crate) fn note(&self, store: Nonce, number: u64) -> Result<(), StoreError> {
        let doing = |what| move |error: io::Error| trouble(what, &self.path, &error);
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput.into()).map_err(doing("make"))?;
        make_folder(folder).map_err(doing("make the directory of"))?;
        let lock = self.lock()?;
        let mut lines = self.read()?;
        let key = key(store);
        let known = lines.iter().position(|line| line.0 == key).map_or(0, |at| lines.remove(at).1);
        lines.push((key, number.max(known)));
        let written = self.write(&lines[lines.len().saturating_sub(LINES_MAX)..], folder);
        drop(lock);
        written.map_err(doing("write"))
    }

    /// Why moves are not remembered, if they aren't.
    #[cfg(feature = "doctor")]
    pub(crate) fn trouble_of(record: Option<&Self>) -> Option<StoreError> {
        let Some(record) = record else {
            let remedy = format!("name a file for it in {}", CLAIMS.variable);
            return Some(StoreError::new(StoreErrorKind::Failed, CLAIMS.why_none(), remedy));
        };
        record.can_be_kept().err()
    }

    /// Whether a move could be remembered, as far as can be told without writing anything.
    #[cfg(any(feature = "doctor", test))]
    pub(crate) fn can_be_kept(&self) -> Result<(), StoreError> {
        self.read()?;
        let there = self.path.ancestors().skip(1).find(|path| path.exists()).unwrap_or(&self.path);
        let allowed = rustix::fs::access(there, rustix::fs::Access::WRITE_OK);
        allowed.map_err(|error| trouble("write to", there, &error.into()))?;
        if !there.is_dir() {
            return Err(trouble("make a directory in", there, &io::ErrorKind::NotADirectory.into()));
        }
        let space = RealDisk.space(there).ok().flatten();
        if space.is_some_and(|space| space.is_read_only || space.free == 0) {
            return Err(trouble("write to", there, &io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        Ok(())
    }

    /// The file beside it that those who write lock, once it is locked.
    fn lock(&self) -> Result<std::fs::File, StoreError> {
        let (disk, path) = (&RealDisk, self.beside(".lock"));
        let failed = |error: io::Error| trouble("lock", &path, &error);
        let lock = disk.open(&path, Open::Ensure).map_err(failed)?;
        private(&path, &disk.facts(&lock).map_err(failed)?, disk.user(), FORBIDDEN)?;
        let deadline = disk.now().patience(PATIENCE_MS);
        while !disk.try_lock(&lock, Hold::Alone).map_err(failed)? {
            if deadline.is_over(&disk.now()) {
                return Err(failed(io::ErrorKind::TimedOut.into()));
            }
            disk.pause(PAUSE_MS);
        }
        Ok(lock)
    }

    fn write(&self, lines: &[(String, u64)], folder: &Path) -> io::Result<()> {
        let (disk, draft) = (&RealDisk, self.beside(".new"));
        let text = lines.iter().map(|(key, number)| format!("{key} {number}\n")).collect::<Vec<_>>().concat();
        let _ = disk.remove(&draft);
        let file = disk.open(&draft, Open::New)?;
        disk.write_at(&file, text.as_bytes(), 0)?;
        disk.sync(&file)?;
        disk.rename(&draft, &self.path)?;
        disk.sync_folder(folder)
    }

    /// The lines; none if there is no such file. Refuses one that others may write to, that is no plain file, or too large.
    fn read(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let (disk, path) = (&RealDisk, &self.path);
        let file = match disk.open(path, Open::Read) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(trouble("open", path, &error)),
        };
        let facts = disk.facts(&file).map_err(|error| trouble("look at", path, &error))?;
        private(path, &facts, disk.user(), FORBIDDEN)?;
        let mut bytes = vec![0; BYTES_MAX + 1];
        let read = if facts.kind == Kind::File { disk.read_at(&file, &mut bytes, 0) } else { Ok(bytes.len()) };
        let read = read.map_err(|error| trouble("read", path, &error))?;
        if read > BYTES_MAX {
            let what = format!("{} is not a file of claims: it is too large, or no plain file", path.display());
            return Err(StoreError::new(StoreErrorKind::Unreadable, what, format!("rm -- {}", quoted(path))));
        }
        let text = String::from_utf8_lossy(&bytes[..read]);
        // A line that nobody wrote so says nothing; the others still do.
        let line = |line: &str| {
            let (key, number) = line.split_once(' ')?;
            Some((key.to_owned(), number.parse().ok().filter(|number| *number <= MAX_COUNT)?))
        };
        Ok(text.lines().filter_map(line).collect())
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = OsString::from(&self.path);
        path.push(ending);
        path.into()
    }
}

/// The directories above it are made as the user's are; its own is the user's alone.
fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(folder.parent().unwrap_or(folder))?;
    // Another process may have been faster.
    RealDisk.make_folder(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })
}

/// A store's name in the record. The name itself is not told.
fn key(store: Nonce) -> String {
    format!("{:016x}", u64::from_be_bytes(digest(&["claims", &store.to_string()]).0))
}

#[cfg(test)]
mod tests;
