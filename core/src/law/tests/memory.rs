//! What a law keeps of the past is enough: two histories that left the same memory are judged alike, whatever follows. An
//! explorer relies on that when it leaves a history for another one with the same memory.

pub(super) mod facts;

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use super::*;

/// Histories over the same facts, and what may follow any of them.
#[derive(Debug)]
pub(super) struct Case {
    histories: Vec<Vec<Fact>>,
    pub(super) futures: Vec<Vec<Fact>>,
}

/// Cases of one law: other facts make no difference to it.
pub(super) fn cases(law: &Law, count: usize) -> Vec<Case> {
    let of_law = |fact: &Fact| matches!(fact, Fact::BroughtBack) || law.facts.contains(&fact.kind());
    let all: Vec<_> = facts::all().into_iter().filter(of_law).collect();
    let fact = select(all);
    let case = vec(fact.clone(), 1..8).prop_flat_map(move |base| {
        let some = subsequence(base.clone(), 0..=base.len()).prop_shuffle();
        let futures = (vec(vec(fact.clone(), 1..5), 8), vec(vec(select(base), 1..5), 8));
        let futures = futures.prop_map(|(any, alike)| [any, alike].concat());
        (vec(some, 12), futures).prop_map(|(histories, futures)| Case { histories, futures })
    });
    let mut runner = TestRunner::deterministic();
    (0..count).map(|_| case.new_tree(&mut runner).unwrap().current()).collect()
}

/// A monitor that saw this history; none if that broke its law.
fn watched(law: &Law, history: &[Fact]) -> Option<Monitor> {
    let mut monitor = law.monitor();
    history.iter().try_for_each(|fact| monitor.see(fact)).ok()?;
    Some(monitor)
}

pub(super) fn digest(state: &Arc<crate::state::State>) -> u128 {
    let mut hasher = DefaultHasher::new();
    hasher.write(&serde_json::to_vec(&**state).unwrap());
    u128::from(hasher.finish())
}

pub(super) fn of_monitor(monitor: &Monitor, outlook: Outlook<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    monitor.keep(&mut hasher, outlook);
    hasher.finish()
}

fn memory(monitor: &Monitor) -> u64 {
    of_monitor(monitor, Outlook { digest: &digest, readers: None })
}

/// What a law says, future by future.
type Verdicts = Vec<Result<(), Broken>>;

/// What the law says of each of these futures after this history.
fn verdicts(law: &Law, history: &[Fact], futures: &[Vec<Fact>]) -> Verdicts {
    let judged = |future: &Vec<Fact>| law.judge(&Trace([history, future].concat()));
    futures.iter().map(judged).collect()
}

/// How often two different histories were taken for the same by this memory, and the futures that were judged otherwise after
/// the one than after the other.
pub(super) fn compare(law: &Law, cases: &[Case], memory: impl Fn(&Monitor) -> u64) -> (usize, Vec<String>) {
    let (mut met, mut otherwise) = (0, Vec::new());
    for Case { histories, futures } in cases {
        let mut known: BTreeMap<u64, (&Vec<Fact>, Verdicts)> = BTreeMap::new();
        for history in histories {
            let Some(monitor) = watched(law, history) else { continue };
            let judged = verdicts(law, history, futures);
            match known.get(&memory(&monitor)) {
                None => drop(known.insert(memory(&monitor), (history, judged))),
                Some((other, before)) => {
                    met += usize::from(format!("{history:?}") != format!("{other:?}"));
                    if judged != *before {
                        otherwise.push(format!("{law:?}: {history:?} and {other:?}: {judged:?} and {before:?}"));
                    }
                }
            }
        }
    }
    (met, otherwise)
}

pub(super) const CASES: usize = 200;

#[test]
fn histories_that_left_a_law_the_same_memory_are_judged_alike_whatever_follows() {
    for law in LAWS {
        let (met, otherwise) = compare(law, &cases(law, CASES), memory);
        assert!(met > 20, "{law:?}: only {met} histories met another one");
        assert!(otherwise.is_empty(), "{}", otherwise[0]);
    }
}

#[test]
fn a_law_that_forgets_is_noticed_and_only_laws_of_single_facts_have_nothing_to_forget() {
    let forgets = |law: &Law| !compare(law, &cases(law, CASES), |_| 0).1.is_empty();
    let noticed: BTreeSet<_> = LAWS.iter().filter(|law| forgets(law)).map(|law| law.number).collect();
    assert_eq!(noticed, BTreeSet::from([1, 2, 3, 4, 5, 7, 8, 12, 14, 16, 17, 18, 19, 20]));
}

#[test]
fn a_whole_history_is_judged_as_it_is_fact_by_fact_and_a_breach_stays_one() {
    for law in LAWS {
        for Case { histories, futures } in cases(law, CASES / 4) {
            let (before, after) = (&histories[0], &futures[0]);
            let whole = law.judge(&Trace([&before[..], after].concat()));
            let folded = match watched(law, before) {
                None => law.judge(&Trace(before.clone())),
                Some(mut monitor) => after.iter().try_for_each(|fact| monitor.see(fact)).and_then(|()| monitor.end()),
            };
            assert_eq!(whole, folded, "{law:?}: {before:?}, then {after:?}");
        }
    }
}

/// Who does what this fact tells of, of the kinds that tell of a clear and of readers.
fn teller(fact: &Fact) -> Option<Who> {
    match fact {
        Fact::Stepped(step) => Some(step.who),
        Fact::ClearBegan { who, .. }
        | Fact::ClearEnded { who }
        | Fact::Shown { who, .. }
        | Fact::ReadBegan { who }
        | Fact::ReadEnded { who, .. } => Some(*who),
        _ => None,
    }
}

/// The same history, in which the first fact of this kind comes before all else; none if whoever it tells of is told of before it.
fn hastened(history: &[Fact], kind: Observation) -> Option<Vec<Fact>> {
    let at = history.iter().position(|fact| fact.kind() == kind)?;
    let is_own = |fact: &Fact| teller(fact) == teller(&history[at]);
    let (before, after) = history.split_at(at);
    let is_first = !before.iter().any(is_own);
    is_first.then(|| [&after[..1], before, &after[1..]].concat())
}

/// How many breaches stay one where the first fact of this kind comes before all else, and how many don't.
fn stay(law: &Law, kind: Observation) -> (usize, usize) {
    let (mut kept, mut lost) = (0, 0);
    for Case { histories, futures } in cases(law, 4 * CASES) {
        for history in futures.iter().map(|future| [&histories[0][..], future].concat()) {
            let Some(sooner) = hastened(&history, kind) else { continue };
            if law.judge(&Trace(history)).is_err() {
                let is_breach = law.judge(&Trace(sooner)).is_err();
                (kept, lost) = (kept + usize::from(is_breach), lost + usize::from(!is_breach));
            }
        }
    }
    (kept, lost)
}

/// An explorer relies on that when it lets whoever clears come first.
#[test]
fn a_clear_that_begins_earlier_is_judged_no_milder() {
    for law in LAWS.iter().filter(|law| law.facts.contains(&Observation::ClearBegan)) {
        let (kept, lost) = stay(law, Observation::ClearBegan);
        assert!(kept > 0 && lost == 0, "{law:?}: of {} breaches {lost} were overlooked", kept + lost);
    }
}

/// The same history, in which a step of the machine comes after the fact that followed it, for each place where that fact tells of
/// somebody else, who hasn't locked the store and presents nothing.
fn delayed(history: &[Fact]) -> Vec<Vec<Fact>> {
    let is_unlocked = |fact: &Fact| match fact {
        Fact::Shown { .. }
        | Fact::Durable { .. }
        | Fact::Returned { .. }
        | Fact::Stepped(_)
        | Fact::Rested { .. }
        | Fact::BroughtBack
        | Fact::Passed { .. } => false,
        Fact::ActBegan { deed, .. } => !matches!(deed, Deed::Present { .. }),
        _ => true,
    };
    let may_swap = |pair: &[Fact]| {
        let Fact::Stepped(step) = &pair[0] else { return false };
        is_unlocked(&pair[1]) && teller(&pair[1]) != Some(step.who)
    };
    let places = (1..history.len()).filter(|at| may_swap(&history[at - 1..=*at]));
    let swapped = |at: usize| {
        let mut swapped = history.to_vec();
        swapped.swap(at - 1, at);
        swapped
    };
    places.map(swapped).collect()
}

/// An explorer relies on that when whoever has locked the store goes on at once. Law 12 minds who draws in turn, where it doesn't.
#[test]
fn a_step_that_is_told_after_what_another_did_is_judged_no_milder() {
    let mut tried = 0;
    for law in LAWS.iter().filter(|law| law.number != 12 && law.facts.contains(&Observation::Step)) {
        for Case { histories, futures } in cases(law, CASES) {
            for history in futures.iter().map(|future| [&histories[0][..], future].concat()) {
                let is_breach = law.judge(&Trace(history.clone())).is_err();
                for later in delayed(&history) {
                    tried += 1;
                    assert!(!is_breach || law.judge(&Trace(later)).is_err(), "{law:?}: {history:?}");
                }
            }
        }
    }
    assert!(tried > 1_000, "only {tried} steps were told later");
}
