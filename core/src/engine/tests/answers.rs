//! What an actor leaves: a note that something is about to leave, and an answer that others settle.

use std::sync::Arc;

use super::super::{Engine, Rotation, RotationRequest};
use super::logins::{end, granted, polling, polls};
use super::rig::{Here, Rig, commit, error};
use super::signs::Life;
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Refusal};
use crate::port::{Alive, Answer, CommitError, Store, StoreErrorKind};
use crate::sample::{TIMES, acme, at, claim, entry, fresh, grant, key, label, named};
use crate::state::flow::{FlowEnd, FlowKind};
use crate::state::{Custody, Nonce};

fn rig() -> Rig {
    Rig::with([named("a", grant("at-1", Some("rt-1")))])
}

fn rotate(rig: &Rig, engine: &Engine<Here>) -> Rotation {
    let version = entry(&rig.state(), "a").version;
    let request = RotationRequest { provider: acme(), label: label("a"), version, cause: Cause::Asked, times: TIMES };
    engine.rotate(rig, &request, 700).unwrap()
}

fn grants(rig: &Rig) {
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-2", Some("rt-2"))));
}

/// This process claims, and is alive as long as what is returned.
fn claims(rig: &Rig, engine: &Engine<Here>) -> Life {
    let alive = engine.store().enlist().unwrap();
    let mut claim = claim(&rig.state(), "a", 1, Cause::Asked);
    claim.act.actor = alive.actor().clone();
    commit(engine, Event::ClaimRotation(claim));
    rig.calls();
    alive
}

fn answer(attempt: u128, received_ms: u64) -> Answer {
    let (provider, received, fresh) = (acme(), at(received_ms), fresh("at-2", Some("rt-2")));
    Answer { attempt: Nonce(attempt), provider, label: Some(label("a")), received, fresh, origins: None }
}

fn custody(rig: &Rig) -> Custody {
    entry(&rig.state(), "a").grant().unwrap().custody.clone()
}

fn access(rotation: &Rotation) -> &str {
    match rotation {
        Rotation::Granted(live) | Rotation::Newer(live) => live.secret().unwrap().expose_secret(),
        other => panic!("{other:?}"),
    }
}

fn kinds(calls: &[String], kind: &str) -> usize {
    calls.iter().filter(|call| call.split(' ').next() == Some(kind)).count()
}

#[test]
fn an_answer_of_another_process_is_settled_by_who_waits_whether_its_actor_is_stopped_or_dead() {
    for is_dead in [false, true] {
        let rig = rig();
        let (engine, other) = (rig.engine(), rig.engine());
        let alive = claims(&rig, &other);
        alive.note(Nonce(1)).unwrap();
        alive.write_down(&answer(1, 0)).unwrap();
        let alive = Some(alive).filter(|_| !is_dead);
        let began = rig.now_ms();
        assert_eq!(access(&rotate(&rig, &engine)), "at-2");
        assert_eq!((rig.now_ms() - began, custody(&rig)), (0, Custody::Settled));
        let calls = rig.calls();
        assert_eq!((kinds(&calls, "refresh"), kinds(&calls, "wait")), (0, 0));
        assert_eq!(kinds(&calls, "wipe"), 0, "it is its actor's to wipe, or of who takes its sign away");
        // When the actor goes on, what it brings is there.
        commit(&other, crate::sample::settle("a", 1, Exchanged::Granted(fresh("at-2", Some("rt-2")))));
        assert_eq!(custody(&rig), Custody::Settled);
        drop(alive);
    }
}

#[test]
fn an_answer_that_is_written_down_ends_the_wait_for_it() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &other);
    let (send, _alive) = std::sync::mpsc::channel();
    rig.when("wait", move || {
        alive.write_down(&answer(1, 0)).unwrap();
        send.send(alive).unwrap();
    });
    assert_eq!(access(&rotate(&rig, &engine)), "at-2");
    assert_eq!(rig.calls_of("wait"), ["wait 700"]);
}

#[test]
fn ones_own_answer_is_left_to_the_thread_that_wrote_it_down() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &engine);
    alive.write_down(&answer(1, 0)).unwrap();
    assert!(matches!(rotate(&rig, &engine), Rotation::Busy(actor) if actor == *alive.actor()));
    assert_eq!(rig.calls_of("wait"), ["wait 700"], "and waited for, until it ends");
    engine.transact(&[]).unwrap();
    assert!(matches!(custody(&rig), Custody::Rotating(_)));
    // Whatever another process commits takes it along.
    commit(&other, Event::Put(named("b", key("key-1"))));
    assert_eq!(custody(&rig), Custody::Settled);
}

#[test]
fn an_answer_to_another_claim_settles_nothing_and_the_doubt_says_since_when() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &other);
    rig.pass(40);
    alive.note(Nonce(1)).unwrap();
    alive.write_down(&answer(9, 0)).unwrap();
    assert!(matches!(rotate(&rig, &engine), Rotation::Busy(_)));
    drop(alive);
    assert!(matches!(rotate(&rig, &engine), Rotation::Refused(Refusal::InDoubtUntil(_))));
    assert!(matches!(custody(&rig), Custody::InDoubt(doubt) if doubt.noted == Some(at(40))));
}

#[test]
fn who_died_without_a_note_sent_nothing_and_the_next_goes_on_at_once_but_in_another_boot() {
    for (boot, goes_on) in [(at(0).boot, true), (8, false), (0, false)] {
        let rig = rig();
        let (engine, other) = (rig.engine(), rig.engine());
        drop(claims(&rig, &other));
        rig.boots(boot);
        grants(&rig);
        let rotation = rotate(&rig, &engine);
        assert_eq!(matches!(rotation, Rotation::Granted(_)), goes_on, "{rotation:?}");
        assert_eq!(matches!(rotation, Rotation::Refused(Refusal::InDoubtUntil(_))), !goes_on);
        assert_eq!(rig.calls_of("refresh").len(), usize::from(goes_on));
    }
}

#[test]
fn a_note_that_cannot_be_written_sends_nothing_and_gives_the_claim_up() {
    let rig = rig();
    let engine = rig.engine();
    rig.refuse_note(error(StoreErrorKind::Full));
    let version = entry(&rig.state(), "a").version;
    let request = RotationRequest { provider: acme(), label: label("a"), version, cause: Cause::Asked, times: TIMES };
    let failed = engine.rotate(&rig, &request, 700).unwrap_err();
    assert_eq!(failed.store_error().kind, StoreErrorKind::Full);
    assert_eq!((rig.calls_of("refresh").len(), custody(&rig)), (0, Custody::Settled));
    // Nobody has to wait before the next try.
    grants(&rig);
    assert_eq!(access(&rotate(&rig, &engine)), "at-2");
}

#[test]
fn what_was_granted_is_written_down_before_the_settlement_and_wiped_after_it() {
    let rig = rig();
    grants(&rig);
    let world = rig.clone();
    rig.when("refresh", move || {
        let settling = world.clone();
        world.when("commit", move || assert!(settling.has_answer()));
    });
    assert_eq!(access(&rotate(&rig, &rig.engine())), "at-2");
    let acts = ["commit", "note", "refresh", "write_down", "sync", "wipe"];
    let calls = rig.calls();
    let calls: Vec<_> =
        calls.iter().filter_map(|call| call.split(' ').next()).filter(|kind| acts.contains(kind)).collect();
    assert_eq!(calls, ["commit", "note", "refresh", "write_down", "commit", "wipe"]);
    assert!(!rig.has_answer());
}

#[test]
fn what_could_not_be_saved_stays_written_down_until_it_is() {
    let rig = rig();
    let engine = rig.engine();
    grants(&rig);
    let (world, full) = (rig.clone(), || CommitError::NotSaved(error(StoreErrorKind::Full)));
    rig.when("refresh", move || world.refuse([full(), full(), full()]));
    assert!(matches!(rotate(&rig, &engine), Rotation::Unsaved(_)));
    let calls = rig.calls();
    assert_eq!((kinds(&calls, "sync"), kinds(&calls, "wipe")), (1, 0), "it takes longer, so a power cut is thought of");
    assert!(rig.has_answer());
    commit(&engine, Event::Put(named("b", key("key-1"))));
    assert_eq!((kinds(&rig.calls(), "wipe"), rig.has_answer(), custody(&rig)), (1, false, Custody::Settled));
}

#[test]
fn what_could_not_be_saved_is_settled_by_another_process_too() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    grants(&rig);
    let (world, full) = (rig.clone(), || CommitError::NotSaved(error(StoreErrorKind::Full)));
    rig.when("refresh", move || world.refuse([full(), full(), full()]));
    assert!(matches!(rotate(&rig, &engine), Rotation::Unsaved(_)));
    commit(&other, Event::Put(named("b", key("key-1"))));
    let settled = rig.state();
    assert_eq!(custody(&rig), Custody::Settled);
    engine.save_unsaved().unwrap();
    assert!(!engine.has_unsaved());
    assert_eq!(entry(&rig.state(), "a"), entry(&settled, "a"), "it is there already");
}

#[test]
fn a_tokens_lifetime_counts_from_when_the_answer_came_whoever_settles_it_and_when() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &other);
    alive.write_down(&answer(1, 0)).unwrap();
    drop(alive);
    rig.pass(600_000);
    engine.transact(&[]).unwrap();
    assert_eq!(entry(&rig.state(), "a").grant().unwrap().expiry.left_ms(&rig.now()), 3_000_000);
}

#[test]
fn the_answer_to_a_login_is_settled_by_whoever_waits_for_it() {
    let rig = Rig::with([]);
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    polls(&rig, [granted()]);
    let (waits, world, waiter) = (Arc::clone(&other), rig.clone(), rig.clone());
    rig.when("write_down", move || {
        world.when("lock", move || {
            assert_eq!(end(&waits.await_flow(&waiter, &acme(), flow).unwrap()), &FlowEnd::Succeeded);
        });
    });
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Succeeded, "its poller is told the same");
    assert_eq!(rig.state().slot("acme").unwrap().entries.len(), 1);
    assert_eq!(rig.calls_of("revoke").len(), 0);
}
