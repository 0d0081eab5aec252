//! A build without the system's key store: a key that is there is told as not at hand.
#![expect(clippy::unused_self, reason = "it has the face of what it stands for")]

use credlatch_core::port::StoreError;

use super::source::{KeyBytes, missing};

/// No store.
#[derive(Clone, Debug, Default)]
pub(crate) struct KeyStore(());

impl KeyStore {
    /// No key.
    pub(super) fn key(&self, _name: &str) -> Result<KeyBytes, StoreError> {
        let remedy = "use a program that was built with it: of the command, one with its feature `secret-service`";
        Err(missing(
            "it is in the system's key store, and this program was built without credlatch's feature `keyring`",
            remedy,
        ))
    }

    /// Nothing is made.
    pub(super) fn make_if_missing(&self, name: &str) -> Result<bool, StoreError> {
        self.key(name).map(|_| false)
    }
}
