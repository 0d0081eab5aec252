//! A rotation: who presents the refresh token, who waits, and who doesn't send because it is too late.

use std::sync::Arc;

use super::super::{Engine, NoToken, Rotation, RotationRequest};
use super::rig::{Here, Rig, commit, error};
use super::signs::Life;
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::pool::Choice;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Refusal};
use crate::port::{Alive, Code, CodeExchanged, CommitError, Issuer, Polled, Prompting, Revoked, Store, StoreErrorKind};
use crate::sample::{TIMES, acme, at, claim, entry, fresh, grant, key, label, named, settle};
use crate::state::flow::{FlowKind, Prompt};
use crate::state::name::ProviderId;
use crate::state::secret::Secret;
use crate::state::{Custody, Nonce};

fn rig() -> Rig {
    Rig::with([named("a", grant("at-1", Some("rt-1")))])
}

fn request(rig: &Rig) -> RotationRequest {
    let version = entry(&rig.state(), "a").version;
    RotationRequest { provider: acme(), label: label("a"), version, cause: Cause::Asked, times: TIMES }
}

fn grants(rig: &Rig) {
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-2", Some("rt-2"))));
}

/// Another process claims, is about to send, and is alive as long as what is returned.
fn claims(rig: &Rig, engine: &Engine<Here>, attempt: u128) -> Life {
    let alive = engine.store().enlist().unwrap();
    let mut claim = claim(&rig.state(), "a", attempt, Cause::Asked);
    claim.act.actor = alive.actor().clone();
    commit(engine, Event::ClaimRotation(claim));
    alive.note(Nonce(attempt)).unwrap();
    alive
}

fn access(rotation: &Rotation) -> &str {
    match rotation {
        Rotation::Granted(live) | Rotation::Newer(live) => live.secret().unwrap().expose_secret(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn law_3_reservation_then_claim_then_exchange_then_settle() {
    let rig = rig();
    let engine = rig.engine();
    grants(&rig);
    let asked = request(&rig);
    assert_eq!(access(&engine.rotate(&rig, &asked, 1_000).unwrap()), "at-2");
    let acts: Vec<_> =
        rig.calls().into_iter().filter(|call| !["word", "load", "loaded"].contains(&call.as_str())).collect();
    // Two of the longest tokens seen have space, and the settling commit is written into it.
    let reserved: usize = acts[0].strip_prefix("reserve ").unwrap().parse().unwrap();
    assert!((16 * 1024..64 * 1024).contains(&reserved), "{reserved}");
    let into = format!("commit into {reserved}");
    assert_eq!(acts[1..], ["lock", "commit", "note", "refresh rt-1 old", "write_down at-2", "lock", &into, "wipe"]);
    // Whoever comes with an old request gets what is there.
    assert_eq!(access(&engine.rotate(&rig, &asked, 1_000).unwrap()), "at-2");
    engine.clear(Clear::Everything).unwrap();
    assert!(matches!(engine.rotate(&rig, &asked, 1_000).unwrap(), Rotation::Gone));
}

#[test]
fn what_is_gone_or_refused_by_the_time_of_the_claim_is_not_presented() {
    let rig = rig();
    let engine = rig.engine();
    let (asked, other) = (request(&rig), rig.engine());
    rig.when("reserve", move || drop(other.clear(Clear::Everything).unwrap()));
    assert!(matches!(engine.rotate(&rig, &asked, 1_000).unwrap(), Rotation::Gone));
    let rig = self::rig();
    let due = RotationRequest { cause: Cause::Due, ..request(&rig) };
    assert!(matches!(rig.engine().rotate(&rig, &due, 1_000).unwrap(), Rotation::Refused(Refusal::NotDue)));
    assert_eq!(rig.calls_of("refresh").len(), 0);
}

#[test]
fn whoever_comes_second_waits_for_the_first_and_takes_what_it_brought() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let alive = claims(&rig, &other, 1);
    // It isn't done in time.
    let asked = request(&rig);
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
    let asked = request(&rig);
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
    let refused = engine.rotate(&rig, &request(&rig), 700).unwrap();
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
        let rotation = engine.rotate(&rig, &request(&rig), 1_000).unwrap();
        assert_eq!(rig.calls_of("refresh").len(), usize::from(sends), "{slept_ms} ms");
        assert_eq!(matches!(rotation, Rotation::Granted(_)), sends);
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
    assert!(matches!(engine.rotate(&rig, &request(&rig), 1_000).unwrap(), Rotation::Gone));
    assert_eq!(rig.calls_of("revoke"), ["revoke rt-2"]);
    assert!(rig.state().entry("acme", "a").is_none());
}

#[test]
fn what_is_refused_by_what_is_known_makes_nothing_on_the_medium() {
    let rig = rig();
    let engine = rig.engine();
    engine.snapshot().unwrap();
    rig.calls();
    let due = RotationRequest { cause: Cause::Due, ..request(&rig) };
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
        let asked = request(&rig);
        rig.when("reserve", move || happens(&world, &other));
        let _ = engine.rotate(&rig, &asked, 1_000);
        assert_eq!(rig.calls_of("discard").len(), discarded, "case {at}");
    }
    // A commit of which nobody knows may name it.
    let rig = rig();
    rig.refuse([CommitError::Unknown(error(StoreErrorKind::Failed))]);
    rig.engine().rotate(&rig, &request(&rig), 1_000).unwrap_err();
    assert_eq!(rig.calls_of("discard").len(), 0);
}

#[test]
fn a_retry_after_of_a_day_is_overridden_by_who_insists_and_a_doubt_is_not() {
    let day_ms = 86_400_000;
    let rig = rig();
    let engine = rig.engine();
    rig.answers().refreshes.push_back(Exchanged::NotConsumed { retry_after_ms: Some(day_ms) });
    assert!(matches!(engine.rotate(&rig, &request(&rig), 1_000).unwrap(), Rotation::Failed(_)));
    let asked = engine.rotate(&rig, &request(&rig), 1_000).unwrap();
    assert!(matches!(asked, Rotation::Refused(Refusal::BackOff(until)) if until == at(0).plus_ms(day_ms)));
    let insists = RotationRequest { cause: Cause::Insisted, ..request(&rig) };
    rig.answers().refreshes.push_back(Exchanged::Unknown);
    assert!(matches!(engine.rotate(&rig, &insists, 1_000).unwrap(), Rotation::Failed(Exchanged::Unknown)));
    // Now it may have been spent, and nobody's word makes that unsaid.
    let again = engine.rotate(&rig, &insists, 1_000).unwrap();
    assert!(matches!(again, Rotation::Refused(Refusal::InDoubtUntil(_))), "{again:?}");
    assert_eq!(rig.calls_of("refresh").len(), 2);
}

#[test]
fn of_two_limits_the_later_is_told_at_once() {
    let rig = rig();
    let engine = rig.engine();
    rig.answers().refreshes.push_back(Exchanged::Unknown);
    engine.rotate(&rig, &request(&rig), 1_000).unwrap();
    // In doubt it is quiet after 50 s, and needed when the access token has ended.
    let until = match engine.rotate(&rig, &request(&rig), 1_000).unwrap() {
        Rotation::Refused(Refusal::InDoubtUntil(until)) => until,
        other => panic!("{other:?}"),
    };
    assert_eq!(until, at(0).plus_ms(3_600_000));
    rig.pass(until.left_ms(&at(0)));
    grants(&rig);
    assert_eq!(access(&engine.rotate(&rig, &request(&rig), 1_000).unwrap()), "at-2", "then it is open");
}

#[test]
fn a_rotation_is_ones_own_only_if_its_grant_stands() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    grants(&rig);
    rig.when("refresh", move || commit(&other, Event::Put(named("a", key("key-1")))));
    let rotation = engine.rotate(&rig, &request(&rig), 1_000).unwrap();
    assert!(matches!(&rotation, Rotation::Newer(_)) && access(&rotation) == "key-1");
    let rig = self::rig();
    grants(&rig);
    assert!(matches!(rig.engine().rotate(&rig, &request(&rig), 1_000).unwrap(), Rotation::Granted(_)));
}

#[test]
fn where_nobody_can_ask_the_issuer_nothing_is_claimed_and_nobody_waits_for_a_next_try() {
    let rig = rig();
    let engine = rig.engine();
    assert!(matches!(engine.rotate(&Mute, &request(&rig), 1_000).unwrap(), Rotation::NoIssuer));
    rig.pass(3_600_000);
    let why = engine.token(&Mute, &acme(), &Choice::default(), TIMES, 1_000).unwrap_err();
    assert!(matches!(&why, NoToken::NoIssuer { label } if label.as_str() == "a") && why.asks_for_login());
    assert_eq!(rig.calls_of("commit").len(), 0);
    commit(&engine, Event::Put(named("b", key("key-1"))));
    let next = engine.token(&Mute, &acme(), &Choice::default(), TIMES, 1_000).unwrap();
    assert_eq!(next.live.label.as_str(), "b", "it gives way as what has ended for good");
}

/// An issuer that can ask nobody.
struct Mute;

impl Issuer for Mute {
    fn can_refresh(&self, _: &ProviderId) -> bool {
        false
    }
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        unreachable!("it can't")
    }
    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        unreachable!()
    }
    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        unreachable!()
    }
    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        unreachable!()
    }
    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        Revoked::Unsupported
    }
}
