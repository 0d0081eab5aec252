//! Hermes' own `auth.json` as a store of [`credlatch`], so that credlatch and Hermes can use one file while a person moves over.
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
//!
//! ```
//! use credlatch::{Latch, Secret};
//! use credlatch_hermes::BuilderExt;
//!
//! # fn main() -> Result<(), credlatch::Error> {
//! # let folder = tempfile::tempdir().unwrap();
//! # let auth_json = folder.path().join("auth.json");
//! let latch = Latch::builder().hermes(auth_json).open()?;
//! latch.set("minimax", Secret::try_from("mm-1")?)?; // Hermes has it too
//! # Ok(())
//! # }
//! ```
#![cfg(unix)]

mod json;
mod load;
mod lock;
mod row;
mod save;
mod side;
mod status;
mod store;
mod suppress;
#[cfg(test)]
mod tests;

use std::path::Path;

use credlatch::Builder;
use credlatch::any_store::AnyStore;
use credlatch::core::port::{CommitError, StoreError};
use credlatch::states::{Document, Inspection, Means, StateStore};

pub use lock::HermesLocked;
pub use store::HermesStore;

/// What [`Builder`] gets by this crate.
pub trait BuilderExt {
    /// Hermes' `auth.json` as the store, in place of a directory. It is one profile; the home is not used.
    #[must_use]
    fn hermes(self, auth_json: impl AsRef<Path>) -> Self;
}

impl BuilderExt for Builder {
    fn hermes(self, auth_json: impl AsRef<Path>) -> Self {
        let path = auth_json.as_ref().to_owned();
        self.store_of_states(Document { path, what: "Hermes' file", scheme: "hermes", open })
    }
}

fn open(path: &Path, means: Means) -> Result<Box<dyn StateStore>, StoreError> {
    let store = HermesStore::new(path, means.table)?.trusting_file_system(means.trusts_file_system);
    Ok(Box::new(store.remembering(means.claims).keyed_by(means.fingerprint_key)))
}

impl StateStore for HermesStore {
    fn into_any(self: Box<Self>) -> AnyStore {
        AnyStore::new(*self)
    }

    fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError> {
        self.adopt_copy(patience_ms)
    }

    fn inspect(&self) -> Inspection {
        Inspection {
            path: self.path().to_owned(),
            provenance: self.provenance(),
            forgets: self.forgets(),
            may_be_made_to_forget: self.may_be_made_to_forget(),
        }
    }
}
