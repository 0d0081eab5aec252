//! Latches over stores of the program's own.

use std::sync::Arc;

use credlatch_core::name::ProfileName;
use credlatch_core::provider::Table;

use super::Builder;
use crate::any_store::AnyStore;
use crate::error::Error;
#[cfg(all(feature = "file", unix))]
use crate::error::ErrorKind;
use crate::latch::{Latch, siblings};
use crate::store::{ByteStore, OverBytes, StoreError, StoreHome};

/// Stores of the program's own.
#[derive(Clone)]
pub(in crate::latch) enum Stores {
    One(Arc<dyn ByteStore>),
    Many(Arc<dyn StoreHome>),
}

impl Stores {
    fn store(&self, profile: &ProfileName) -> Result<Arc<dyn ByteStore>, StoreError> {
        match self {
            Self::One(store) => Ok(Arc::clone(store)),
            Self::Many(home) => home.store(profile),
        }
    }

    /// Where many profiles are.
    #[cfg(all(feature = "file", unix))]
    pub(super) fn home(&self) -> Result<Arc<dyn StoreHome>, Error> {
        match self {
            Self::Many(home) => Ok(Arc::clone(home)),
            Self::One(_) => Err(Error::new(
                ErrorKind::Usage,
                "a store of the program's own is one profile, and not a home of many",
                "open it by itself, or give a home of them to `Builder::stores`",
            )),
        }
    }
}

impl Builder {
    pub(super) fn over_stores(self, stores: &Stores, table: Arc<Table>) -> Result<Latch, Error> {
        let store = stores.store(&self.profile)?;
        let document = siblings::DocumentId::named(&store.name());
        let store = OverBytes::new(store, self.sealing(None)?);
        Ok(self.kept_nowhere().latch(AnyStore::new(store), table, document))
    }

    /// Makes a copy of such a store this place's own.
    #[cfg(all(feature = "file", unix))]
    pub(super) fn adopt_in(&self, stores: &Stores) -> Result<(), Error> {
        let store = stores.store(&self.profile)?;
        let adopted = OverBytes::new(store, self.sealing(None)?).adopt_copy(self.patience_ms);
        Ok(adopted.map_err(credlatch_core::engine::TransactError::from)?)
    }
}
