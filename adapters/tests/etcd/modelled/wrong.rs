//! Ways to the model that do one thing wrong, to see that it is noticed.

use std::collections::BTreeMap;
use std::time::Duration;

use credlatch::etcd::port::{Change, Cluster, Done, KeyValue, Keys, Lease, Op, Trouble, Txn, Watching};

use crate::model::Member;

/// What a way to a cluster may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A transaction of which nobody knows is sent once more, and what that comes to is told.
    RetriesBlindly,
    /// What nobody knows is told as never done.
    CallsUnknownRefused,
    /// What is put to keep a late transaction from being carried out never arrives.
    NeverFences,
    /// What must be so isn't asked.
    ComparesNothing,
    /// What is read is what a member had that is behind.
    ReadsOld,
    /// Whoever has a lease sends without a look.
    LeaseIsAFence,
    /// A lease is taken for a new one though it may be about to end.
    SendsInTheTail,
    /// An act that was seen half a minute ago is taken for over.
    AgeIsDeath,
    /// Its watches tell nothing, as those of a dead connection do.
    WatchesNothing,
}

/// A way to the model that does one thing wrong.
pub(super) struct WrongCluster {
    right: Member,
    wrong: Wrong,
    old: parking_lot::Mutex<Option<Done>>,
    /// When each act was seen first.
    acts: parking_lot::Mutex<BTreeMap<String, u64>>,
}

impl WrongCluster {
    pub(super) fn new(right: Member, wrong: Wrong) -> Self {
        Self { right, wrong, old: parking_lot::Mutex::default(), acts: parking_lot::Mutex::default() }
    }
}

impl WrongCluster {
    /// Takes an act for over that was seen a while ago.
    fn forget_old(&self, found: &mut Option<KeyValue>) {
        let Some(kv) = found.as_ref().filter(|kv| kv.key.contains("/acts/")) else { return };
        let now_ms = self.right.up_ms();
        let since_ms = *self.acts.lock().entry(kv.key.clone()).or_insert(now_ms);
        if now_ms >= since_ms + 30_000 {
            *found = None;
        }
    }
}

impl Cluster for WrongCluster {
    fn name(&self) -> String {
        self.right.name()
    }

    fn identity(&self) -> String {
        self.right.identity()
    }

    fn up_ms(&self) -> u64 {
        self.right.up_ms()
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        let is_fence = txn.then.iter().any(|op| matches!(op, Op::Put(key, ..) if key.contains("/fences/")));
        let reads = txn.then.iter().all(|op| matches!(op, Op::Get(_)));
        let done = match self.wrong {
            Wrong::NeverFences if is_fence => {
                let nothing = Txn { when: Vec::new(), then: Vec::new() };
                return self.right.transact(&nothing, patience);
            }
            Wrong::ComparesNothing => self.right.transact(&Txn { when: Vec::new(), then: txn.then.clone() }, patience),
            _ => self.right.transact(txn, patience),
        };
        match (self.wrong, done) {
            (Wrong::RetriesBlindly, Err(Trouble::Unknown(_))) => match self.right.transact(txn, patience) {
                Err(Trouble::Unknown(error)) => Err(Trouble::Refused(error)),
                other => other,
            },
            (Wrong::CallsUnknownRefused, Err(Trouble::Unknown(error))) => Err(Trouble::Refused(error)),
            (Wrong::LeaseIsAFence, Ok(done)) if reads && !txn.when.is_empty() => Ok(Done { succeeded: false, ..done }),
            (Wrong::AgeIsDeath, Ok(mut done)) if reads => {
                done.read.iter_mut().for_each(|kv| self.forget_old(kv));
                Ok(done)
            }
            (Wrong::ReadsOld, Ok(done)) if reads => Ok(self.old.lock().replace(done.clone()).unwrap_or(done)),
            (_, done) => done,
        }
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        self.right.list(keys, patience)
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.right.read_from_any(key, patience)
    }

    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.right.read_at(key, revision, patience)
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        self.right.grant(ttl, patience)
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        let is_believed = matches!(self.wrong, Wrong::LeaseIsAFence | Wrong::SendsInTheTail);
        if is_believed { Ok(true) } else { self.right.keep_alive(lease, patience) }
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        self.right.revoke(lease, patience)
    }

    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        if self.wrong == Wrong::WatchesNothing {
            std::thread::sleep(patience.min(Duration::from_secs(1)));
            return Ok(());
        }
        self.right.watch(key, after, patience, tell)
    }
}
