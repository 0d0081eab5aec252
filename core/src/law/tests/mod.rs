//! The oracles are judged too: each clause of a law has a trace that breaks it, beside one that is nearly the same and
//! doesn't. Only then does it mean something that no harness finds a breach.

mod acts;
mod ages;
mod homes;
mod kept;
mod left;
mod memory;
mod outlook;
mod reads;
mod seals;
mod states;
mod steps;
mod times;
mod told;

use crate::machine::clear::Clear;
use std::sync::Arc;

use super::*;
use crate::machine::Verdict;
use crate::machine::flow::Start;
use crate::sample::{acme, act, after, at, key, label, named, stored};
use crate::state::Nonce;
use crate::state::flow::FlowKind;

/// What the law says of these facts. The kinds that it doesn't list make no difference.
fn judged(number: usize, facts: &[Fact]) -> Result<(), Broken> {
    let law = &LAWS[number - 1];
    let trace = Trace(facts.to_vec());
    let judged = law.judge(&trace);
    assert_eq!(
        law.judge(&trace.only(&[law.facts, &[Observation::BroughtBack]].concat())),
        judged,
        "{law:?} judges what it doesn't list"
    );
    judged
}

/// The law says that these facts break it, and how.
fn breaks(number: usize, facts: &[Fact], says: &str) {
    let broken = judged(number, facts).expect_err(says);
    assert!(broken.what.contains(says), "{broken}");
    assert_eq!((usize::from(broken.number), broken.name), (number, LAWS[number - 1].name));
}

fn keeps(number: usize, facts: &[Fact]) {
    assert_eq!(judged(number, facts), Ok(()));
}

/// Whether the facts have the situation in which the law could have been broken.
fn witnesses(number: usize, facts: &[Fact]) -> bool {
    LAWS[number - 1].is_witnessed(&Trace(facts.to_vec()))
}

#[test]
fn a_law_lists_each_kind_of_fact_once() {
    for law in LAWS {
        let kinds: std::collections::BTreeSet<_> = law.facts.iter().collect();
        assert!(!kinds.is_empty() && kinds.len() == law.facts.len(), "{law:?}");
    }
}

fn stepped_by(who: Who, before: &State, event: &Event, after: &State, verdict: Verdict) -> Fact {
    let (before, event, after) = (before.clone(), event.clone(), after.clone());
    Fact::Stepped(Box::new(Stepped { who, now: at(1), before, event, after, verdict }))
}

/// A step at a time, by whomever.
fn stepped_at(now: Stamp, before: &State, event: &Event, after: &State) -> Fact {
    let (before, event, after) = (before.clone(), event.clone(), after.clone());
    Fact::Stepped(Box::new(Stepped { who: 1, now, before, event, after, verdict: Verdict::Done }))
}

fn stepped(before: &State, event: &Event, after: &State) -> Fact {
    stepped_at(at(1), before, event, after)
}

fn shared(state: &State) -> Arc<State> {
    Arc::new(state.clone())
}

fn start(flow: u128, attempt: u128) -> Event {
    let (provider, flow, kind) = (acme(), Nonce(flow), FlowKind::Device);
    Event::StartFlow(Start { provider, label: label("a"), flow, kind, act: act(attempt) })
}

/// The same, another generation: a change that touches nothing.
fn touched(state: &State) -> State {
    State { generation: state.generation + 1, ..state.clone() }
}

#[test]
fn a_breach_says_which_law_and_what_happened() {
    let facts = vec![Fact::Printed { text: "key-1".to_owned(), secrets: vec!["key-1".to_owned()] }];
    let broken = judge(&Trace(facts)).unwrap_err();
    assert!(broken.to_string().starts_with("law 13 `secrets_are_mute` is broken: a text"), "{broken}");
    assert_eq!(judge(&Trace::default()), Ok(()));
    assert_eq!(format!("{:?}", LAWS[3]), "Law(4 no_replay)");
    let numbers: Vec<_> = LAWS.iter().map(|law| usize::from(law.number)).collect();
    assert_eq!(numbers, (1..=LAWS.len()).collect::<Vec<_>>(), "a law is found by its number");
}

#[test]
fn nothing_is_witnessed_where_nothing_happened() {
    for law in LAWS {
        assert!(!law.is_witnessed(&Trace::default()), "{law:?}");
    }
}

#[test]
fn a_step_is_checked_by_the_laws_of_steps_and_its_state_by_itself() {
    let before = stored([named("a", key("key-1"))]);
    let purge = Event::Purge;
    let step = |state: State, verdict| crate::Step { state, effects: Vec::new(), verdict };
    let check = |step: &crate::Step| check_step(&before, &at(1), &purge, step);
    assert_eq!(check(&step(before.clone(), Verdict::Nothing)), Ok(()));
    let stale = check(&step(touched(&before), Verdict::Stale)).unwrap_err();
    assert_eq!(stale.number, 6);
    let impossible = State { last_version: 0, ..before.clone() };
    let broken = check(&step(impossible.clone(), Verdict::Done)).unwrap_err();
    assert_eq!((broken.number, check_state(&impossible)), (16, Err(broken)));
    // The other laws speak of more than a step: they say nothing here.
    let lost = after(&before, &at(1), &[Event::Clear(Clear::Everything)]);
    assert_eq!(check_step(&before, &at(1), &Event::Clear(Clear::Everything), &step(lost, Verdict::Done)), Ok(()));
}
