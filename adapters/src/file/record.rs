//! What one user's claims counted, kept outside of whatever directory is copied or rolled back: one small file for all
//! stores, with a line for each grant. A document that counts less than its line was rolled back to before that claim.
//!
//! The file is a help and nothing rests on it: where it can't be read or written, renewal goes on, and a roll-back of a
//! whole directory isn't noticed.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::{Clock, StoreError};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Nonce, State};
use etcetera::BaseStrategy;

use super::disk::{Disk, Hold, Open};
use super::document::read_bytes;
use super::real::RealDisk;
#[cfg(feature = "doctor")]
use super::trouble::trouble;

/// The variable that names the file; empty, there is none.
const VARIABLE: &str = "CREDLATCH_CLAIMS";
/// Grants that are remembered; the one that was claimed longest ago is forgotten first.
const LINES_MAX: usize = 4096;
/// How long a claim waits for another one's line, in milliseconds: a line takes a few.
const PATIENCE_MS: u64 = 2_000;
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

    /// The record of this user: in the file that `CREDLATCH_CLAIMS` names, or `credlatch/claims` in the directory for state,
    /// such as `~/.local/state`. None without a home.
    pub(crate) fn of_user() -> Option<Self> {
        if let Some(named) = std::env::var_os(VARIABLE) {
            let path = PathBuf::from(named);
            return path.is_absolute().then(|| Self::at(path));
        }
        let strategy = etcetera::choose_base_strategy().ok()?;
        let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        folder.is_absolute().then(|| Self::at(folder.join("credlatch").join("claims")))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The highest number that is remembered for any of a state's own grants; 0 if there is none.
    pub(crate) fn newest(&self, store: Nonce, state: &State) -> Result<u64, StoreError> {
        let keys: BTreeSet<String> =
            state.own_grants().map(|(provider, entry)| key(store, provider, &entry.label)).collect();
        if keys.is_empty() {
            return Ok(0);
        }
        let known = self.read()?.into_iter().filter(|(key, _)| keys.contains(key));
        Ok(known.map(|(_, number)| number).max().unwrap_or(0))
    }

    /// Remembers a claim. Durable when this returns.
    pub(crate) fn note(&self, store: Nonce, provider: &ProviderId, label: &Label, number: u64) -> io::Result<()> {
        let disk = &RealDisk;
        let folder = self.path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        if !folder.is_dir() {
            std::fs::create_dir_all(folder.parent().unwrap_or(folder))?;
            disk.make_folder(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })?;
        }
        let lock = disk.open(&self.path.with_extension("lock"), Open::Ensure)?;
        let deadline = disk.now().plus_ms(PATIENCE_MS);
        while !disk.try_lock(&lock, Hold::Alone)? {
            if deadline.is_reached(&disk.now()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            disk.pause(PAUSE_MS);
        }
        let mut lines = self.read().map_err(|error| io::Error::other(error.what))?;
        let key = key(store, provider, label);
        let known = lines.iter().position(|line| line.0 == key).map_or(0, |at| lines.remove(at).1);
        lines.push((key, number.max(known)));
        let excess = lines.len().saturating_sub(LINES_MAX);
        let text = lines[excess..].iter().map(|(key, number)| format!("{key} {number}\n")).collect::<Vec<_>>().concat();
        let draft = self.path.with_extension("new");
        let _ = disk.remove(&draft);
        let file = disk.open(&draft, Open::New)?;
        disk.write_at(&file, text.as_bytes(), 0)?;
        disk.sync(&file)?;
        disk.rename(&draft, &self.path)?;
        disk.sync_folder(folder)
    }

    /// Whether a claim could be remembered, as far as can be told without writing anything.
    #[cfg(feature = "doctor")]
    pub(crate) fn can_be_kept(&self) -> Result<(), StoreError> {
        self.read()?;
        let there = self.path.ancestors().skip(1).find(|path| path.exists()).unwrap_or(&self.path);
        let allowed = rustix::fs::access(there, rustix::fs::Access::WRITE_OK);
        allowed.map_err(|error| trouble("write to", there, &error.into()))?;
        let space = RealDisk.space(there).ok().flatten();
        if space.is_some_and(|space| space.is_read_only || space.free == 0) {
            return Err(trouble("write to", there, &io::ErrorKind::ReadOnlyFilesystem.into()));
        }
        Ok(())
    }

    fn read(&self) -> Result<Vec<(String, u64)>, StoreError> {
        let Some(content) = read_bytes(&RealDisk, &self.path)? else { return Ok(Vec::new()) };
        let text = String::from_utf8_lossy(&content.bytes);
        // A line that nobody wrote so says nothing; the others still do.
        let line =
            |line: &str| line.split_once(' ').and_then(|(key, number)| Some((key.to_owned(), number.parse().ok()?)));
        Ok(text.lines().take(LINES_MAX).filter_map(line).collect())
    }
}

/// A grant's name in the record: it doesn't tell which providers somebody uses.
fn key(store: Nonce, provider: &ProviderId, label: &Label) -> String {
    let print: Fingerprint = crate::digest::digest(&[&store.to_string(), provider.as_str(), label.as_str()]);
    format!("{:016x}", u64::from_be_bytes(print.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_bounded_forgets_the_oldest_first_and_never_counts_back() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record::at(folder.path().join("state").join("claims"));
        let (acme, label) = (ProviderId::new("acme").unwrap(), Label::default());
        record.note(Nonce(1), &acme, &label, 7).unwrap();
        record.note(Nonce(1), &acme, &label, 3).unwrap();
        assert_eq!(record.read().unwrap(), [(key(Nonce(1), &acme, &label), 7)]);
        let full = (0..LINES_MAX).map(|n| format!("{n:016x} {n}\n")).collect::<Vec<_>>().concat();
        std::fs::write(record.path(), full + "not a line\n").unwrap();
        record.note(Nonce(2), &acme, &label, 1).unwrap();
        let lines = record.read().unwrap();
        assert_eq!((lines.len(), lines[0].1, &lines[LINES_MAX - 1].0), (LINES_MAX, 1, &key(Nonce(2), &acme, &label)));
    }
}
