//! Either store, so that one harness crashes both: whose file it is, is a property of the world.

use std::path::Path;
use std::sync::Arc;

use credlatch::file::{Draft, FileAlive, FileLocked, FileStore};
use credlatch_core::name::ProfileName;
use credlatch_core::port::{CommitError, Left, Loaded, Locked, Store, StoreError};
use credlatch_core::state::{Actor, Claim, State};
use credlatch_hermes::{HermesLocked, HermesStore};

use super::process::Process;

/// A store of a process.
pub(crate) enum AnyStore {
    Own(Box<FileStore<Process>>),
    Hermes(Box<HermesStore<Process>>),
}

/// The same while it is locked.
pub(crate) enum AnyLocked<'a> {
    Own(FileLocked<'a, Process>),
    Hermes(HermesLocked<'a, Process>),
}

macro_rules! either {
    ($of:ident, $it:expr, $store:ident => $act:expr) => {
        match $it {
            $of::Own($store) => $act,
            $of::Hermes($store) => $act,
        }
    };
}

impl AnyStore {
    /// The store that this process finds in its world.
    pub(crate) fn of(process: &Process, home: &Path) -> Self {
        let disk = Arc::new(process.clone());
        if process.machine.inner().world.is_hermes {
            return Self::Hermes(Box::new(super::shared::store(disk)));
        }
        let store = FileStore::on(disk, home, &ProfileName::default());
        let is_sealed = process.machine.inner().world.is_sealed;
        Self::Own(Box::new(if is_sealed { store.sealing(super::sealed::sealing()) } else { store }))
    }
}

impl Store for AnyStore {
    type Locked<'a> = AnyLocked<'a>;
    type Alive = FileAlive<Process>;
    type Reservation = Draft<Process>;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        either!(Self, self, store => store.word())
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        either!(Self, self, store => store.load())
    }

    fn lock(&self, patience_ms: u64) -> Result<AnyLocked<'_>, StoreError> {
        Ok(match self {
            Self::Own(store) => AnyLocked::Own(store.lock(patience_ms)?),
            Self::Hermes(store) => AnyLocked::Hermes(store.lock(patience_ms)?),
        })
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        either!(Self, self, store => store.permit_acts())
    }

    fn enlist(&self) -> Result<FileAlive<Process>, StoreError> {
        either!(Self, self, store => store.enlist())
    }

    fn reserve(&self, bytes: usize) -> Result<Draft<Process>, StoreError> {
        either!(Self, self, store => store.reserve(bytes))
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        either!(Self, self, store => store.is_alive(actor))
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        either!(Self, self, store => store.left(claim))
    }

    fn is_own(&self, actor: &Actor) -> bool {
        either!(Self, self, store => store.is_own(actor))
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        either!(Self, self, store => store.wait(claim, patience_ms))
    }
}

impl Locked for AnyLocked<'_> {
    type Reservation = Draft<Process>;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        either!(Self, self, locked => locked.load())
    }

    fn commit(&mut self, state: &State, reservation: Option<Draft<Process>>) -> Result<u64, CommitError> {
        either!(Self, self, locked => locked.commit(state, reservation))
    }
}
