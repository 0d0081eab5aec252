//! Hermes' own `auth.json` as a store, so that credlatch and Hermes can use one file while a person moves over.
//!
//! The rows of Hermes' pools are the entries. What Hermes has no place for (versions, claims, logins in progress, memories
//! of what was cleared) is in the same document under one name, `credlatch`, which Hermes keeps without looking at it. What
//! Hermes or a person changes in a row is right; if our part is missing, everything that rows can say is read from them.
//!
//! ```text
//! ~/.hermes/auth.json         the document, replaced as a whole; names and rows that nobody here knows keep their bytes
//! ~/.hermes/auth.lock         Hermes' lock; its holder leaves its pid there, so there is no word, and every read loads
//! ~/.hermes/auth.claims/      one locked file for each act in progress of ours
//! ```
//!
//! **No login is renewed by two programs.** Hermes' lock guards its file and not what its processes do with a refresh token,
//! and Hermes knows nothing of our claims. So a refresh token has one place, and that says who may spend it: one in a row is
//! Hermes' (its login is linked, read for each request, and never presented by us); one of a login made here stands only in
//! our part, where Hermes doesn't look. Hermes sees such a login's access token and uses it while it lasts.

mod json;
mod load;
mod lock;
mod row;
mod save;
mod side;
mod status;
mod suppress;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::fingerprint::{AtHand, digest};
use credlatch_core::port::{CommitError, Left, Loaded, Locked, Store, StoreError, StoreErrorKind};
use credlatch_core::provider::Table;
use credlatch_core::state::{Actor, Claim, Nonce, State};

use crate::docfile::RealDisk;
use crate::docfile::claims::{self, FileAlive};
use crate::docfile::content::{Content, read_bytes};
use crate::docfile::disk::Disk;
use crate::docfile::key::Keys;
use crate::docfile::paths::Paths;
use crate::docfile::provenance::Provenance;
use crate::docfile::provenance::{adopted, trust};
use crate::docfile::record::Record;
use crate::docfile::room::Room;
use crate::docfile::trouble::trouble;
use load::open;
pub use lock::HermesLocked;
use row::Judge;

/// Hermes' file. It may be shared by any number of threads, and any number of processes, Hermes' among them, may use it.
pub struct HermesStore<D: Disk = RealDisk> {
    disk: Arc<D>,
    /// The document's name, as Hermes knows it; links may lead on from it.
    entry: PathBuf,
    /// The same as text, for links.
    path: String,
    table: Arc<Table>,
    gate: D::Gate,
    trusts_file_system: bool,
    record: Option<Record>,
    keys: Keys,
}

impl HermesStore {
    /// The file at this path, whose pools are named as in this table. Nothing is read or made yet.
    ///
    /// # Errors
    /// [`StoreErrorKind::Failed`]: the path is not text, so that no entry could be linked to it.
    pub fn new(path: &Path, table: Arc<Table>) -> Result<Self, StoreError> {
        Self::on(Arc::new(RealDisk), path, table)
    }
}

impl<D: Disk> HermesStore<D> {
    /// The same on a disk of the caller's choice.
    ///
    /// # Errors
    /// As [`HermesStore::new`].
    #[doc(hidden)]
    pub fn on(disk: Arc<D>, path: &Path, table: Arc<Table>) -> Result<Self, StoreError> {
        // A relative path must not move with the working directory.
        let entry = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let Some(path) = entry.to_str().map(str::to_owned) else {
            return Err(StoreError::new(
                StoreErrorKind::Failed,
                format!("{} is not a path of plain text", entry.display()),
                "use a path of plain characters; a symbolic link will do",
            ));
        };
        Ok(Self {
            disk,
            entry,
            path,
            table,
            gate: D::Gate::default(),
            trusts_file_system: false,
            record: None,
            keys: Keys::default(),
        })
    }

    /// Lets rotations and logins rest on the locks of a network or FUSE file system, because somebody knows that no other
    /// machine uses it.
    #[must_use]
    pub fn trusting_file_system(mut self, trusts: bool) -> Self {
        self.trusts_file_system = trusts;
        self
    }

    /// Remembers its claims in this file, or nowhere. One that lies in the directory of Hermes' file is not used.
    #[must_use]
    pub fn remembering(mut self, claims: Option<PathBuf>) -> Self {
        self.record = claims.map(|file| Record::at(file, self.own_folder()));
        self
    }

    /// Keys what outlives its secret with the key in this file, which is made when it is first needed. Without one, and where
    /// the file would lie in the directory of Hermes' file, that stays plain.
    #[must_use]
    pub fn keyed_by(mut self, file: Option<PathBuf>) -> Self {
        self.keys = Keys::at(file, self.own_folder());
        self
    }

    /// The directory that Hermes' file is in.
    fn own_folder(&self) -> PathBuf {
        self.entry.parent().map(Path::to_owned).unwrap_or_default()
    }

    /// The document's path, before links are followed.
    pub fn path(&self) -> &Path {
        &self.entry
    }

    /// Makes a copied or restored file this place's own, because a person said that this copy is to live on.
    ///
    /// # Errors
    /// As those of any commit.
    pub fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError> {
        let (disk, paths) = (&*self.disk, self.paths().map_err(CommitError::NotSaved)?);
        // Whoever is at work may present what the document no longer says, and wants the store to write its outcome down.
        claims::wait_for_all(disk, &paths, patience_ms).map_err(CommitError::NotSaved)?;
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        claims::wait_for_all(disk, &paths, 0).map_err(CommitError::NotSaved)?;
        let loaded = locked.load().map_err(CommitError::NotSaved)?;
        let marks = locked.shared(&loaded.state).map_err(CommitError::NotSaved)?;
        let state = adopted(&loaded.state, &self.disk.now(), marks);
        if marks.is_some() || state != loaded.state {
            locked.take_over();
            locked.commit(&state, None)?;
        }
        Ok(())
    }

    /// Where our part of the document comes from, as far as it can be told: Hermes' lock file has no word, so a document that
    /// was put back in place is told only by what is remembered outside.
    ///
    /// # Errors
    /// The document or its lock file can't be read.
    pub fn provenance(&self) -> Result<Provenance, StoreError> {
        let (disk, paths) = (&*self.disk, self.paths()?);
        let Some(read) = read_bytes(disk, &paths.document)? else { return Ok(Provenance::Own) };
        let opened = open(&read.bytes, &self.judge(&paths))?;
        let is_home = match disk.look(&paths.lock) {
            Ok(facts) => opened.side.is_of(facts.place, facts.born_ns),
            // Hermes makes it when it wants it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => opened.side.lock.is_none(),
            Err(error) => return Err(trouble("look at", &paths.lock, &error)),
        };
        if !is_home {
            return Ok(Provenance::Copied);
        }
        let is_behind = self.remembered(&paths, opened.side.store) > opened.state.last_move;
        Ok(if is_behind { Provenance::RolledBack } else { Provenance::Own })
    }

    /// Why claims are not remembered outside, if they aren't.
    #[cfg(feature = "doctor")]
    pub(crate) fn forgets(&self) -> Option<StoreError> {
        Record::trouble_of(self.record.as_ref(), &self.paths().ok()?)
    }

    /// Why what is remembered of claims may be taken away by others, if it may.
    #[cfg(feature = "doctor")]
    pub(crate) fn may_be_made_to_forget(&self) -> Option<crate::trusted::Distrust> {
        self.record.as_ref()?.can_be_taken()
    }

    /// The number of the newest move that is remembered of this document; 0 where there is none, or it can't be read.
    fn remembered(&self, paths: &Paths, name: Option<Nonce>) -> u64 {
        let told = self.record.as_ref().zip(name).and_then(|(record, name)| record.newest(paths, name).ok());
        told.unwrap_or(0)
    }

    fn paths(&self) -> Result<Paths, StoreError> {
        Paths::resolve_foreign(&*self.disk, &self.entry)
    }

    fn judge(&self, paths: &Paths) -> Judge<'_> {
        let key = self.keys.get(paths).ok().flatten();
        Judge { table: &self.table, path: &self.path, at_hand: AtHand(key) }
    }

    fn loaded(&self, paths: &Paths, read: Option<&Content>) -> Result<Loaded, StoreError> {
        let Some(Content { bytes, .. }) = read else { return Ok(Loaded { state: State::default(), id: None }) };
        Ok(Loaded { state: open(bytes, &self.judge(paths))?.state, id: Some(id_of(bytes)) })
    }
}

/// A document's id follows from its bytes: Hermes' writes have no id of their own.
fn id_of(bytes: &[u8]) -> u64 {
    let print = digest(&[&String::from_utf8_lossy(bytes)]);
    u64::from_be_bytes(print.0) & !1 | 2
}

impl<D: Disk> Store for HermesStore<D> {
    type Locked<'a> = HermesLocked<'a, D>;
    type Alive = FileAlive<D>;
    type Room = Room<D>;

    /// Hermes tells readers nothing.
    fn word(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.disk.shed();
        let paths = self.paths()?;
        paths.check_folder(&*self.disk)?;
        let read = read_bytes(&*self.disk, &paths.document)?;
        self.loaded(&paths, read.as_ref())
    }

    fn lock(&self, patience_ms: u64) -> Result<HermesLocked<'_, D>, StoreError> {
        self.disk.shed();
        lock::lock(self, patience_ms)
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        let paths = self.paths()?;
        if !self.trusts_file_system {
            trust(&*self.disk, &paths)?;
        }
        Ok(())
    }

    fn enlist(&self) -> Result<FileAlive<D>, StoreError> {
        claims::enlist_act(&self.disk, &self.paths()?)
    }

    fn reserve(&self, bytes: usize) -> Result<Room<D>, StoreError> {
        Room::reserve(&self.disk, &self.paths()?, bytes)
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        claims::is_alive(&*self.disk, &self.paths()?, actor)
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        claims::left(&*self.disk, &self.paths()?, claim)
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        claims::wait(&*self.disk, &self.paths()?, claim, patience_ms)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        self.disk.shed();
        self.disk.keep().holds(actor.name)
    }
}
