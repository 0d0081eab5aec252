//! Everything that a network does to commits: each is what its maker was told.

use std::sync::Arc;
use std::time::Duration;

use credlatch::Profile;
use credlatch::etcd::port::{Cluster, KeyValue};
use credlatch::store::{ByteStore, Commit, CommitError, CommitId, SecretBytes};
use proptest::prelude::*;

use super::wrong::{Wrong, WrongCluster};
use super::{fresh, home, right};
use crate::model::{Fate, Member, Model};

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

/// Where the commits are.
const KEY: &str = "model/profiles/default";

/// What a machine was told of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Told {
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
    judge(&model, &told)?;
    Ok(told.into_iter().map(|(_, outcome, _)| outcome).collect())
}

/// What is wrong with what was told of commits: each id with its outcome and what it was to replace.
pub(super) fn judge(model: &Model, told: &[(u64, Told, Option<CommitId>)]) -> Result<(), String> {
    let all = versions(model);
    for (id, outcome, replaces) in told {
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
    Ok(())
}

/// The commits that stood there, in their order.
fn versions(model: &Model) -> Vec<u64> {
    model.history(KEY).iter().map(number).collect()
}

fn number(kv: &KeyValue) -> u64 {
    let line = std::str::from_utf8(&kv.value).unwrap().lines().next().unwrap();
    line.split(' ').nth(2).unwrap().parse().unwrap()
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
