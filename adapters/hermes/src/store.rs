//! The store: Hermes' file, its lock, and the signs of life beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch::docfile::RealDisk;
use credlatch::docfile::claims::{self, FileAlive};
use credlatch::docfile::content::{Content, read_bytes};
use credlatch::docfile::disk::Disk;
use credlatch::docfile::draft::Draft;
use credlatch::docfile::errors::io_error;
use credlatch::docfile::key::Keys;
use credlatch::docfile::paths::Paths;
use credlatch::docfile::provenance::{Provenance, adopted, trust};
use credlatch::docfile::record::Record;
use credlatch::states::Distrust;
use credlatch_core::fingerprint::{AtHand, digest};
use credlatch_core::port::{CommitError, Left, Loaded, Locked, Store, StoreError, StoreErrorKind};
use credlatch_core::provider::Table;
use credlatch_core::state::{Actor, Claim, Nonce, State};

use crate::load::open;
use crate::lock::{self, HermesLocked};
use crate::row::RowReader;

/// Hermes' file. It may be shared by any number of threads, and any number of processes, Hermes' among them, may use it.
pub struct HermesStore<D: Disk = RealDisk> {
    pub(crate) disk: Arc<D>,
    /// The document's name, as Hermes knows it; links may lead on from it.
    pub(crate) entry: PathBuf,
    /// The same as text, for links.
    path: String,
    table: Arc<Table>,
    pub(crate) gate: D::Gate,
    trusts_file_system: bool,
    pub(crate) record: Option<Record>,
    pub(crate) keys: Keys,
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
            keys: Keys::at(None, PathBuf::new()),
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
        let opened = open(&read.bytes, &self.row_reader(&paths))?;
        let is_home = match disk.metadata_at(&paths.lock) {
            Ok(metadata) => opened.side.is_of(metadata.file_id, metadata.born_ns),
            // Hermes makes it when it wants it.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => opened.side.lock.is_none(),
            Err(error) => return Err(io_error("look at", &paths.lock, &error)),
        };
        if !is_home {
            return Ok(Provenance::Copied);
        }
        let is_behind = self.remembered(&paths, opened.side.store) > opened.state.last_move;
        Ok(if is_behind { Provenance::RolledBack } else { Provenance::Own })
    }

    /// Why claims are not remembered outside, if they aren't.
    pub(crate) fn forgets(&self) -> Option<StoreError> {
        Record::trouble_of(self.record.as_ref(), &self.paths().ok()?)
    }

    /// Why what is remembered of claims may be taken away by others, if it may.
    pub(crate) fn may_be_made_to_forget(&self) -> Option<Distrust> {
        self.record.as_ref()?.can_be_taken()
    }

    /// The number of the newest move that is remembered of this document; 0 where there is none, or it can't be read.
    pub(crate) fn remembered(&self, paths: &Paths, name: Option<Nonce>) -> u64 {
        let told = self.record.as_ref().zip(name).and_then(|(record, name)| record.newest(paths, name).ok());
        told.unwrap_or(0)
    }

    pub(crate) fn paths(&self) -> Result<Paths, StoreError> {
        Paths::resolve_foreign(&*self.disk, &self.entry)
    }

    pub(crate) fn row_reader(&self, paths: &Paths) -> RowReader<'_> {
        let key = self.keys.get(paths).ok().flatten();
        RowReader { table: &self.table, path: &self.path, at_hand: AtHand(key) }
    }

    pub(crate) fn loaded(&self, paths: &Paths, read: Option<&Content>) -> Result<Loaded, StoreError> {
        let Some(Content { bytes, .. }) = read else { return Ok(Loaded { state: State::default(), id: None }) };
        Ok(Loaded { state: open(bytes, &self.row_reader(paths))?.state, id: Some(id_of(bytes)) })
    }
}

/// A document's id follows from its bytes: Hermes' writes have no id of their own.
pub(crate) fn id_of(bytes: &[u8]) -> u64 {
    let print = digest(&[&String::from_utf8_lossy(bytes)]);
    u64::from_be_bytes(print.0) & !1 | 2
}

impl<D: Disk> Store for HermesStore<D> {
    type Locked<'a> = HermesLocked<'a, D>;
    type Alive = FileAlive<D>;
    type Reservation = Draft<D>;

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

    fn reserve(&self, bytes: usize) -> Result<Draft<D>, StoreError> {
        Draft::reserve(&self.disk, &self.paths()?, bytes)
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        claims::is_alive(&*self.disk, &self.paths()?, actor)
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        claims::left(&*self.disk, &self.paths()?, claim, None)
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        claims::wait(&*self.disk, &self.paths()?, claim, patience_ms, None)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        self.disk.shed();
        self.disk.keep().holds(actor.name)
    }
}
