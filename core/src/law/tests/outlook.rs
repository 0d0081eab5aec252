//! What is known of who may still read spares a law memory: two histories that it takes for the same then are judged alike, whatever
//! follows that is as foreseen.

use super::memory::{CASES, Case, cases, compare, digest, facts, of_monitor};
use super::*;
use crate::state::State;

/// What some may see of what was there before; the rest is as if nobody had it in hand any more.
fn may_see() -> Vec<Arc<State>> {
    let saw = facts::all().into_iter().filter_map(|fact| match fact {
        Fact::ReadEnded { saw, .. } => Some(saw),
        _ => None,
    });
    saw.skip(1).step_by(2).collect()
}

fn readers() -> Vec<Reader> {
    vec![Reader { who: 2, may_see: may_see() }]
}

/// The same state as it would be committed later than all that was told before.
fn later(state: &Arc<State>) -> Arc<State> {
    Arc::new(State { generation: state.generation + 100, ..State::clone(state) })
}

/// What follows as it is foreseen: what is shown is newer than all that was, and whoever reads sees that or what it may see.
fn foreseen(future: &[Fact], readers: &[Reader]) -> Vec<Fact> {
    let mut shown = Vec::new();
    let mut told = Vec::new();
    for fact in future {
        let fact = match fact {
            Fact::Shown { who, state } => {
                shown.push(later(state));
                Fact::Shown { who: *who, state: later(state) }
            }
            Fact::ReadEnded { who, saw } => {
                let reader = readers.iter().find(|reader| reader.who == *who);
                let saw = match reader {
                    Some(_) if shown.contains(&later(saw)) => later(saw),
                    Some(reader) if reader.may_see.contains(saw) => Arc::clone(saw),
                    _ => continue,
                };
                Fact::ReadEnded { who: *who, saw }
            }
            other => other.clone(),
        };
        told.push(fact);
    }
    told
}

/// How often histories were taken for the same by what a law keeps with these readers in view, and the futures, foreseen with those,
/// that were judged otherwise.
fn met(law: &Law, in_view: &[Reader], reading: &[Reader]) -> (usize, Vec<String>) {
    let mut cases = cases(law, 4 * CASES);
    for Case { futures, .. } in &mut cases {
        for future in futures {
            *future = foreseen(future, reading);
        }
    }
    compare(law, &cases, |monitor| of_monitor(monitor, Outlook { digest: &digest, readers: Some(in_view) }))
}

#[test]
fn histories_that_are_alike_to_those_who_may_still_read_are_judged_alike_whatever_is_foreseen() {
    for law in LAWS.iter().filter(|law| law.facts.contains(&Observation::ReadEnded)) {
        let cases = cases(law, 4 * CASES);
        let all = compare(law, &cases, |monitor| of_monitor(monitor, Outlook { digest: &digest, readers: None })).0;
        for readers in [readers(), Vec::new()] {
            let (met, otherwise) = met(law, &readers, &readers);
            assert!(otherwise.is_empty(), "{}", otherwise[0]);
            assert!(
                met >= all && (met > all || law.number != 7),
                "{law:?}: {met} histories met another one, and {all}"
            );
        }
    }
}

#[test]
fn a_reader_that_is_not_in_view_is_noticed() {
    let (_, otherwise) = met(&LAWS[6], &[], &readers());
    assert!(!otherwise.is_empty());
}

#[test]
fn a_clear_that_ended_says_something_as_long_as_somebody_may_read() {
    let there = stored([named("a", key("key-1")), named("b", key("key-2"))]);
    let all = Event::Clear(Clear::Everything);
    let gone = State { generation: 1, ..after(&there, &at(1), std::slice::from_ref(&all)) };
    let clear = [
        Fact::ClearBegan { who: 1, provider: acme() },
        stepped_by(1, &there, &all, &gone, Verdict::Done),
        Fact::Shown { who: 1, state: Arc::new(gone) },
        Fact::ClearEnded { who: 1 },
    ];
    let memory = |facts: &[Fact], readers: &[Reader]| {
        let mut monitor = LAWS[0].monitor();
        facts.iter().try_for_each(|fact| monitor.see(fact)).unwrap();
        of_monitor(&monitor, Outlook { digest: &digest, readers: Some(readers) })
    };
    assert_eq!(memory(&clear, &[]), memory(&[], &[]));
    assert_ne!(memory(&clear[..3], &[]), memory(&[], &[]));
    assert_ne!(memory(&clear, &readers()), memory(&[], &readers()));
}
