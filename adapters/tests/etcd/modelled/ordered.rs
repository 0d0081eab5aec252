//! Every order, by loom, in which the transactions of machines come to the model, and in which the network has its way with one of them:
//! each commit is what its maker was told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::Duration;

use credlatch::Profile;
use credlatch::etcd::port::{Change, Cluster, Done, KeyValue, Keys, Lease, Trouble, Txn, Watching};
use credlatch::store::{ActId, Commit, CommitError, CommitId, SecretBytes};
use loom::sync::Mutex;

use super::plays::{Told, judge};
use super::wrong::{Wrong, WrongCluster};
use super::{fresh, home, right};
use crate::model::{Fate, Member, Model};

/// How a machine gets to the model.
type Way = fn(Member) -> Arc<dyn Cluster>;

/// When a machine called last: after how many calls of all, and by the cluster's clock.
type Last = Arc<parking_lot::Mutex<(usize, u64)>>;

/// A way to the model on which each call takes its turn.
struct InTurn {
    way: Arc<dyn Cluster>,
    /// It has the number of calls.
    turn: Arc<Mutex<usize>>,
    last: Last,
    /// On which thread all machines take turns. Only whoever keeps the leases of this process alive comes by another, for what it
    /// thinks is a lease, and is no machine.
    stage: ThreadId,
}

impl InTurn {
    fn new(way: Arc<dyn Cluster>, turn: &Arc<Mutex<usize>>) -> Self {
        Self { way, turn: Arc::clone(turn), last: Last::default(), stage: thread::current().id() }
    }

    fn is_machine(&self) -> bool {
        thread::current().id() == self.stage
    }

    fn take<T>(&self, call: impl FnOnce(&dyn Cluster) -> T) -> T {
        let mut turn = self.turn.lock().unwrap();
        *turn += 1;
        *self.last.lock() = (*turn, self.way.up_ms());
        call(&*self.way)
    }
}

impl Cluster for InTurn {
    fn name(&self) -> String {
        self.way.name()
    }

    fn identity(&self) -> String {
        self.way.identity()
    }

    fn up_ms(&self) -> u64 {
        self.way.up_ms()
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        self.take(|way| way.transact(txn, patience))
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        self.take(|way| way.list(keys, patience))
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.take(|way| way.read_from_any(key, patience))
    }

    fn read_at(&self, key: &str, revision: u64, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.take(|way| way.read_at(key, revision, patience))
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        self.take(|way| way.grant(ttl, patience))
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        if self.is_machine() { self.take(|way| way.keep_alive(lease, patience)) } else { Ok(true) }
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        if self.is_machine() { self.take(|way| way.revoke(lease, patience)) } else { Ok(()) }
    }

    fn watch(
        &self,
        _key: &str,
        _after: u64,
        _patience: Duration,
        _tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        Err(Trouble::Refused(crate::model::unreachable()))
    }
}

/// What one machine does: one commit on what it finds, twice.
fn commits(store: &dyn credlatch::store::ByteStore, first: u64) -> Vec<(u64, Told, Option<CommitId>)> {
    let mut told = Vec::new();
    for id in [first, first + 2] {
        let Ok(mut locked) = store.lock(Duration::ZERO) else { continue };
        let Ok(stands) = locked.read() else { continue };
        let replaces = stands.map(|stored| stored.id);
        let (commit, document) = (CommitId::new(id).unwrap(), SecretBytes::from(id.to_string().into_bytes()));
        let outcome = match locked.commit(&Commit::new(replaces, commit, &document)) {
            Ok(()) => Told::Saved,
            Err(CommitError::NotSaved(_)) => Told::NotSaved,
            Err(CommitError::Unknown(_)) => Told::Unknown,
        };
        told.push((id, outcome, replaces));
    }
    told
}

/// Explores two machines and a network with this fate in its hands. Returns in how many orders something is wrong, of how many.
fn explore(fate: Fate, preemptions: Option<usize>, way: Way) -> (usize, usize) {
    let (wrong, orders) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    let (breaks, count) = (Arc::clone(&wrong), Arc::clone(&orders));
    builder.check(move || {
        let (model, turn) = (Model::new(&fresh("in every order")), Arc::new(Mutex::new(0)));
        let machine = |name: &str, first: u64| {
            let way = way(Member(Arc::clone(&model), name.to_owned()));
            let cluster = Arc::new(InTurn::new(way, &turn));
            let store = home(cluster, &path.join(name)).store(&Profile::default()).unwrap();
            loom::thread::spawn(move || commits(&*store, first))
        };
        let machines = [machine("one", 2), machine("two", 102)];
        let network = {
            let (model, turn) = (Arc::clone(&model), Arc::clone(&turn));
            loom::thread::spawn(move || {
                drop(turn.lock());
                model.next(fate);
                drop(turn.lock());
                model.deliver();
            })
        };
        let told: Vec<_> = machines.into_iter().flat_map(|machine| machine.join().unwrap()).collect();
        network.join().unwrap();
        model.deliver();
        count.fetch_add(1, Ordering::Relaxed);
        if judge(&model, &told).is_err() {
            breaks.fetch_add(1, Ordering::Relaxed);
        }
    });
    (wrong.load(Ordering::Relaxed), orders.load(Ordering::Relaxed))
}

const FATES: [Fate; 4] = [Fate::AnswerLost, Fate::Lost, Fate::Late, Fate::Refused];

#[test]
fn in_every_order_each_commit_is_what_its_maker_was_told() {
    for fate in FATES {
        let (wrong, orders) = explore(fate, Some(3), right);
        println!("{fate:?}: {orders} orders");
        assert_eq!(wrong, 0, "{fate:?}: of {orders} orders");
    }
}

#[test]
fn each_wrong_way_is_found_in_some_order() {
    let ways: [(Wrong, Way); 4] = [
        (Wrong::RetriesBlindly, |member| Arc::new(WrongCluster::new(member, Wrong::RetriesBlindly))),
        (Wrong::CallsUnknownRefused, |member| Arc::new(WrongCluster::new(member, Wrong::CallsUnknownRefused))),
        (Wrong::NeverFences, |member| Arc::new(WrongCluster::new(member, Wrong::NeverFences))),
        (Wrong::ComparesNothing, |member| Arc::new(WrongCluster::new(member, Wrong::ComparesNothing))),
    ];
    for (wrong, way) in ways {
        let found: Vec<_> = FATES.iter().map(|fate| (*fate, explore(*fate, Some(1), way))).collect();
        println!("{wrong:?}: {found:?}");
        assert!(found.iter().any(|(_, (broken, _))| *broken > 0), "{wrong:?} breaks nothing: {found:?}");
    }
}

/// How long a request may be under way after its first byte left, in milliseconds.
const UNDER_WAY_MS: u64 = 60_000;

/// Explores a machine that acts and is stopped for a while, and one that looks whether its act goes on. Returns in how many orders the
/// one sends what the other took over, or the other takes over what is under way; how often something was sent, and taken over.
fn explore_acts(way: Way) -> [usize; 3] {
    let counts: Arc<[AtomicUsize; 3]> = Arc::default();
    let folder = tempfile::tempdir().unwrap();
    let (path, own) = (folder.path().to_owned(), Arc::clone(&counts));
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let (model, turn) = (Model::new(&fresh("of acts in every order")), Arc::new(Mutex::new(0)));
        let machine = |name: &str| {
            let cluster = Arc::new(InTurn::new(way(Member(Arc::clone(&model), name.to_owned())), &turn));
            let last = Arc::clone(&cluster.last);
            (home(cluster, &path.join(name)).store(&Profile::default()).unwrap(), last)
        };
        let ((acts, acted), (looks, looked)) = (machine("acts"), machine("looks"));
        let acts = loom::thread::spawn(move || {
            let guard = acts.begin_act(ActId(1), 1).ok()?;
            let sent = guard.note(b"note").is_ok().then(|| *acted.lock());
            Some((guard, sent))
        });
        let looks = loom::thread::spawn(move || {
            // Nobody looks for an act that no claim has named yet.
            let mut is_known = false;
            (0..3).find_map(|_| match looks.act(ActId(1)) {
                Ok(None) if is_known => Some(*looked.lock()),
                Ok(Some(_)) => {
                    is_known = true;
                    None
                }
                _ => None,
            })
        });
        let time = {
            let (model, turn) = (Arc::clone(&model), Arc::clone(&turn));
            loom::thread::spawn(move || {
                for seconds in [40, 40, 50] {
                    let _turn = turn.lock().unwrap();
                    model.pass(Duration::from_secs(seconds));
                }
            })
        };
        let (acted, gone) = (acts.join().unwrap(), looks.join().unwrap());
        time.join().unwrap();
        let sent = acted.as_ref().and_then(|(_, sent)| *sent);
        let is_wrong = sent
            .zip(gone)
            .is_some_and(|((sent, sent_ms), (gone, gone_ms))| gone < sent || gone_ms < sent_ms + UNDER_WAY_MS);
        for (count, is_so) in own.iter().zip([is_wrong, sent.is_some(), sent.is_some() && gone.is_some()]) {
            count.fetch_add(usize::from(is_so), Ordering::Relaxed);
        }
    });
    counts.each_ref().map(|count| count.load(Ordering::Relaxed))
}

#[test]
fn in_every_order_nothing_is_sent_that_was_taken_over_and_nothing_under_way_is() {
    let [wrong, sent, taken_over] = explore_acts(right);
    println!("acts: sent in {sent} orders, sent and then taken over in {taken_over}");
    assert!(wrong == 0 && sent > 0 && taken_over > 0, "{wrong} {sent} {taken_over}");
    let ways: [(Wrong, Way); 3] = [
        (Wrong::LeaseIsAFence, |member| Arc::new(WrongCluster::new(member, Wrong::LeaseIsAFence))),
        (Wrong::SendsInTheTail, |member| Arc::new(WrongCluster::new(member, Wrong::SendsInTheTail))),
        (Wrong::AgeIsDeath, |member| Arc::new(WrongCluster::new(member, Wrong::AgeIsDeath))),
    ];
    for (wrong, way) in ways {
        let [broken, ..] = explore_acts(way);
        println!("{wrong:?}: broken in {broken} orders");
        assert!(broken > 0, "{wrong:?} breaks nothing");
    }
}
