//! The way in for a store of states that another crate of this house keeps in a document of its own, as credlatch-hermes does.
//! A store from outside keeps bytes: see [`store`](mod@crate::store).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::port::{CommitError, StoreError};
use credlatch_core::provider::Table;

use crate::any_store::AnyStore;
pub use crate::docfile::provenance::Provenance;
pub use crate::trusted::Distrust;

/// A document that is one profile's store.
#[derive(Clone, Debug)]
pub struct Document {
    /// Where it is.
    pub path: PathBuf,
    /// What people call it, such as `Hermes' file`.
    pub what: &'static str,
    /// What stands before its path in `CREDLATCH_STORE`, such as `hermes`: by that a command of ours finds the same store.
    pub scheme: &'static str,
    /// Makes a store of it. Nothing is read or made yet.
    pub open: Open,
}

/// Makes a store of the document at a path.
pub type Open = fn(&Path, Means) -> Result<Box<dyn StateStore>, StoreError>;

/// What a store rests on beside its document.
#[derive(Clone, Debug)]
pub struct Means {
    /// The providers.
    pub table: Arc<Table>,
    /// Whether the locks of a network or FUSE file system are believed.
    pub trusts_file_system: bool,
    /// Where claims are remembered.
    pub claims: Option<PathBuf>,
    /// Where the key of marks is.
    pub fingerprint_key: Option<PathBuf>,
}

/// Such a store, and what is asked of it beside its engine.
pub trait StateStore {
    /// The store that an engine runs over.
    fn into_any(self: Box<Self>) -> AnyStore;

    /// Makes a copied or restored document this place's own.
    ///
    /// # Errors
    /// As those of any commit.
    fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError>;

    /// What doctor wants to know of it.
    fn inspect(&self) -> Inspection;
}

/// What doctor says of a document.
#[derive(Debug)]
pub struct Inspection {
    /// Where it is, before links are followed.
    pub path: PathBuf,
    /// Where it comes from.
    pub provenance: Result<Provenance, StoreError>,
    /// Why claims are not remembered outside, if they aren't.
    pub forgets: Option<StoreError>,
    /// Why what is remembered of claims may be taken away by others, if it may.
    pub may_be_made_to_forget: Option<Distrust>,
}
