//! Latches that keep nothing.

use std::sync::Arc;

use credlatch_core::port::Clock;
use credlatch_core::provider::Table;
use credlatch_core::state::State;

use super::Builder;
use crate::error::Error;
#[cfg(not(all(feature = "file", unix)))]
use crate::error::ErrorKind;
use crate::latch::Latch;
use crate::memory::MemoryStore;
use crate::table;

impl Builder {
    /// Opens a latch that keeps nothing, on any clock. The home is not used.
    ///
    /// # Errors
    /// The provider file can't be read, or this build reads none because it has no feature `file`.
    pub fn in_memory(self, clock: impl Clock + 'static) -> Result<Latch, Error> {
        #[cfg(all(feature = "file", unix))]
        self.can_delegate(false)?;
        #[cfg(all(feature = "file", unix))]
        let table = self.table()?;
        #[cfg(not(all(feature = "file", unix)))]
        let table = match (&self.table, &self.providers) {
            (Some(table), _) => Arc::clone(table),
            (None, None) => Arc::new(table::built_in()),
            (None, Some(file)) => {
                let what = format!("the provider file {} can't be used: this build reads none", file.display());
                return Err(Error::new(ErrorKind::Usage, what, "build credlatch with its feature `file`"));
            }
        };
        Ok(self.in_memory_with(clock, table))
    }

    /// The same with the table that ships.
    pub(in crate::latch) fn in_memory_built_in(self, clock: impl Clock + 'static) -> Latch {
        self.in_memory_with(clock, Arc::new(table::built_in()))
    }

    fn in_memory_with(mut self, clock: impl Clock + 'static, table: Arc<Table>) -> Latch {
        self.home = None;
        #[cfg(all(feature = "hermes", unix))]
        {
            self.hermes = None;
        }
        self.latch(MemoryStore::new(), clock, table, None)
    }

    /// Opens a latch over a state that somebody made, with this table: for harnesses that look at what is said of one.
    #[doc(hidden)]
    pub fn over(mut self, state: State, table: Table, clock: impl Clock + 'static) -> Latch {
        self.home = None;
        self.providers = None;
        self.latch(MemoryStore::holding(state), clock, Arc::new(table), None)
    }
}
