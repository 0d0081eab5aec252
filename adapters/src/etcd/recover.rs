//! Going back to the newest commit, where somebody else has put something over it, or has taken it away. etcd keeps what stood under a key before, until it
//! is compacted. Whatever isn't a commit is passed over, from what stands now to what stood before, and the first commit that is met is
//! the newest: what is older is never gone back to.

use std::sync::Arc;
use std::time::Duration;

use credlatch_core::port::{CommitError, StoreError, StoreErrorKind};

use super::document::Document;
use super::port::{KeyValue, Trouble};
use super::store::{EtcdStore, Locked};
use super::taken_away;
use super::value::Value;
use crate::store::{ActGuard, ActId, ActRecord, ByteStore, Commit, CommitId, LockedStore, Stored};

/// How long it may take to read what stood there at one time.
const READ: Duration = Duration::from_secs(5);
/// So many values of others are passed over.
const MOST: usize = 1000;

/// Whether a document can be opened; an error that says why not.
type Opens = dyn Fn(&Stored) -> Result<(), StoreError> + Send + Sync;

/// A profile whose newest commit is what was committed last, whatever stands over it.
pub(crate) struct Recovering {
    store: Arc<EtcdStore>,
    opens: Box<Opens>,
}

impl Recovering {
    pub(crate) fn new(
        store: Arc<EtcdStore>,
        opens: impl Fn(&Stored) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { store, opens: Box::new(opens) }
    }

    /// Whether something else stands there than a commit.
    pub(crate) fn is_needed(&self) -> Result<bool, StoreError> {
        let Document { cluster, names, called, .. } = &*self.store.document;
        let (_, kv, revision, _) = self.store.document.look_whatever_stands(READ).map_err(Trouble::into_error)?;
        if let Some(kv) = kv {
            return Ok(!matches!(self.commit_in(&kv), Ok(Some(_))));
        }
        match taken_away::last(&**cluster, &names.document, revision) {
            Ok(Some(_)) => Ok(true),
            Ok(None) | Err(Trouble::Compacted) => Err(StoreError::new(
                StoreErrorKind::Failed,
                format!(
                    "nothing stands where {called} is: nobody has committed it yet, or it was taken away and etcd has forgotten it"
                ),
                "look for another name: `credlatch profiles`; what was forgotten is in a snapshot of the etcd, and `credlatch adopt` begins anew",
            )),
            Err(other) => Err(other.into_error()),
        }
    }

    /// The commit that a value is; none if it is something else.
    ///
    /// # Errors
    /// That can't be told here: the key isn't at hand, or a newer version wrote it.
    fn commit_in(&self, kv: &KeyValue) -> Result<Option<Value>, StoreError> {
        let read = self.store.document.value(Some(kv)).and_then(|value| match value {
            Some(value) => (self.opens)(&value.stored).map(|()| Some(value)),
            None => Ok(None),
        });
        match read {
            Err(error) if error.kind == StoreErrorKind::Unreadable => Ok(None),
            other => other,
        }
    }

    /// The newest commit of all that this key ever had, from what stands there at this revision.
    fn newest(&self, stands: Option<KeyValue>, revision: u64) -> Result<Value, StoreError> {
        let Document { cluster, names, called, .. } = &*self.store.document;
        let taken_away = |before| taken_away::last(&**cluster, &names.document, before);
        let mut found = if stands.is_some() { Ok(stands) } else { taken_away(revision) };
        for _ in 0..MOST {
            let kv = match found {
                Ok(Some(kv)) => kv,
                Ok(None) => return Err(lost(called, "none ever stood there")),
                Err(Trouble::Compacted) => return Err(lost(called, "what stood there before was compacted away")),
                Err(other) => return Err(other.into_error()),
            };
            if let Some(value) = self.commit_in(&kv)? {
                return Ok(value);
            }
            let before = kv.modified.saturating_sub(1);
            found = cluster.read_at(&names.document, before, READ);
            if found == Ok(None) {
                found = taken_away(before);
            }
        }
        Err(lost(called, "too much else was put there since"))
    }
}

fn lost(called: &str, why: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!("no commit of {called} can be found any more: {why}"),
        "restore the etcd from a snapshot; or take that key away (etcdctl del), then `credlatch adopt`, and store anew what was in it",
    )
}

impl ByteStore for Recovering {
    fn name(&self) -> String {
        self.store.name()
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        Ok(None)
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        self.lock(READ)?.read()
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        Ok(Box::new(LockedRecovering { by: self, locked: self.store.locked(patience)? }))
    }

    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        self.store.begin_act(act, bytes)
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        self.store.act(act)
    }

    fn place(&self, stored: &Stored) -> Option<String> {
        self.store.place(stored)
    }

    fn wait_for_act(&self, act: ActId, patience: Duration) {
        self.store.wait_for_act(act, patience);
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        self.store.permit_acts()
    }
}

/// The same while this process changes it.
struct LockedRecovering<'a> {
    by: &'a Recovering,
    locked: Locked<'a>,
}

impl LockedStore for LockedRecovering<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let looked = self.by.store.document.look_whatever_stands(self.locked.left()).map_err(Trouble::into_error)?;
        let (found, kv, revision, _) = looked;
        let found = found.finding(Some(self.by.newest(kv, revision)?));
        Ok(self.locked.found.insert(found).stored.clone())
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        self.locked.commit(commit)
    }

    fn is_copy(&mut self) -> Result<bool, StoreError> {
        self.locked.is_copy()
    }

    fn next_place(&mut self) -> Result<Option<String>, StoreError> {
        self.locked.next_place()
    }
}
