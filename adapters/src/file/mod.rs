//! The store on disk: one directory, and in it one document, one lock file and one directory of claims for each profile.
//!
//! ```text
//! <home>/profiles/work.json        the document: replaced as a whole, never written in place
//! <home>/profiles/work.lock        locked by writers; its first eight bytes tell readers whether anything is new
//! <home>/profiles/work.claims/     one locked file for each act in progress
//! ```
//!
//! The lock file is never deleted or renamed. How the document is locked, drafted and replaced is that of every document here
//! (`docfile`); what is in it is the codec's, and what tells readers of a commit is the word.

mod commit;
mod document;
mod inspect;
mod lock;
mod locked;
mod provenance;
mod reader;
#[cfg(feature = "seal")]
mod reseal;
mod word;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::name::ProfileName;
use credlatch_core::port::{Left, Loaded, Store, StoreError};
#[cfg(feature = "doctor")]
use credlatch_core::state::Nonce;
use credlatch_core::state::{Actor, Claim, State};

#[cfg(feature = "doctor")]
use crate::codec::KeyId;
pub use crate::codec::MAX_BYTES;
use crate::docfile::claims;
pub use crate::docfile::claims::FileAlive;
use crate::docfile::disk::{Disk, Open};
pub use crate::docfile::draft::Draft;
use crate::docfile::key::Keys;
use crate::docfile::paths::Paths;
pub use crate::docfile::provenance::Provenance;
use crate::docfile::record::Record;
use crate::docfile::sweep::Sweeper;
pub use crate::docfile::{RealDisk, RealGate, disk, kept};
use crate::seal::Sealing;
use crate::whole::whole;
pub use inspect::{Exposure, Harm, Inspection, Leftover, LockSeen};
pub use lock::FileLocked;

/// One profile of a store on disk. It may be shared by any number of threads, and any number of processes may have one. In this
/// order, what a read needs is in one cache line.
#[repr(C, align(64))]
pub struct FileStore<D: Disk = RealDisk> {
    reader: reader::Reader<D>,
    disk: Arc<D>,
    /// The document's name; links may lead on from it.
    entry: PathBuf,
    home: Arc<Path>,
    gate: D::Gate,
    sweeper: Sweeper<D>,
    trusts_file_system: bool,
    record: Option<Record>,
    keys: Keys,
    sealing: Arc<Sealing>,
    /// Where its files are if no link leads on from the document's name, as is usual.
    unlinked: Arc<Paths>,
}

const _: () = assert!(std::mem::offset_of!(FileStore, home) <= 64, "what a read needs is before the home");

impl FileStore {
    /// The profile of that name in this home. Nothing is read or made yet.
    pub fn new(home: &Path, profile: &ProfileName) -> Self {
        Self::on(Arc::new(RealDisk), home, profile)
    }
}

impl<D: Disk> FileStore<D> {
    /// The same on a disk of the caller's choice.
    #[doc(hidden)]
    pub fn on(disk: Arc<D>, home: &Path, profile: &ProfileName) -> Self {
        let home = whole(home.to_owned());
        let entry = home.join("profiles").join(format!("{profile}.json"));
        let (gate, reader, sweeper) = (D::Gate::default(), reader::Reader::new(), Sweeper::default());
        let home: Arc<Path> = home.into();
        let keys = Keys::at(None, Arc::clone(&home));
        let (sealing, unlinked) = (Arc::new(Sealing::none(profile.as_str())), Arc::new(Paths::unlinked(&entry)));
        let (trusts_file_system, record) = (false, None);
        Self { reader, disk, entry, home, gate, sweeper, trusts_file_system, record, keys, sealing, unlinked }
    }

    /// Lets rotations and logins rest on the locks of a network or FUSE file system, because somebody knows that no other
    /// machine uses it.
    #[must_use]
    pub fn trusting_file_system(mut self, trusts: bool) -> Self {
        self.trusts_file_system = trusts;
        self
    }

    /// Maps the word into memory, so that a read costs no system call: see [`Builder::mapped_reads`](crate::Builder::mapped_reads).
    #[must_use]
    pub fn mapping_word(mut self, maps: bool) -> Self {
        self.reader = self.reader.mapping(maps);
        self
    }

    /// Remembers claims in this file, outside the store's directory, so that a roll-back of the whole directory is noticed.
    /// A home that is opened by a [`Builder`](crate::Builder) has the user's own file. One that lies in this store's own directory
    /// is not used.
    #[must_use]
    pub fn remembering(mut self, claims: Option<PathBuf>) -> Self {
        self.record = claims.map(|file| Record::at(file, Arc::clone(&self.home)));
        self
    }

    /// Why claims are not remembered outside the store's directory, if they aren't.
    #[cfg(feature = "doctor")]
    pub(crate) fn forgets(&self) -> Option<StoreError> {
        Record::trouble_of(self.record.as_ref(), &self.paths().ok()?)
    }

    /// Why what is remembered of claims may be taken away by others, if it may.
    #[cfg(feature = "doctor")]
    pub(crate) fn may_be_made_to_forget(&self) -> Option<crate::trusted::Distrust> {
        self.record.as_ref()?.can_be_taken()
    }

    /// Keys what outlives its secret with the key in this file, which is made when it is first needed. Without one, and where
    /// the file would lie in this store's own directory, that stays plain.
    #[must_use]
    pub fn keyed_by(mut self, file: Option<PathBuf>) -> Self {
        self.keys = Keys::at(file, Arc::clone(&self.home));
        self
    }

    /// Opens what is sealed, and seals what is to be.
    #[must_use]
    pub fn sealing(mut self, sealing: Sealing) -> Self {
        self.sealing = Arc::new(sealing);
        self
    }

    /// The document's path, before links are followed.
    pub fn path(&self) -> &Path {
        &self.entry
    }

    /// The name of the file system, if it is one whose locks can't be trusted: one that is shared over a network, or
    /// served by another process.
    ///
    /// # Errors
    /// The directory can't be looked at.
    pub fn file_system(&self) -> Result<Option<&'static str>, StoreError> {
        crate::docfile::provenance::file_system(&*self.disk, &self.paths()?)
    }

    /// The key that the document was sealed with when it was last read, and the one that a new document would be sealed with.
    #[cfg(feature = "doctor")]
    pub(crate) fn seal(&self) -> Result<(Option<KeyId>, Option<KeyId>), StoreError> {
        Ok((self.sealing.standing(), self.sealing.wanted(None)?))
    }

    /// The sign of life of that name.
    #[cfg(feature = "doctor")]
    pub(crate) fn sign(&self, name: Nonce) -> Result<PathBuf, StoreError> {
        Ok(self.paths()?.claim(name))
    }

    /// Why marks are not keyed here.
    #[cfg(feature = "doctor")]
    pub(crate) fn unkeyed(&self) -> Option<crate::trusted::Distrust> {
        self.keys.distrust(&self.paths().ok()?)
    }

    fn paths(&self) -> Result<Paths, StoreError> {
        Paths::resolve(&*self.disk, &self.entry)
    }

    /// Opens the document to read it, and says where it is. No link is opened, so that where one leads is asked only if that fails.
    fn open_document(&self) -> Result<(Arc<Paths>, io::Result<D::File>), StoreError> {
        let opened = self.disk.open(&self.entry, Open::Read);
        let is_there = |error: &io::Error| error.kind() != io::ErrorKind::NotFound;
        if !opened.as_ref().is_err_and(is_there) {
            return Ok((Arc::clone(&self.unlinked), opened));
        }
        let paths = self.paths()?;
        let opened = self.disk.open(&paths.document, Open::Read);
        Ok((Arc::new(paths), opened))
    }
}

impl<D: Disk> Store for FileStore<D> {
    type Locked<'a> = FileLocked<'a, D>;
    type Alive = FileAlive<D>;
    type Reservation = Draft<D>;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        self.reader.word(&self.disk, &self.entry)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let (paths, opened) = self.open_document()?;
        paths.check_folder(&*self.disk)?;
        let document = document::read_opened(&*self.disk, &paths.document, opened, &self.sealing)?;
        self.reader.saw(&paths, document.as_ref().map(|document| document.metadata));
        Ok(match document {
            Some(document) => Loaded { state: self.keys.beside(&paths, document.state), id: Some(document.id) },
            None => Loaded { state: State::default(), id: None },
        })
    }

    fn lock(&self, patience_ms: u64) -> Result<FileLocked<'_, D>, StoreError> {
        self.disk.shed();
        self.sealing.prepare();
        lock::lock(self, patience_ms)
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        provenance::permit_acts(self)
    }

    fn enlist(&self) -> Result<FileAlive<D>, StoreError> {
        Ok(claims::enlist_act(&self.disk, &self.paths()?)?.sealing(&self.sealing))
    }

    fn reserve(&self, bytes: usize) -> Result<Draft<D>, StoreError> {
        Draft::reserve(&self.disk, &self.paths()?, self.sealing.room(bytes))
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        claims::is_alive(&*self.disk, &self.paths()?, actor)
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        claims::left(&*self.disk, &self.paths()?, claim, Some(&self.sealing))
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        claims::wait(&*self.disk, &self.paths()?, claim, patience_ms, Some(&self.sealing))
    }

    fn is_own(&self, actor: &Actor) -> bool {
        self.disk.shed();
        self.disk.keep().holds(actor.name)
    }
}

/// Parses a document as a load does, and writes it as a commit does: for fuzzing, without a file in between.
///
/// # Errors
/// As a load has it.
#[doc(hidden)]
pub fn rewrite_document(bytes: &[u8]) -> Result<(State, zeroize::Zeroizing<Vec<u8>>), StoreError> {
    document::rewrite(bytes)
}
