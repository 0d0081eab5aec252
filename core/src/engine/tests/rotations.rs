//! A rotation: who presents the refresh token, who waits, and who doesn't send because it is too late.

use std::sync::Arc;

use super::super::{Engine, Rotation, Wish};
use super::rig::{Here, Life, Rig, commit, error};
use crate::clear::Clear;
use crate::machine::{Event, Refusal};
use crate::port::{Alive, CommitError, Store, StoreErrorKind};
use crate::rotation::{Cause, Exchanged};
use crate::sample::{TIMES, acme, claim, entry, fresh, grant, label, named, settle};
use crate::state::{Custody, Nonce};

fn rig() -> Rig {
    Rig::with([named("a", grant("at-1", Some("rt-1")))])
}

fn wish(rig: &Rig) -> Wish {
    let version = entry(&rig.state(), "a").version;
    Wish { provider: acme(), label: label("a"), version, cause: Cause::Asked, times: TIMES }
}

fn grants(rig: &Rig) {
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-2", Some("rt-2"))));
}

/// Another process claims, and is alive as long as what is returned.
fn claims(rig: &Rig, engine: &Engine<Here>, attempt: u128) -> Life {
    let alive = engine.store().enlist().unwrap();
    let mut claim = claim(&rig.state(), "a", attempt, Cause::Asked);
    claim.act.actor = alive.actor().clone();
    commit(engine, Event::ClaimRotation(claim));
    alive
}

fn access(rotation: &Rotation) -> &str {
    match rotation {
        Rotation::Newer(live) => live.secret().unwrap().expose_secret(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn law_3_room_then_claim_then_exchange_then_settle() {
    let rig = rig();
    let engine = rig.engine();
    grants(&rig);
    let asked = wish(&rig);
    assert_eq!(access(&engine.rotate(&rig, &asked, 1_000).unwrap()), "at-2");
    let acts: Vec<_> =
        rig.calls().into_iter().filter(|call| !["word", "load", "loaded"].contains(&call.as_str())).collect();
    // Two of the longest tokens seen have room, and the settling commit is written into it.
    let room: usize = acts[0].strip_prefix("reserve ").unwrap().parse().unwrap();
    assert!((16 * 1024..64 * 1024).contains(&room), "{room}");
    let into = format!("commit into {room}");
    assert_eq!(acts[1..], ["lock", "commit", "refresh rt-1 old", "lock", &into]);
    // Whoever comes with an old wish gets what is there.
    assert_eq!(access(&engine.rotate(&rig, &asked, 1_000).unwrap()), "at-2");
    engine.clear(Clear::Everything).unwrap();
    assert!(matches!(engine.rotate(&rig, &asked, 1_000).unwrap(), Rotation::Gone));
}

#[test]
fn what_is_gone_or_refused_by_the_time_of_the_claim_is_not_presented() {
    let rig = rig();
    let engine = rig.engine();
    let (asked, other) = (wish(&rig), rig.engine());
    rig.when("reserve", move || drop(other.clear(Clear::Everything).unwrap()));
    assert!(matches!(engine.rotate(&rig, &asked, 1_000).unwrap(), Rotation::Gone));
    let rig = self::rig();
    let due = Wish { cause: Cause::Due, ..wish(&rig) };
    assert!(matches!(rig.engine().rotate(&rig, &due, 1_000).unwrap(), Rotation::Refused(Refusal::NotDue)));
    assert_eq!(rig.calls_of("refresh").len(), 0);
}

#[test]
fn whoever_comes_second_waits_for_the_first_and_takes_what_it_brought() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &other, 1);
    // It isn't done in time.
    let asked = wish(&rig);
    rig.calls();
    assert!(matches!(engine.rotate(&rig, &asked, 700).unwrap(), Rotation::Busy(actor) if actor == *alive.actor()));
    assert_eq!(rig.calls_of("wait"), ["wait 700"]);
    // It is, the next time.
    let (settling, granted) = (Arc::clone(&other), Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    rig.when("wait", move || {
        commit(&settling, settle("a", 1, granted));
        drop(alive);
    });
    assert_eq!(access(&engine.rotate(&rig, &asked, 700).unwrap()), "at-2");
    assert_eq!(rig.calls_of("refresh").len(), 0, "one presented it, and that was the first");
}

#[test]
fn the_waits_of_one_caller_add_up_to_its_patience() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let asked = wish(&rig);
    // One is done after 300 ms, for nothing; another has claimed by the time the waiter looks again.
    let first = claims(&rig, &other, 1);
    let (world, again) = (rig.clone(), Arc::clone(&other));
    let (send, _alive) = std::sync::mpsc::channel();
    rig.when("wait", move || {
        world.pass(300);
        let not_sent = Exchanged::NotConsumed { retry_after_ms: Some(0) };
        commit(&again, settle("a", 1, not_sent));
        drop(first);
        send.send(claims(&world, &again, 2)).unwrap();
    });
    rig.calls();
    assert!(matches!(engine.rotate(&rig, &asked, 700).unwrap(), Rotation::Busy(_)));
    assert_eq!(rig.calls_of("wait"), ["wait 700", "wait 400"]);
}

#[test]
fn a_dead_claim_is_not_waited_for() {
    let rig = rig();
    let engine = rig.engine();
    commit(&engine, Event::ClaimRotation(claim(&rig.state(), "a", 1, Cause::Asked)));
    rig.calls();
    let refused = engine.rotate(&rig, &wish(&rig), 700).unwrap();
    assert!(matches!(refused, Rotation::Refused(Refusal::InDoubtUntil(_))), "{refused:?}");
    assert_eq!(rig.calls_of("wait").len(), 0);
    assert!(
        matches!(&entry(&rig.state(), "a").grant().unwrap().custody, Custody::InDoubt(doubt) if doubt.attempt == Nonce(1))
    );
}

#[test]
fn whoever_slept_between_claim_and_request_longer_than_a_request_takes_sends_nothing() {
    for (slept_ms, sends) in [(TIMES.http_timeout_ms, true), (TIMES.http_timeout_ms + 1, false)] {
        let rig = rig();
        let engine = rig.engine();
        grants(&rig);
        let world = rig.clone();
        rig.when("commit", move || world.pass(slept_ms));
        let rotation = engine.rotate(&rig, &wish(&rig), 1_000).unwrap();
        assert_eq!(rig.calls_of("refresh").len(), usize::from(sends), "{slept_ms} ms");
        assert_eq!(matches!(rotation, Rotation::Newer(_)), sends);
        let slept = matches!(rotation, Rotation::Failed(Exchanged::NotConsumed { retry_after_ms: Some(0) }));
        assert_eq!(slept, !sends);
        assert_eq!(entry(&rig.state(), "a").grant().unwrap().custody, Custody::Settled);
    }
}

#[test]
fn failure_12_a_clear_during_an_exchange_stays_cleared_and_its_grant_is_revoked() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    grants(&rig);
    rig.when("refresh", move || drop(other.clear(Clear::Everything).unwrap()));
    assert!(matches!(engine.rotate(&rig, &wish(&rig), 1_000).unwrap(), Rotation::Gone));
    assert_eq!(rig.calls_of("revoke"), ["revoke rt-2"]);
    assert!(rig.state().entry("acme", "a").is_none());
}

#[test]
fn what_is_refused_by_what_is_known_makes_nothing_on_the_medium() {
    let rig = rig();
    let engine = rig.engine();
    engine.snapshot().unwrap();
    rig.calls();
    let due = Wish { cause: Cause::Due, ..wish(&rig) };
    for _ in 0..1_500 {
        assert!(matches!(engine.rotate(&rig, &due, 1_000).unwrap(), Rotation::Refused(Refusal::NotDue)));
        let made: Vec<_> = rig.calls().into_iter().filter(|call| call != "word").collect();
        assert!(made.is_empty(), "{made:?}");
    }
}

#[test]
fn what_is_refused_under_the_lock_takes_its_sign_of_life_with_it() {
    // It was cleared, or somebody else has claimed, or the store can't be written: nothing names the sign of life.
    type Meanwhile = fn(&Rig, &Engine<Here>);
    let meanwhile: [(Meanwhile, usize); 3] = [
        (|_, other| drop(other.clear(Clear::Everything).unwrap()), 1),
        (|rig, other| drop(claims(rig, other, 1)), 1),
        (|rig, _| rig.refuse([CommitError::NotSaved(error(StoreErrorKind::Full))]), 1),
    ];
    for (at, (happens, discarded)) in meanwhile.into_iter().enumerate() {
        let rig = rig();
        let (engine, other, world) = (rig.engine(), rig.engine(), rig.clone());
        let asked = wish(&rig);
        rig.when("reserve", move || happens(&world, &other));
        let _ = engine.rotate(&rig, &asked, 1_000);
        assert_eq!(rig.calls_of("discard").len(), discarded, "case {at}");
    }
    // A commit of which nobody knows may name it.
    let rig = rig();
    rig.refuse([CommitError::Unknown(error(StoreErrorKind::Failed))]);
    rig.engine().rotate(&rig, &wish(&rig), 1_000).unwrap_err();
    assert_eq!(rig.calls_of("discard").len(), 0);
}
