//! How many requests an act costs a cluster: docs/scale.md counts with these.

use std::sync::Arc;
use std::time::Duration;

use credlatch::etcd::Etcd;
use credlatch::etcd::port::{Change, Cluster, Done, KeyValue, Keys, Lease, Op, Trouble, Txn, Watching};
use credlatch::memory::FakeIssuer;
use credlatch::{Label, Latch};
use parking_lot::Mutex;

use super::fresh;
use crate::machine::secret;
use crate::model::{Member, Model};

/// A way to the model that writes down what was asked.
struct Counting(Member, Mutex<Vec<&'static str>>);

impl Counting {
    fn note(&self, what: &'static str) {
        self.1.lock().push(what);
    }

    /// What was asked since the last time.
    fn taken(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.1.lock())
    }
}

impl Cluster for Counting {
    fn name(&self) -> String {
        self.0.name()
    }

    fn identity(&self) -> String {
        self.0.identity()
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        let reads = txn.then.iter().all(|op| matches!(op, Op::Get(_)));
        self.note(if reads { "read" } else { "write" });
        self.0.transact(txn, patience)
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        self.note("list");
        self.0.list(keys, patience)
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.note("read of any");
        self.0.read_from_any(key, patience)
    }

    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.note("read of before");
        self.0.read_at(key, revision, patience)
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        self.note("grant");
        self.0.grant(ttl, patience)
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        self.note("keep alive");
        self.0.keep_alive(lease, patience)
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        self.note("revoke");
        self.0.revoke(lease, patience)
    }

    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        self.0.watch(key, after, patience, tell)
    }
}

#[test]
fn a_read_costs_nothing_for_two_seconds_a_change_two_requests_and_a_renewal_nine() {
    let (model, folder) = (Model::new(&fresh("that counts")), tempfile::tempdir().unwrap());
    let cluster = Arc::new(Counting(Member(model, "one".to_owned()), Mutex::default()));
    let (home, issuer) = (folder.path(), FakeIssuer::new());
    let etcd = Etcd::modelled(Arc::clone(&cluster) as Arc<dyn Cluster>, "counted");
    let builder = Latch::builder().home(home).etcd(etcd).issuer(issuer.clone()).look_ahead(false);
    let latch = builder.claims("").fingerprint_key("").seal_keys("").open().unwrap();
    latch.set("minimax", secret("mm-1")).unwrap();
    cluster.taken();
    latch.set("minimax", secret("mm-2")).unwrap();
    assert_eq!(cluster.taken(), ["read", "write"]);
    for _ in 0..100 {
        latch.current("minimax").unwrap();
    }
    assert_eq!(cluster.taken(), [""; 0]);
    assert!(latch.set_tokens("anthropic", &Label::default(), issuer.signed_in()).unwrap().held_back.is_none());
    cluster.taken();
    latch.rotate("anthropic", &Label::default()).unwrap();
    let asked = cluster.taken();
    let count = |what: &str| asked.iter().filter(|asked| **asked == what).count();
    // The lease and its key, the claim, the look before the first byte, the settlement, and the end of the lease.
    assert_eq!((count("grant"), count("keep alive"), count("revoke")), (1, 1, 1), "{asked:?}");
    assert_eq!((count("read"), count("write")), (3, 3), "{asked:?}");
    assert_eq!(asked.len(), 9, "{asked:?}");
}
