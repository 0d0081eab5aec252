//! What a request gets of a rotation that it waited for: what was settled, or could not be saved.

use super::super::{Chosen, Engine, NoToken};
use super::rig::{Here, Rig, commit, error};
use super::tokens::{HOUR_MS, answers, login, text, token};
use crate::machine::Event;
use crate::machine::clear::Clear;
use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::pool::{Choice, Report, SetStrategy};
use crate::port::{CommitError, StoreErrorKind};
use crate::sample::{TIMES, acme, entry, fresh, grant, key, label, named};
use crate::state::health::FailureKind;
use crate::state::strategy::Strategy;

#[test]
fn a_request_is_one_turn_of_the_pool_and_its_spent_entry_is_renewed() {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1"))), named("b", key("key-2"))]);
    let engine = rig.engine();
    commit(&engine, Event::SetStrategy(SetStrategy { provider: acme(), strategy: Strategy::RoundRobin }));
    rig.pass(HOUR_MS);
    answers(&rig, Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    let got: Vec<String> = (0..4).map(|_| text(&token(&engine, &rig).unwrap()).to_owned()).collect();
    assert_eq!(got, ["at-2", "key-2", "at-2", "key-2"]);
    // What was handed out was used, and nothing else: the next commit writes it down.
    commit(&engine, Event::Put(named("c", key("key-3"))));
    let uses = |name| entry(&rig.state(), name).health.uses;
    assert_eq!((uses("a"), uses("b")), (2, 2));
}

/// Its first entry is spent and has the third turn; while it is renewed another process does this.
fn while_it_is_renewed(other_does: impl FnOnce(&Engine<Here>) + Send + 'static) -> Chosen {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1"))), named("b", key("key-2"))]);
    let (engine, other) = (rig.engine(), rig.engine());
    commit(&engine, Event::SetStrategy(SetStrategy { provider: acme(), strategy: Strategy::RoundRobin }));
    rig.pass(HOUR_MS);
    answers(&rig, Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    rig.when("refresh", move || other_does(&other));
    let third = Choice { turn: 2, ..Choice::default() };
    engine.token(&rig, &acme(), &third, TIMES, 1_000).unwrap()
}

#[test]
fn what_a_rotation_settled_is_handed_out_and_no_entry_is_chosen_again() {
    // With a third entry the third turn would be that one's, and the grant nobody's.
    let granted = while_it_is_renewed(|other| commit(other, Event::Put(named("c", key("key-3")))));
    assert_eq!(text(&granted), "at-2");
    let newer = while_it_is_renewed(|other| {
        commit(other, Event::Put(named("a", key("key-9"))));
        commit(other, Event::Put(named("c", key("key-3"))));
    });
    assert_eq!(text(&newer), "key-9", "what another process stored in its place");
    for chosen in [granted, newer] {
        assert_eq!((chosen.live.label.as_str(), chosen.turn), ("a", 2));
    }
}

#[test]
fn what_stands_after_a_rotation_gives_way_if_it_may_not_be_used() {
    let chosen = while_it_is_renewed(|other| {
        commit(other, Event::Put(named("a", key("key-9"))));
        let version = current_version(other, "a");
        let (provider, label, answer) = (acme(), label("a"), FailureKind::Limited);
        commit(
            other,
            Event::Report(Report { provider, label, version, answer, rest_ms: None, model: None, dead: None }),
        );
    });
    assert_eq!(text(&chosen), "key-2");
}

fn current_version(engine: &Engine<Here>, label: &str) -> u64 {
    engine.snapshot().unwrap().live("acme", label).unwrap().version
}

#[test]
fn a_grant_that_could_not_be_saved_is_handed_out_while_it_lasts_and_counts_for_a_drain() {
    let rig = login();
    let engine = rig.engine();
    rig.pass(HOUR_MS);
    answers(&rig, Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    let full = || CommitError::NotSaved(error(StoreErrorKind::Full));
    let world = rig.clone();
    rig.when("refresh", move || world.refuse([full(), full(), full()]));
    let chosen = token(&engine, &rig).unwrap();
    assert_eq!(text(&chosen), "at-2");
    assert_eq!(
        chosen.live.unsaved().map(|error| error.kind),
        Some(StoreErrorKind::Full),
        "it says that it isn't saved"
    );
    // It is the same for everybody, and the token isn't presented again.
    rig.refuse([full()]);
    assert!(std::sync::Arc::ptr_eq(&token(&engine, &rig).unwrap().live, &chosen.live));
    assert_eq!(rig.calls_of("refresh").len(), 1);
    // Once it is saved it has a version of its own; whoever holds it from before still holds what a clear takes away.
    let saved = token(&engine, &rig).unwrap();
    assert!(saved.live.unsaved().is_none() && text(&saved) == "at-2" && saved.live.version != chosen.live.version);
    drop(saved);
    let cleared = engine.clear(Clear::Everything).unwrap();
    assert!(!engine.is_drained(&cleared));
    drop(chosen);
    assert!(engine.is_drained(&cleared));
}

#[test]
fn a_grant_that_could_not_be_saved_is_nobodys_once_its_entry_was_cleared_or_has_ended() {
    let unsaved = |lasts_ms| {
        let rig = login();
        let engine = rig.engine();
        rig.pass(HOUR_MS);
        answers(&rig, Exchanged::Granted(Fresh { expires_in_ms: Some(lasts_ms), ..fresh("at-2", Some("rt-2")) }));
        let full = || CommitError::NotSaved(error(StoreErrorKind::Full));
        let world = rig.clone();
        rig.when("refresh", move || world.refuse([full(), full(), full()]));
        assert_eq!(text(&token(&engine, &rig).unwrap()), "at-2");
        (rig, engine, full)
    };
    let (rig, engine, full) = unsaved(HOUR_MS);
    let other = rig.engine();
    other.clear(Clear::Everything).unwrap();
    commit(&other, Event::Put(named("a", grant("at-9", Some("rt-9")))));
    // What was put in its place has ended by now, and can't be renewed while the disk is full.
    rig.pass(HOUR_MS);
    rig.refuse([full(), full()]);
    assert!(matches!(token(&engine, &rig).unwrap_err(), NoToken::Store(_)));
    let (rig, engine, full) = unsaved(60_000);
    rig.pass(60_000);
    rig.refuse([full()]);
    assert!(matches!(token(&engine, &rig).unwrap_err(), NoToken::Unsaved(_)));
}
