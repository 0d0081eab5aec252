//! Reading and committing: what costs a look at the store, and what is shared.

use crate::machine::put::Put;
use crate::state::Source;
use crate::state::name::ProviderId;
use std::sync::Arc;

use super::super::{Engine, TransactError};
use super::rig::{Here, Locks, Numbers, Rig, Shelf, Watch, commit, error};
use crate::machine::pool::Choice;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Step, apply};
use crate::port::{CommitError, Ports, StoreErrorKind};
use crate::sample::{acme, claim, entry, grant, key, link, named};
use crate::state::time::Stamp;
use crate::state::{Custody, Nonce, State};

fn put(name: &str, text: &str) -> Event {
    Event::Put(named(name, key(text)))
}

fn held_by(engine: &Engine<Here>, name: &str) -> String {
    engine.snapshot().unwrap().live("acme", name).unwrap().secret().unwrap().expose_secret().to_owned()
}

#[test]
fn a_second_read_is_one_look_at_the_word() {
    let rig = Rig::with([named("a", key("key-1")), named("b", key("key-2"))]);
    let (mine, other) = (rig.engine(), rig.engine());
    assert_eq!((held_by(&mine, "a"), held_by(&mine, "b")), ("key-1".to_owned(), "key-2".to_owned()));
    rig.calls();
    mine.snapshot().unwrap();
    assert_eq!(rig.calls(), ["word"]);
    commit(&other, put("a", "key-3"));
    assert_eq!(held_by(&mine, "a"), "key-3", "a commit of another process is seen at once");
    assert_eq!(mine.snapshot().unwrap().pool("acme").len(), 2);
    rig.calls();
    mine.snapshot().unwrap();
    other.snapshot().unwrap();
    assert_eq!(rig.calls(), ["word", "word"], "whoever commits has read it");
}

#[test]
fn a_load_that_was_overtaken_takes_nothing_newer_away() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let mine = rig.engine();
    let writer = Arc::clone(&mine);
    rig.when("loaded", move || commit(&writer, put("a", "key-2")));
    assert_eq!(held_by(&mine, "a"), "key-1", "the read began before the commit");
    rig.calls();
    assert_eq!(held_by(&mine, "a"), "key-2");
    assert_eq!(rig.calls(), ["word"], "what the commit published still stands");
}

#[test]
fn everybody_shares_one_record_of_a_version_and_none_of_another_secret() {
    let rig = Rig::with([named("key", key("key-1")), named("link", link("ann"))]);
    let engine = rig.engine();
    let record = |name: &str| Arc::clone(engine.snapshot().unwrap().live("acme", name).unwrap());
    let (before_key, before_link) = (record("key"), record("link"));
    commit(&engine, put("other", "key-9"));
    assert!(Arc::ptr_eq(&before_key, &record("key")) && Arc::ptr_eq(&before_link, &record("link")));
    assert!(before_link.secret().is_none());
    // A restored document may give the same versions to other secrets.
    for (name, material) in [("key", key("key-2")), ("link", link("bob")), ("link", key("key-3")), ("key", link("ann"))]
    {
        let before = record(name);
        let mut state = rig.state();
        let slot = state.slot_mut(&acme());
        slot.entry_mut(name).unwrap().material = material;
        rig.restore(state);
        let now = record(name);
        assert_eq!(now.version, before.version);
        assert!(!Arc::ptr_eq(&now, &before), "{name}");
        assert!(now.secret() != before.secret() || now.kind != before.kind);
    }
    let mut state = rig.state();
    let before = (record("key"), record("link"));
    state.slot_mut(&acme()).entries.iter_mut().for_each(|entry| entry.source = Source::Codex);
    rig.restore(state);
    assert!(!Arc::ptr_eq(&before.0, &record("key")), "the source of a link is part of what is handed out");
    assert!(Arc::ptr_eq(&before.1, &record("link")), "a key is a key, wherever it came from");
}

#[test]
fn uses_ride_on_the_next_commit_that_happens_anyway() {
    let rig = Rig::with([named("a", key("key-1")), named("b", key("key-2"))]);
    let engine = rig.engine();
    for _ in 0..3 {
        engine.current("acme", &Choice::default()).unwrap();
    }
    engine.transact(&[]).unwrap();
    assert_eq!(entry(&rig.state(), "a").health.uses, 0, "a use alone is no reason to write");
    commit(&engine, put("c", "key-3"));
    let uses = |rig: &Rig| ["a", "b"].map(|name| entry(&rig.state(), name).health.uses);
    assert_eq!(uses(&rig), [3, 0]);
    commit(&engine, put("d", "key-4"));
    assert_eq!(uses(&rig), [3, 0], "each use is counted once");
}

#[test]
fn law_8_a_transaction_is_one_write_or_none() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let engine = rig.engine();
    let done = engine.transact(&[put("b", "key-2"), put("c", "key-3")]).unwrap();
    assert_eq!((done.after.state.generation, rig.state().generation), (2, 2));
    assert_eq!(rig.calls_of("commit").len(), 1);
    let done = engine.transact(&[put("b", "key-2")]).unwrap();
    assert_eq!((done.after.state.generation, rig.calls_of("commit").len()), (2, 0));
}

#[test]
fn a_document_that_changed_under_the_lock_is_looked_at_again_three_times() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let engine = rig.engine();
    let overtaken = || CommitError::NotSaved(error(StoreErrorKind::Busy));
    rig.refuse([overtaken(), overtaken(), overtaken()]);
    commit(&engine, put("b", "key-2"));
    assert_eq!(rig.calls_of("commit").len(), 4);
    rig.refuse([overtaken(), overtaken(), overtaken(), overtaken()]);
    let failed = engine.transact(&[put("c", "key-3")]).unwrap_err();
    assert!(matches!(&failed, TransactError::NotSaved(error) if error.kind == StoreErrorKind::Busy), "{failed}");
    // Any other trouble is told at once.
    rig.calls();
    for trouble in
        [CommitError::NotSaved(error(StoreErrorKind::Full)), CommitError::Unknown(error(StoreErrorKind::Busy))]
    {
        rig.refuse([trouble.clone()]);
        let failed = engine.transact(&[put("c", "key-3")]).unwrap_err();
        let is_unknown = matches!(trouble, CommitError::Unknown(_));
        assert_eq!(matches!(failed, TransactError::Unknown(_)), is_unknown);
        assert_eq!(rig.calls_of("commit").len(), 1);
    }
}

#[test]
fn every_transaction_notices_who_died_and_what_is_over() {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    let engine = rig.engine();
    // Nobody gave this actor a sign of life.
    commit(&engine, Event::ClaimRotation(claim(&rig.state(), "a", 1, Cause::Asked)));
    let custody = || entry(&rig.state(), "a").grant().unwrap().custody.clone();
    assert!(matches!(custody(), Custody::Rotating(_)));
    engine.transact(&[]).unwrap();
    assert!(matches!(custody(), Custody::InDoubt(doubt) if doubt.attempt == Nonce(1)));
}

/// A machine whose puts take another provider's entries away.
struct Forgetful;

impl Ports for Forgetful {
    type Seam = Locks;
    type Store = Shelf;
    type Clock = Watch;
    type Nonces = Numbers;

    fn apply(state: &State, now: &Stamp, event: &Event) -> Step {
        let step = apply(state, now, event);
        let mut wrong = step.state.clone();
        if matches!(event, Event::Put(_)) {
            wrong.providers.remove(&acme());
        }
        Step { state: wrong, ..step }
    }
}

#[test]
#[should_panic(expected = "neighbours_are_strangers")]
#[cfg(debug_assertions)]
fn a_build_with_debug_assertions_stops_at_a_step_that_breaks_a_law() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let engine = rig.engine_of::<Forgetful>();
    let provider = ProviderId::new("other").unwrap();
    let _ = engine.transact(&[Event::Put(Put { provider, ..named("b", key("key-2")) })]);
}
