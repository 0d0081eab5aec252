//! A key in the system's key store, by the trait of the crate keyring-core, which has a store for each system. The program brings the
//! store; what is chosen, and remembered, is the name of an entry in it.

use std::fmt;
use std::sync::Arc;

use credlatch_core::port::StoreError;
use keyring_core::{CredentialPersistence, CredentialStore, Entry, Error};
use zeroize::Zeroizing;

use super::source::{KEY_NAME, KeyBytes, missing, sealed};
use crate::key_file;

/// The service of what is written only to see whether the store is open.
const TRIAL: &str = "credlatch-trial";

/// The store that a program gave; else the one that it made the default of keyring-core.
#[derive(Clone, Default)]
pub(crate) struct KeyStore(Option<Arc<CredentialStore>>);

impl fmt::Debug for KeyStore {
    // A store in memory may show what it holds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyStore")
    }
}

impl KeyStore {
    /// That store and no other.
    pub(crate) fn given(store: Arc<CredentialStore>) -> Self {
        Self(Some(store))
    }

    /// The key in the entry of that name.
    pub(super) fn key(&self, name: &str) -> Result<KeyBytes, StoreError> {
        self.find(name)?.ok_or_else(|| {
            let remedy = "bring the entry back, or log in as the user who has it; nothing was changed";
            missing(format!("the key store has no entry `{name}` of {KEY_NAME}"), remedy)
        })
    }

    /// Makes a key in the entry of that name, if there is none. Returns whether it did. The caller keeps others who would make one out.
    pub(super) fn make_if_missing(&self, name: &str) -> Result<bool, StoreError> {
        if self.find(name)?.is_some() {
            return Ok(false);
        }
        self.must_last()?;
        // A store that is locked may show nothing of what it has, and a write has it opened.
        let trial = self.entry(TRIAL, name)?;
        trial.set_password("nothing is kept here").and_then(|()| trial.delete_credential()).map_err(refused)?;
        if self.find(name)?.is_some() {
            return Ok(false);
        }
        let key = key_file::fresh().map_err(|error| sealed(format!("no key can be made: {error}"), "try again"))?;
        self.entry(KEY_NAME, name)?.set_password(key.trim_end()).map(|()| true).map_err(refused)
    }

    /// The key in the entry of that name; none if there is no such entry.
    fn find(&self, name: &str) -> Result<Option<KeyBytes>, StoreError> {
        let text = match self.entry(KEY_NAME, name)?.get_secret() {
            Ok(text) => Zeroizing::new(text),
            Err(Error::NoEntry) => return Ok(None),
            Err(error) => return Err(refused(error)),
        };
        let key = std::str::from_utf8(&text).ok().and_then(key_file::parse);
        key.map(Some).ok_or_else(|| {
            let what = format!("what the key store has in the entry `{name}` of {KEY_NAME} is no key");
            sealed(what, "put the right one back: 64 hexadecimal digits; nothing was changed")
        })
    }

    fn entry(&self, service: &str, name: &str) -> Result<Entry, StoreError> {
        self.store()?.build(service, name, None).map_err(refused)
    }

    fn store(&self) -> Result<Arc<CredentialStore>, StoreError> {
        self.0.clone().or_else(keyring_core::get_default_store).ok_or_else(|| {
            let remedy = "use one that brings it: of the command, one that was built with its feature `secret-service`";
            missing("this program has no key store", remedy)
        })
    }

    /// Refuses to make a key in what forgets it: what it seals would be lost with it.
    fn must_last(&self) -> Result<(), StoreError> {
        let end = match self.store()?.persistence() {
            CredentialPersistence::EntryOnly | CredentialPersistence::ProcessOnly => "this program",
            CredentialPersistence::UntilLogout => "the session",
            CredentialPersistence::UntilReboot => "the machine's uptime",
            _ => return Ok(()),
        };
        let what = format!("this key store forgets its entries at the end of {end}, so no key is made there");
        Err(sealed(what, "put a key there that you keep elsewhere too, or name another place for it"))
    }
}

/// Why a store gives nothing, and takes nothing.
fn refused(error: Error) -> StoreError {
    match error {
        Error::NoStorageAccess(why) => {
            sealed(format!("the key store is locked: {why}"), "unlock it, and do the same again; nothing was changed")
        }
        Error::Ambiguous(entries) => {
            let what =
                format!("the key store has {} entries of that name, and one of them is the seal's key", entries.len());
            sealed(what, "take away the others; nothing was changed")
        }
        // These repeat what is stored.
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            sealed("what the key store has is no text", "put the right key back: 64 hexadecimal digits")
        }
        other => sealed(
            format!("the key store can't be asked: {other}"),
            "see that the session has one and that it runs; nothing was changed",
        ),
    }
}
