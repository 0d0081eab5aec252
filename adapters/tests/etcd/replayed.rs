//! What a real cluster answered, asked of the model: the one that tests explore answers the same, transaction by transaction.

use std::sync::Arc;
use std::time::Duration;

use credlatch::Profile;
use credlatch::etcd::Etcd;
use credlatch::etcd::port::{Change, Cluster as Port, Done, KeyValue, Keys, Lease, Op, Trouble, Txn, Watching};
use credlatch::store::{Commit, CommitId, SecretBytes, StoreHome};
use parking_lot::Mutex;

use crate::cluster::Cluster;
use crate::model::Model;

/// A way to a cluster that writes down what it is asked and answers.
struct Recording {
    way: Arc<dyn Port>,
    /// Shared by all machines.
    log: Arc<Mutex<Vec<(Txn, Done)>>>,
    name: String,
}

impl Port for Recording {
    fn name(&self) -> String {
        self.way.name()
    }

    fn identity(&self) -> String {
        format!("{} {}", self.way.identity(), self.name)
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        let done = self.way.transact(txn, patience)?;
        self.log.lock().push((txn.clone(), done.clone()));
        Ok(done)
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        self.way.list(keys, patience)
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.way.read_from_any(key, patience)
    }

    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.way.read_at(key, revision, patience)
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        self.way.grant(ttl, patience)
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        self.way.keep_alive(lease, patience)
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        self.way.revoke(lease, patience)
    }

    fn watch(
        &self,
        key: &str,
        after: u64,
        patience: Duration,
        tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        self.way.watch(key, after, patience, tell)
    }
}

fn writes(txn: &Txn, done: &Done) -> bool {
    done.succeeded && txn.then.iter().any(|op| !matches!(op, Op::Get(_)))
}

#[test]
fn the_model_answers_what_a_real_cluster_answered() {
    let Some(cluster) = Cluster::start(3) else { return };
    let log = Arc::new(Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for at in 0..4_u64 {
            let (log, cluster) = (Arc::clone(&log), &cluster);
            scope.spawn(move || {
                let way = cluster.etcd("replayed").cluster().unwrap();
                let recording = Recording { way, log, name: at.to_string() };
                let home = Etcd::modelled(Arc::new(recording), "replayed");
                let home = home.at_home(&cluster.machine(&at.to_string())).unwrap().of_any_commits();
                let store =
                    home.store(&Profile::new(["one", "two"][usize::try_from(at % 2).unwrap()]).unwrap()).unwrap();
                for round in 0..40 {
                    let id = 2 * (1 + at * 100 + round);
                    // Nobody waits, so some come to what another changed meanwhile.
                    let Ok(mut locked) = store.lock(Duration::ZERO) else { continue };
                    let Ok(stands) = locked.read() else { continue };
                    let document = SecretBytes::from(id.to_string().into_bytes());
                    let replaces = stands.map(|stored| stored.id);
                    let _ = locked.commit(&Commit::new(replaces, CommitId::new(id).unwrap(), &document));
                }
            });
        }
    });
    let mut log = std::mem::take(&mut *log.lock());
    // What writes makes a revision, and what doesn't sees it.
    log.sort_by_key(|(txn, done)| (done.revision, !writes(txn, done)));
    let model = Model::new("that replays");
    let (mut succeeded, mut failed) = (0, 0);
    for (txn, done) in &log {
        let before = if writes(txn, done) { done.revision - 1 } else { done.revision };
        let said = model.replay(before, txn);
        assert_eq!((said.succeeded, said.revision), (done.succeeded, done.revision), "{txn:?}");
        if done.succeeded {
            assert_eq!(said.read, done.read, "{txn:?}");
        }
        *(if done.succeeded { &mut succeeded } else { &mut failed }) += 1;
    }
    println!("replayed {succeeded} transactions that were carried out, and {failed} that were not");
    assert!(succeeded > 100 && failed > 0, "{succeeded} {failed}");
}
