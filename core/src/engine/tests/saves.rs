//! What an act brought home and the store would not take.

use crate::state::Nonce;
use std::sync::Arc;

use super::super::{Engine, FlowView, Rotation, RotationRequest, TransactError};
use super::rig::{Here, Rig, commit, error};
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::Cause;
use crate::machine::{Effect, Event};
use crate::port::{CommitError, Polled, Revoked, StoreErrorKind};
use crate::sample::{TIMES, acme, entry, fresh, grant, key, label, named, secret};
use crate::state::flow::{FlowEnd, FlowKind};
use crate::state::{Custody, Entry, MAX_COUNT, MAX_ENTRIES, State};

fn rig() -> Rig {
    Rig::with([named("a", grant("at-1", Some("rt-1"))), named("b", grant("at-b", Some("rt-b")))])
}

fn full() -> CommitError {
    CommitError::NotSaved(error(StoreErrorKind::Full))
}

fn unknown() -> CommitError {
    CommitError::Unknown(error(StoreErrorKind::Failed))
}

fn rotate(engine: &Engine<Here>, rig: &Rig, name: &str) -> Rotation {
    let version = entry(&rig.state(), name).version;
    let request = RotationRequest { provider: acme(), label: label(name), version, cause: Cause::Asked, times: TIMES };
    engine.rotate(rig, &request, 1_000).unwrap()
}

/// The exchange of an entry gave tokens, and then the disk was full.
fn unsaved(rig: &Rig, name: &str, text: &str) -> Arc<Engine<Here>> {
    let engine = rig.engine();
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh(text, Some("rt-new"))));
    let world = rig.clone();
    rig.when("refresh", move || world.refuse([full(), full(), full()]));
    let rotation = rotate(&engine, rig, name);
    assert!(matches!(rotation, Rotation::Unsaved(unsaved) if unsaved.error.kind == StoreErrorKind::Full));
    engine
}

fn access(rig: &Rig, name: &str) -> String {
    entry(&rig.state(), name).grant().unwrap().access.expose_secret().to_owned()
}

#[test]
fn failure_21_tokens_that_could_not_be_saved_are_kept_and_saved_by_the_next_that_gets_through() {
    let rig = rig();
    let engine = unsaved(&rig, "a", "at-2");
    assert_eq!(rig.calls_of("pause"), ["pause 20", "pause 20"], "three tries, and then it is left for later");
    assert!(engine.has_unsaved());
    let kept = engine.unsaved_grant("acme", "a").unwrap();
    assert_eq!(kept.fresh.access, secret("at-2"));
    for (provider, name) in [("acme", "b"), ("other", "a"), ("other", "b")] {
        assert!(engine.unsaved_grant(provider, name).is_none(), "{provider} {name}");
    }
    assert!(matches!(entry(&rig.state(), "a").grant().unwrap().custody, Custody::Rotating(_)), "its act still lives");
    // Whatever this process commits next takes them along.
    commit(&engine, Event::Put(named("d", key("key-2"))));
    assert_eq!(access(&rig, "a"), "at-2");
    assert!(!engine.has_unsaved() && engine.unsaved_grant("acme", "a").is_none());
    assert_eq!(rig.calls_of("refresh").len(), 0, "it was presented once, before all this");
}

#[test]
fn what_waits_to_be_saved_is_saved_first_and_the_token_is_not_presented_again() {
    let rig = rig();
    let engine = unsaved(&rig, "a", "at-2");
    rig.calls();
    rig.refuse([full()]);
    assert!(matches!(rotate(&engine, &rig, "a"), Rotation::Unsaved(_)));
    assert!(matches!(rotate(&engine, &rig, "a"), Rotation::Newer(live) if *live.secret().unwrap() == secret("at-2")));
    assert_eq!(rig.calls_of("refresh").len(), 0);
    engine.save_unsaved().unwrap();
    assert_eq!(rig.calls().len(), 0, "there is nothing left to save");
    // Saving can be asked for by itself.
    let rig = self::rig();
    let engine = unsaved(&rig, "a", "at-2");
    rig.refuse([full()]);
    engine.save_unsaved().unwrap_err();
    assert_eq!(engine.unsaved_grant("acme", "a").unwrap().error.kind, StoreErrorKind::Full);
    engine.save_unsaved().unwrap();
    assert!(!engine.has_unsaved());
}

#[test]
fn a_neighbour_rotates_as_if_nothing_waited() {
    let rig = rig();
    let engine = unsaved(&rig, "a", "at-2");
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-3", Some("rt-3"))));
    assert!(matches!(rotate(&engine, &rig, "b"), Rotation::Granted(live) if *live.secret().unwrap() == secret("at-3")));
    assert_eq!((access(&rig, "a"), access(&rig, "b")), ("at-2".to_owned(), "at-3".to_owned()));
}

#[test]
fn whether_an_early_try_may_have_landed_is_not_forgotten_by_a_later_one() {
    for (errors, is_unknown) in
        [([full(), full(), full()], false), ([unknown(), full(), full()], true), ([full(), full(), unknown()], true)]
    {
        let rig = rig();
        let engine = rig.engine();
        let login = engine.login(&rig, &acme(), &label("c"), FlowKind::Device).unwrap();
        rig.answers().polls.push_back(Polled::Granted(fresh("at-3", Some("rt-3"))));
        let world = rig.clone();
        rig.when("poll", move || world.refuse(errors));
        let failed = engine.poll_to_end(&rig, login.poller.unwrap()).unwrap_err();
        assert_eq!(matches!(failed, TransactError::Unknown(_)), is_unknown, "{failed:?}");
        assert!(engine.has_unsaved());
        assert!(engine.unsaved_grant("acme", "c").is_none(), "a login's tokens are no entry's yet");
    }
}

#[test]
fn one_answer_for_each_token_that_is_to_be_revoked() {
    let rig = rig();
    let revoke = |token| Effect::Revoke { provider: acme(), token: secret(token) };
    let refresh = Effect::Refresh { provider: acme(), label: label("a"), attempt: Nonce(1), refresh: secret("rt-1") };
    let answers = rig.engine().revoke_all(&rig, &[revoke("rt-1"), refresh, revoke("rt-2")]);
    assert_eq!(answers, [Revoked::Yes, Revoked::Yes]);
    assert_eq!(rig.calls_of("revoke"), ["revoke rt-1", "revoke rt-2"]);
}

#[test]
fn nothing_is_committed_that_a_load_would_refuse() {
    let rig = rig();
    let engine = rig.engine();
    let last = State { generation: MAX_COUNT, last_version: 9, ..rig.state() };
    rig.restore(last.clone());
    let error = engine.transact(&[Event::Put(named("c", key("key-1")))]).unwrap_err();
    assert!(matches!(error, TransactError::NotSaved(_)) && error.to_string().contains("was not saved"), "{error}");
    assert_eq!(rig.state(), last, "what is there can still be read");
    assert!(engine.snapshot().is_ok());
}

#[test]
fn a_login_that_comes_to_a_full_pool_fails_and_the_store_stays_readable() {
    let rig = rig();
    let engine = rig.engine();
    let login = engine.login(&rig, &acme(), &label("c"), FlowKind::Device).unwrap();
    let mut full = rig.state();
    let slot = full.slot_mut(&acme());
    let one = slot.entries[0].clone();
    let more = (slot.entries.len()..MAX_ENTRIES).map(|n| (n as u64 + 10, label(&format!("e{n}"))));
    slot.entries.extend(more.map(|(version, label)| Entry { label, version, ..one.clone() }));
    full.last_version = 10_000;
    rig.restore(full);
    rig.answers().polls.push_back(Polled::Granted(fresh("at-3", Some("rt-3"))));
    let ended = engine.poll_to_end(&rig, login.poller.unwrap()).unwrap();
    assert!(
        matches!(&ended, FlowView::Ended(ended) if ended.end == FlowEnd::Failed("pool_full".to_owned())),
        "{ended:?}"
    );
    assert_eq!(rig.state().slot("acme").unwrap().entries.len(), MAX_ENTRIES);
    assert!(rig.engine().snapshot().is_ok());
}
