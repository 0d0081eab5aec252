//! What an act brought home and the store would not take.

use std::sync::Arc;

use super::super::{Engine, Rotation, TransactError, Wish};
use super::rig::{Here, Rig, commit, error};
use crate::flow::FlowKind;
use crate::machine::{Effect, Event};
use crate::port::{CommitError, Polled, Revoked, StoreErrorKind};
use crate::rotation::{Cause, Exchanged};
use crate::sample::{TIMES, acme, entry, fresh, grant, key, label, named, secret};
use crate::state::Custody;

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
    let wish = Wish { provider: acme(), label: label(name), version, cause: Cause::Asked, times: TIMES };
    engine.rotate(rig, &wish, 1_000).unwrap()
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
    commit(&rig.engine(), Event::Put(named("c", key("key-1"))));
    assert!(matches!(entry(&rig.state(), "a").grant().unwrap().custody, Custody::Rotating(_)), "and others see that");
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
    assert!(matches!(rotate(&engine, &rig, "b"), Rotation::Newer(live) if *live.secret().unwrap() == secret("at-3")));
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
    let refresh = Effect::Refresh {
        provider: acme(),
        label: label("a"),
        attempt: crate::state::Nonce(1),
        refresh: secret("rt-1"),
    };
    let answers = rig.engine().revoke_all(&rig, &[revoke("rt-1"), refresh, revoke("rt-2")]);
    assert_eq!(answers, [Revoked::Yes, Revoked::Yes]);
    assert_eq!(rig.calls_of("revoke"), ["revoke rt-1", "revoke rt-2"]);
}
