//! What the rest of this crate asks of a latch.

#[cfg(feature = "http")]
use std::sync::Arc;

#[cfg(all(feature = "file", unix))]
use credlatch_core::port::Issuer;

use super::Latch;
#[cfg(all(feature = "file", unix))]
use crate::engine::Engine;

#[cfg(any(feature = "http", all(feature = "file", unix)))]
impl Latch {
    #[cfg(all(feature = "file", unix))]
    pub(crate) fn issuer(&self) -> &dyn Issuer {
        &*self.0.issuer
    }

    #[cfg(all(feature = "file", unix))]
    pub(crate) fn patience(&self) -> u64 {
        self.0.patience_ms
    }

    /// The directory of its store, if it is in one.
    #[cfg(all(feature = "doctor", unix))]
    pub(crate) fn home(&self) -> Option<&std::path::Path> {
        self.0.opened.directory().filter(|_| self.0.opened.elsewhere().is_none())
    }

    /// Its store in a directory, opened once more.
    #[cfg(all(feature = "doctor", unix))]
    pub(crate) fn file_store(&self) -> Option<crate::file::FileStore> {
        self.0.opened.file_store(self.home()?).ok()
    }

    /// Its store, if that is one of states in a document of its own.
    #[cfg(all(feature = "doctor", unix))]
    pub(crate) fn state_store(&self) -> Option<Box<dyn crate::states::StateStore>> {
        self.0.opened.state_store(&self.0.table).ok().flatten()
    }

    /// The profiles of its store, if that is in etcd.
    #[cfg(all(feature = "doctor", feature = "etcd", unix))]
    pub(crate) fn etcd_home(&self) -> Option<std::sync::Arc<crate::etcd::EtcdHome>> {
        self.0.opened.etcd_home()
    }

    /// Its engine.
    #[cfg(all(feature = "file", unix))]
    pub(crate) fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// Whether something goes on that ends with the latch: a login that it polls, a rotation, a grant that waits to be
    /// saved.
    #[cfg(any(feature = "http", all(feature = "file", unix)))]
    pub(crate) fn is_at_work(&self) -> bool {
        self.0.workers.are_busy() || self.0.engine.has_unsaved()
    }

    /// Whether both are handles of one latch.
    #[cfg(feature = "http")]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
