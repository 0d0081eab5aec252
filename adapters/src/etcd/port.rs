//! What a store asks of etcd: transactions, leases and watches, as a trait. The gateway of a real cluster implements it, and the
//! model that tests explore.

use std::time::Duration;

use credlatch_core::port::{Clock, StoreError, StoreErrorKind};

use crate::store::SecretBytes;
use crate::system::SystemClock;

/// A key, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyValue {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: SecretBytes,
    /// How often it was put since it was created: 1 for the first time.
    pub version: u64,
    /// The revision of the whole store that created it.
    pub created: u64,
    /// The revision that put it last.
    pub modified: u64,
}

/// What must be so, for a transaction to be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Compare {
    /// The key was put last by this revision; 0 if it must not be there.
    Modified(String, u64),
    /// The key was created by this revision; 0 if it must not be there.
    Created(String, u64),
    /// The key has this value.
    Is(String, Vec<u8>),
}

/// What a transaction does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    /// Puts a value, which goes with the lease if one is named.
    Put(String, SecretBytes, Option<Lease>),
    /// Takes a key away.
    Delete(String),
    /// Reads a key.
    Get(String),
}

/// A transaction: all of `then` if everything in `when` is so, or nothing of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Txn {
    /// What must be so.
    pub when: Vec<Compare>,
    /// What is done then.
    pub then: Vec<Op>,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Whether everything was as it must be.
    pub succeeded: bool,
    /// The revision of the whole store that it was carried out at.
    pub revision: u64,
    /// Which cluster says so.
    pub cluster: u64,
    /// What each `Get` read, in their order.
    pub read: Vec<Option<KeyValue>>,
}

/// Which keys are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keys {
    /// Those that begin so, by name, without values.
    NamesUnder(String),
    /// Of those that begin so the one that was created last before this revision.
    LastCreatedBefore(String, u64),
}

/// A lease, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(pub i64);

/// What a watch tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing, and that the watch goes on; as of this revision, if one is named.
    Alive(Option<u64>),
    /// The key was put.
    Put(KeyValue),
    /// The key was taken away by this revision.
    Deleted(u64),
}

/// Whether whoever watches wants more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watching {
    /// Yes.
    GoOn,
    /// No.
    Enough,
}

/// One member, by the name that it is reached by, and how it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// `https://a:2379`.
    pub name: String,
    /// How it says that it is, or why it doesn't.
    pub state: Result<MemberState, StoreError>,
}

/// How a member says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberState {
    /// The cluster that it is of.
    pub cluster: u64,
    /// Whether it knows a leader.
    pub has_leader: bool,
    /// Whether the cluster takes no writes because a quota is used up.
    pub is_full: bool,
    /// Whether a member's data was found to differ from the others'.
    pub is_corrupt: bool,
}

/// Why etcd didn't do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It wasn't done and never will be, for this reason.
    Refused(StoreError),
    /// It may have been done, may be done later, or never.
    Unknown(StoreError),
    /// What was to be read, or watched from, is gone from etcd's memory.
    Compacted,
}

impl Trouble {
    /// The same as a store says it. Whether something was done is another matter.
    pub fn into_error(self) -> StoreError {
        match self {
            Self::Refused(error) | Self::Unknown(error) => error,
            Self::Compacted => StoreError::new(
                StoreErrorKind::Unreachable,
                "etcd has forgotten the revision that was asked for: it was compacted away",
                "try again: what stands is read anew",
            ),
        }
    }
}

/// An etcd, as one store sees it.
pub trait Cluster: Send + Sync {
    /// What people call it, without a secret: `etcd at https://a:2379`.
    fn name(&self) -> String;

    /// The same for whoever shares what it knows of one: two of one identity are the same cluster, asked as the same user.
    fn identity(&self) -> String {
        self.name()
    }

    /// How each member is, as far as that can be asked. Nothing is written for it, and no leader is needed.
    fn members(&self, _patience: Duration) -> Vec<Member> {
        Vec::new()
    }

    /// Milliseconds on a clock of this machine that goes on while it sleeps, and that nobody sets.
    fn up_ms(&self) -> u64 {
        SystemClock.now().up_ms
    }

    /// Carries a transaction out, linearizably: everything that had returned before is seen. It takes no longer than this.
    ///
    /// # Errors
    /// [`Trouble::Unknown`] unless it is certain that nothing was done.
    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble>;

    /// Reads keys, linearizably.
    ///
    /// # Errors
    /// etcd doesn't answer, or refuses.
    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble>;

    /// Reads a key as any one member has it, which may be old.
    ///
    /// # Errors
    /// No member answers, or all refuse.
    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble>;

    /// Reads a key as it stood at this revision, linearizably.
    ///
    /// # Errors
    /// [`Trouble::Compacted`] if that is forgotten; etcd doesn't answer, or refuses.
    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble>;

    /// A lease that ends after so long unless it is kept alive.
    ///
    /// # Errors
    /// There is none, as far as anybody knows.
    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble>;

    /// Has a lease begin anew. Returns whether there was one.
    ///
    /// # Errors
    /// Nobody knows.
    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble>;

    /// How long a key stays that goes with a lease, if nobody keeps that alive; none of another key, if it isn't there, and where that can't
    /// be asked.
    ///
    /// # Errors
    /// etcd doesn't answer, or refuses.
    fn lasts(&self, _key: &str, _patience: Duration) -> Result<Option<Duration>, Trouble> {
        Ok(None)
    }

    /// Ends a lease, and takes away what goes with it.
    ///
    /// # Errors
    /// It may go on until its time.
    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble>;

    /// Tells of the changes of a key after this revision, in their order, until `tell` has enough or `patience` is over.
    ///
    /// # Errors
    /// [`Trouble::Compacted`]; or etcd ended it, or can't be reached.
    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble>;
}
