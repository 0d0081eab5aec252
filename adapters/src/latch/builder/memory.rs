//! Latches that keep nothing.

use std::sync::Arc;

use credlatch_core::port::Clock;
use credlatch_core::provider::Table;
use credlatch_core::state::State;

use super::Builder;
use crate::any_store::AnyStore;
use crate::error::Error;
use crate::latch::{Latch, siblings};
use crate::memory::{MemoryHome, MemoryStore};
use crate::table;

impl Builder {
    /// Opens a latch that keeps nothing and shares nothing, on any clock. The home is not used; for a store in memory that
    /// several latches share see [`Builder::memory`].
    ///
    /// # Errors
    /// The provider file can't be read, a row breaks a rule of the table, or this build reads no file because it has no feature
    /// `file`.
    pub fn in_memory(self, clock: impl Clock + 'static) -> Result<Latch, Error> {
        let in_memory = self.memory(&MemoryHome::new()).clock(clock);
        in_memory.open()
    }

    /// The same with the table that ships.
    pub(in crate::latch) fn in_memory_built_in(self, clock: impl Clock + 'static) -> Latch {
        self.clock(clock).in_memory_home(&MemoryHome::new(), Arc::new(table::built_in()))
    }

    pub(super) fn in_memory_home(self, home: &MemoryHome, table: Arc<Table>) -> Latch {
        let store = home.store(&self.profile);
        let document = siblings::DocumentId::in_memory(&store);
        let nowhere = Self { stores: None, ..self.kept_nowhere() };
        nowhere.latch(AnyStore::new(store), table, document)
    }

    /// Opens a latch over a state that somebody made, with this table: for harnesses that look at what is said of one.
    #[doc(hidden)]
    pub fn over(self, state: State, table: Table, clock: impl Clock + 'static) -> Latch {
        let mut over = self.kept_nowhere().clock(clock);
        over.providers = None;
        over.latch(AnyStore::new(MemoryStore::holding(state)), Arc::new(table), siblings::DocumentId::default())
    }

    pub(super) fn kept_nowhere(mut self) -> Self {
        self.home = None;
        #[cfg(all(feature = "file", unix))]
        {
            self.states = None;
        }
        self
    }
}
