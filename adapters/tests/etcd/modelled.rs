//! The store over the model: the contract, everything that a network does to a commit, and clusters that are wrong.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use credlatch::Profile;
use credlatch::conformance::{Clause, Suite};
use credlatch::etcd::Etcd;
use credlatch::etcd::port::{Change, Cluster, Done, KeyValue, Keys, Lease, Op, Trouble, Txn, Watching};
use credlatch::store::{
    ActGuard, ActId, ByteStore, Commit, CommitError, CommitId, SecretBytes, StoreErrorKind, StoreHome,
};
use proptest::prelude::*;

use crate::model::{Fate, Member, Model};

/// Names that no other model of this process has.
fn fresh(what: &str) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("the model {what} {}", COUNT.fetch_add(1, Ordering::Relaxed))
}

fn home(cluster: Arc<dyn Cluster>, folder: &std::path::Path) -> Arc<dyn StoreHome> {
    let home = Etcd::modelled(cluster, "model").at_home(folder).unwrap().of_any_commits();
    Arc::new(home)
}

#[test]
fn a_store_over_the_model_keeps_the_contract_and_settles_what_nobody_knows() {
    let (model, folder) = (Model::new(&fresh("of the contract")), tempfile::tempdir().unwrap());
    let fates = [Fate::AnswerLost, Fate::Lost, Fate::Late, Fate::Refused];
    let next = std::sync::atomic::AtomicUsize::new(0);
    let suite = Suite::new(|| home(Arc::new(Member(Arc::clone(&model), "one".to_owned())), folder.path()))
        .failing(|_| {
            let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            model.next(fates[at % fates.len()]);
        })
        // What was read before may be read again while nobody answers, and that is said: another test looks at it.
        .without(Clause::Troubles);
    let report = suite.run();
    let not_asked =
        [Clause::ReservationHolds, Clause::Troubles, Clause::CopyIsTold, Clause::Processes, Clause::EndsWithProcess];
    assert!(report.is_kept(), "{report}");
    assert_eq!(report.not_asked(), not_asked, "{report}");
}

/// What is done next.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// This machine locks and reads.
    Lock(usize),
    /// It commits what it has locked.
    Commit(usize),
    /// It lets go without a commit.
    Leave(usize),
    /// It reads without a lock.
    Read(usize),
    /// This becomes of the next transaction that writes.
    Next(Fate),
    /// What was held back arrives.
    Deliver,
    Compact,
    Pass,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let machine = 0..3_usize;
    let fate = prop_oneof![Just(Fate::AnswerLost), Just(Fate::Lost), Just(Fate::Late), Just(Fate::Refused)];
    let step = prop_oneof![
        4 => machine.clone().prop_map(Step::Lock),
        4 => machine.clone().prop_map(Step::Commit),
        1 => machine.clone().prop_map(Step::Leave),
        2 => machine.prop_map(Step::Read),
        3 => fate.prop_map(Step::Next),
        2 => Just(Step::Deliver),
        1 => Just(Step::Compact),
        1 => Just(Step::Pass),
    ];
    prop::collection::vec(step, 1..40)
}

/// What a machine was told of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told {
    Saved,
    NotSaved,
    Unknown,
}

/// Plays the steps with one machine's way made by `way`. Returns what is wrong with it, if anything is, and what was seen.
fn play(steps: &[Step], way: &dyn Fn(Member) -> Arc<dyn Cluster>) -> Result<Vec<Told>, String> {
    let (model, folder) = (Model::new(&fresh("of a play")), tempfile::tempdir().unwrap());
    let profile = Profile::default();
    let stores: Vec<Arc<dyn ByteStore>> = (0..3)
        .map(|at| {
            let member = Member(Arc::clone(&model), at.to_string());
            home(way(member), &folder.path().join(at.to_string())).store(&profile).unwrap()
        })
        .collect();
    let mut locked: Vec<_> = stores.iter().map(|_| None).collect();
    let (mut next, mut told, mut seen) = (1_u64, Vec::new(), [0_u64; 3]);
    let key = "model/profiles/default";
    let versions = |model: &Model| -> Vec<u64> {
        let ids = model.history(key).into_iter().map(|kv| number(&kv));
        ids.collect()
    };
    for step in steps {
        match *step {
            Step::Lock(at) => {
                locked[at] = None;
                if let Ok(mut lock) = stores[at].lock(Duration::ZERO)
                    && let Ok(stands) = lock.read()
                {
                    locked[at] = Some((lock, stands.map(|stored| stored.id)));
                }
            }
            Step::Commit(at) => {
                let Some((mut lock, replaces)) = locked[at].take() else { continue };
                let (id, document) =
                    (CommitId::new(2 * next).unwrap(), SecretBytes::from(next.to_string().into_bytes()));
                let outcome = match lock.commit(&Commit::new(replaces, id, &document)) {
                    Ok(()) => Told::Saved,
                    Err(CommitError::NotSaved(_)) => Told::NotSaved,
                    Err(CommitError::Unknown(_)) => Told::Unknown,
                };
                drop(lock);
                told.push((2 * next, outcome, replaces));
                next += 1;
            }
            Step::Leave(at) => locked[at] = None,
            Step::Read(at) => {
                // One that is locked by this thread may be read all the same.
                if let Ok(Some(stored)) = stores[at].read() {
                    let all = versions(&model);
                    let place =
                        all.iter().position(|id| *id == stored.id.get()).ok_or("what was read was never there")?;
                    let place = u64::try_from(place).unwrap() + 1;
                    if place < seen[at] {
                        return Err(format!("machine {at} read commit {place} after commit {}", seen[at]));
                    }
                    seen[at] = place;
                }
            }
            Step::Next(fate) => model.next(fate),
            Step::Deliver => model.deliver(),
            Step::Compact => model.compact(),
            Step::Pass => model.pass(Duration::from_secs(5)),
        }
    }
    locked.clear();
    // Everything that is still on its way arrives.
    model.deliver();
    let all = versions(&model);
    for (id, outcome, replaces) in &told {
        let places: Vec<_> = all.iter().enumerate().filter(|(_, there)| *there == id).map(|(at, _)| at).collect();
        match (outcome, &places[..]) {
            (Told::Saved | Told::Unknown, [at]) => {
                let before = at.checked_sub(1).map(|before| all[before]);
                if before != replaces.map(CommitId::get) {
                    return Err(format!("commit {id} took the place of {before:?}, and not of {replaces:?}"));
                }
            }
            (Told::NotSaved | Told::Unknown, []) => {}
            (outcome, places) => {
                return Err(format!("commit {id} is there {} times, and was told as {outcome:?}", places.len()));
            }
        }
    }
    Ok(told.into_iter().map(|(_, outcome, _)| outcome).collect())
}

fn number(kv: &KeyValue) -> u64 {
    let line = std::str::from_utf8(&kv.value).unwrap().lines().next().unwrap();
    line.split(' ').nth(2).unwrap().parse().unwrap()
}

fn right(member: Member) -> Arc<dyn Cluster> {
    Arc::new(member)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_transactions_each_commit_is_what_it_was_told_to_be(steps in steps()) {
        let played = play(&steps, &right);
        prop_assert!(played.is_ok(), "{played:?}");
    }
}

/// How many of some thousand plays a wrong cluster breaks.
fn broken(way: &dyn Fn(Member) -> Arc<dyn Cluster>) -> usize {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let plays = (0..600).map(|_| steps().new_tree(&mut runner).unwrap().current());
    plays.filter(|steps| play(steps, way).is_err()).count()
}

#[test]
fn arbitrary_plays_come_to_everything_that_can_be_told_and_find_wrong_clusters() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut seen = Vec::new();
    for _ in 0..600 {
        seen.extend(play(&steps().new_tree(&mut runner).unwrap().current(), &right).unwrap());
    }
    for outcome in [Told::Saved, Told::NotSaved, Told::Unknown] {
        assert!(seen.contains(&outcome), "no play came to {outcome:?}");
    }
    assert_eq!(broken(&right), 0);
    for wrong in
        [Wrong::RetriesBlindly, Wrong::CallsUnknownRefused, Wrong::NeverFences, Wrong::ComparesNothing, Wrong::ReadsOld]
    {
        let count = broken(&|member| Arc::new(WrongCluster::new(member, wrong)));
        assert!(count > 0, "{wrong:?} breaks nothing");
    }
}

/// What a way to a cluster may do wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrong {
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
}

struct WrongCluster {
    right: Member,
    wrong: Wrong,
    old: parking_lot::Mutex<Option<Done>>,
    /// When each act was seen first.
    acts: parking_lot::Mutex<BTreeMap<String, u64>>,
}

impl WrongCluster {
    fn new(right: Member, wrong: Wrong) -> Self {
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
        self.right.watch(key, after, patience, tell)
    }
}

#[test]
fn while_nobody_answers_what_was_stored_is_read_on_and_nothing_is_never_said() {
    let (model, folder) = (Model::new(&fresh("that is away")), tempfile::tempdir().unwrap());
    let home = home(Arc::new(Member(Arc::clone(&model), "one".to_owned())), folder.path());
    let (stored, empty) = (Profile::new("stored").unwrap(), Profile::new("empty").unwrap());
    let (stored, empty) = (home.store(&stored).unwrap(), home.store(&empty).unwrap());
    let (id, document) = (CommitId::new(2).unwrap(), SecretBytes::from(b"one".to_vec()));
    stored.lock(Duration::ZERO).unwrap().commit(&Commit::new(None, id, &document)).unwrap();
    assert_eq!(empty.read().unwrap(), None);
    model.away(true);
    assert_eq!(stored.read().unwrap().map(|stored| stored.id), Some(id));
    assert_eq!(empty.read().unwrap_err().kind, StoreErrorKind::Unreachable);
    for store in [&stored, &empty] {
        let locked = store.lock(Duration::ZERO).and_then(|mut locked| locked.read());
        assert_eq!(locked.unwrap_err().kind, StoreErrorKind::Unreachable);
        assert_eq!(store.begin_act(ActId(1), 1).err().unwrap().kind, StoreErrorKind::Unreachable);
        assert!(store.act(ActId(2)).is_err(), "nobody is taken for dead");
    }
    model.away(false);
    assert_eq!(stored.lock(Duration::ZERO).unwrap().read().unwrap().map(|stored| stored.id), Some(id));
}

/// A cluster whose watches tell nothing, as one whose connection is dead does.
struct Mute(Member);

impl Cluster for Mute {
    fn name(&self) -> String {
        self.0.name()
    }

    fn identity(&self) -> String {
        self.0.identity()
    }

    fn transact(&self, txn: &Txn, patience: Duration) -> Result<Done, Trouble> {
        self.0.transact(txn, patience)
    }

    fn list(&self, keys: &Keys, patience: Duration) -> Result<Vec<KeyValue>, Trouble> {
        self.0.list(keys, patience)
    }

    fn read_from_any(&self, key: &str, patience: Duration) -> Result<Option<KeyValue>, Trouble> {
        self.0.read_from_any(key, patience)
    }

    fn grant(&self, ttl: Duration, patience: Duration) -> Result<Lease, Trouble> {
        self.0.grant(ttl, patience)
    }

    fn keep_alive(&self, lease: Lease, patience: Duration) -> Result<bool, Trouble> {
        self.0.keep_alive(lease, patience)
    }

    fn revoke(&self, lease: Lease, patience: Duration) -> Result<(), Trouble> {
        self.0.revoke(lease, patience)
    }

    fn watch(
        &self,
        _key: &str,
        _after: u64,
        patience: Duration,
        _tell: &mut dyn FnMut(Change) -> Watching,
    ) -> Result<(), Trouble> {
        std::thread::sleep(patience.min(Duration::from_secs(1)));
        Ok(())
    }
}

#[test]
fn a_watch_that_tells_nothing_costs_two_seconds_and_one_that_lives_costs_none() {
    let (model, folder) = (Model::new(&fresh("of watches")), tempfile::tempdir().unwrap());
    let at = |name: &str| Member(Arc::clone(&model), name.to_owned());
    let open = |cluster: Arc<dyn Cluster>, name: &str| {
        home(cluster, &folder.path().join(name)).store(&Profile::default()).unwrap()
    };
    let (writer, reader, deaf) =
        (open(Arc::new(at("one")), "one"), open(Arc::new(at("two")), "two"), open(Arc::new(Mute(at("deaf"))), "deaf"));
    let commit = |replaces: Option<u64>, id: u64| {
        let (document, replaces) = (SecretBytes::from(id.to_string().into_bytes()), replaces.and_then(CommitId::new));
        writer
            .lock(Duration::ZERO)
            .unwrap()
            .commit(&Commit::new(replaces, CommitId::new(id).unwrap(), &document))
            .unwrap();
    };
    // As the engine does: what the word doesn't say is read.
    let sees = |store: &Arc<dyn ByteStore>| match store.current_commit().unwrap() {
        Some(id) => id.get(),
        None => store.read().unwrap().unwrap().id.get(),
    };
    commit(None, 2);
    assert_eq!((sees(&reader), sees(&deaf)), (2, 2));
    // Each begins to watch with its second look.
    assert_eq!((sees(&reader), sees(&deaf)), (2, 2));
    commit(Some(2), 4);
    let began = std::time::Instant::now();
    while sees(&reader) != 4 {
        assert!(began.elapsed() < Duration::from_millis(1500), "a watch that lives tells nothing");
        std::thread::sleep(Duration::from_millis(1));
    }
    while sees(&deaf) != 4 {
        assert!(began.elapsed() < Duration::from_millis(3500), "nobody looks once more");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What is done next with acts.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// This machine begins an act, if it has none.
    Begin(usize),
    /// It is about to send its request.
    Send(usize),
    /// Its process lives and says so.
    Beat(usize),
    /// It ends its act.
    End(usize),
    /// It looks whether the other's act goes on.
    Look(usize),
    /// So many seconds pass, for everybody.
    Pass(u64),
    /// The cluster answers nobody, or everybody again.
    Away(bool),
}

fn moments() -> impl Strategy<Value = Vec<Moment>> {
    let moment = prop_oneof![
        3 => (0..2_usize).prop_map(Moment::Begin),
        4 => (0..2_usize).prop_map(Moment::Send),
        1 => (0..2_usize).prop_map(Moment::Beat),
        1 => (0..2_usize).prop_map(Moment::End),
        4 => (0..2_usize).prop_map(Moment::Look),
        4 => (1..90_u64).prop_map(Moment::Pass),
        1 => any::<bool>().prop_map(Moment::Away),
    ];
    prop::collection::vec(moment, 1..40)
}

/// How long a request may be under way after its first byte left, in seconds.
const UNDER_WAY: u64 = 60;

/// What became of acts: requests that were sent, those that were kept back, and acts that others took for over.
#[derive(Clone, Copy, Debug, Default)]
struct Acted {
    sent: usize,
    kept_back: usize,
    taken_over: usize,
}

/// Plays moments. Wrong is a machine that sends what another has taken over, and one that takes over what is under way.
fn act(moments: &[Moment], way: &dyn Fn(Member) -> Arc<dyn Cluster>) -> Result<Acted, String> {
    struct Going {
        id: ActId,
        guard: Box<dyn ActGuard>,
        until: u64,
        is_taken_over: bool,
    }
    let (model, folder) = (Model::new(&fresh("of acts")), tempfile::tempdir().unwrap());
    let stores = [0, 1].map(|at| {
        let member = Member(Arc::clone(&model), at.to_string());
        home(way(member), &folder.path().join(at.to_string())).store(&Profile::default()).unwrap()
    });
    let (mut going, mut now, mut acted, mut next) = ([None::<Going>, None], 0, Acted::default(), 1);
    for moment in moments {
        match *moment {
            Moment::Begin(at) if going[at].is_none() => {
                let id = ActId(next);
                next += 1;
                let begun = stores[at].begin_act(id, 1).ok();
                going[at] = begun.map(|guard| Going { id, guard, until: 0, is_taken_over: false });
            }
            Moment::Send(at) => {
                let Some(act) = &mut going[at] else { continue };
                if act.guard.note(b"note").is_err() {
                    acted.kept_back += 1;
                    continue;
                }
                if act.is_taken_over {
                    return Err(format!("machine {at} sent what another has taken over"));
                }
                (acted.sent, act.until) = (acted.sent + 1, now + UNDER_WAY);
            }
            Moment::Beat(at) if going[at].is_some() => model.beat_all(),
            Moment::End(at) => going[at] = None,
            Moment::Look(at) => {
                let Some(act) = &mut going[1 - at] else { continue };
                let Ok(None) = stores[at].act(act.id) else { continue };
                if now < act.until {
                    return Err(format!(
                        "machine {at} takes an act for over that is under way for {} s",
                        act.until - now
                    ));
                }
                (acted.taken_over, act.is_taken_over) = (acted.taken_over + 1, true);
            }
            Moment::Pass(seconds) => {
                now += seconds;
                model.pass(Duration::from_secs(seconds));
            }
            Moment::Away(is_away) => model.away(is_away),
            Moment::Begin(_) | Moment::Beat(_) => {}
        }
    }
    Ok(acted)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_sent_that_another_took_over_and_nothing_under_way_is_taken_over(moments in moments()) {
        let acted = act(&moments, &right);
        prop_assert!(acted.is_ok(), "{acted:?}");
    }
}

#[test]
fn arbitrary_moments_come_to_everything_and_find_machines_that_trust_a_lease() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let all: Vec<_> = (0..1000).map(|_| moments().new_tree(&mut runner).unwrap().current()).collect();
    let acted: Vec<_> = all[..120].iter().map(|moments| act(moments, &right).unwrap()).collect();
    let sum = |of: fn(&Acted) -> usize| acted.iter().map(of).sum::<usize>();
    let (sent, kept_back, taken_over) =
        (sum(|acted| acted.sent), sum(|acted| acted.kept_back), sum(|acted| acted.taken_over));
    assert!(
        sent > 30 && kept_back > 30 && taken_over > 5,
        "{sent} sent, {kept_back} kept back, {taken_over} taken over"
    );
    for wrong in [Wrong::LeaseIsAFence, Wrong::SendsInTheTail, Wrong::AgeIsDeath] {
        let way = |member| Arc::new(WrongCluster::new(member, wrong)) as Arc<dyn Cluster>;
        assert!(all.iter().any(|moments| act(moments, &way).is_err()), "{wrong:?} breaks nothing");
    }
}
