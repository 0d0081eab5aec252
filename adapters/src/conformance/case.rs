//! What every check begins with: profiles of its own, and handles on them.

use std::sync::Arc;
use std::time::Duration;

use credlatch_core::name::ProfileName;

use super::Suite;
use crate::store::{
    ActId, ByteStore, Commit, CommitError, CommitId, SecretBytes, StoreError, StoreErrorKind, StoreHome, Stored,
};

/// What a check comes to: kept, or not asked for a reason; or how it is broken.
pub(super) type CheckResult = Result<Option<&'static str>, String>;

/// Longer than any lock is held here.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// One check.
pub(super) struct Case<'a> {
    pub(super) suite: &'a Suite<'a>,
    /// A name that no other check has.
    name: String,
}

impl<'a> Case<'a> {
    pub(super) fn new(suite: &'a Suite<'a>) -> Self {
        Self { suite, name: format!("conformance-{}", &ActId::fresh().to_string()[..12]) }
    }

    /// One more handle on everything.
    pub(super) fn home(&self) -> Arc<dyn StoreHome> {
        (self.suite.open)()
    }

    /// A profile of this check's own.
    pub(super) fn profile(&self) -> Result<ProfileName, String> {
        self.another("")
    }

    /// Another one.
    pub(super) fn another(&self, which: &str) -> Result<ProfileName, String> {
        ProfileName::new(&format!("{}{which}", self.name)).map_err(|error| error.to_string())
    }

    /// One more handle on this check's profile.
    pub(super) fn open(&self) -> Result<Arc<dyn ByteStore>, String> {
        self.open_of(&self.profile()?)
    }

    pub(super) fn open_of(&self, profile: &ProfileName) -> Result<Arc<dyn ByteStore>, String> {
        self.home().store(profile).map_err(said("opening a store"))
    }
}

/// Says of an error where it came from.
pub(super) fn said(doing: &str) -> impl Fn(StoreError) -> String {
    move |error| format!("{doing} failed as {:?}: {error}", error.kind)
}

/// The id of the commit that holds this number.
pub(super) fn id(number: u64) -> CommitId {
    let Some(id) = CommitId::new(2 * (number + 1)) else { unreachable!("it is not 0 and small") };
    id
}

/// The document of the commit that holds this number.
pub(super) fn document(number: u64) -> SecretBytes {
    number.to_string().into_bytes().into()
}

/// The number that a commit holds.
pub(super) fn number(stored: Option<&Stored>) -> Result<u64, String> {
    let Some(stored) = stored else { return Ok(0) };
    let text = std::str::from_utf8(&stored.document).ok().and_then(|text| text.parse().ok());
    text.ok_or_else(|| "a document was read that nobody wrote".to_owned())
}

/// Commits a number in the place of another, in one lock.
pub(super) fn put(store: &dyn ByteStore, replaces: Option<u64>, next: u64) -> Result<(), CommitError> {
    let mut locked = store.lock(LONG).map_err(CommitError::NotSaved)?;
    locked.commit(&Commit::new(replaces.map(id), id(next), &document(next)))
}

/// The same where it must succeed.
pub(super) fn must_put(store: &dyn ByteStore, replaces: Option<u64>, next: u64) -> Result<(), String> {
    put(store, replaces, next).map_err(|error| format!("a commit in the place of what stands failed: {error}"))
}

/// Counts one up, again and again until nobody was faster.
pub(super) fn count(store: &dyn ByteStore) -> Result<(), String> {
    for _ in 0..10_000 {
        let mut locked = store.lock(LONG).map_err(said("locking"))?;
        let stood = locked.read().map_err(said("reading under the lock"))?;
        let next = number(stood.as_ref())? + 1;
        let replaces = stood.map(|stood| stood.id);
        match locked.commit(&Commit::new(replaces, CommitId::fresh(), &document(next))) {
            Ok(()) => return Ok(()),
            Err(CommitError::NotSaved(error)) if error.kind == StoreErrorKind::Busy => {}
            Err(error) => return Err(format!("a commit failed: {error}")),
        }
    }
    Err("a commit was overtaken 10,000 times".to_owned())
}

pub(super) fn expect(is_so: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise()) }
}
