//! What a request gets: when a token is rotated first, when it will do, and what is said when there is none.

use super::super::{Chosen, Engine, NoToken};
use super::rig::{Here, Rig, commit};
use crate::machine::Event;
use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::pool::{Choice, Report, SetStrategy};
use crate::machine::put::SuspendLink;
use crate::machine::rotation::{BACK_OFF_FIRST_MS, Cause};
use crate::port::{Alive, Store};
use crate::sample::{TIMES, acme, at, claim, entry, fresh, grant, key, label, link, named};
use crate::state::custody::DoubtCause;
use crate::state::health::FailureKind;
use crate::state::strategy::Strategy;
use crate::state::turned_away::TurnedAway;
use crate::state::{Freshness, LEAST_LEFT_MS};

pub(super) const HOUR_MS: u64 = 3_600_000;
pub(super) const SKEW_MS: u64 = TIMES.skew_ms;

pub(super) fn token(engine: &Engine<Here>, rig: &Rig) -> Result<Chosen, NoToken> {
    engine.token(rig, &acme(), &Choice::default(), TIMES, 1_000)
}

pub(super) fn text(chosen: &Chosen) -> &str {
    chosen.live.secret().unwrap().expose_secret()
}

pub(super) fn current(engine: &Engine<Here>) -> Chosen {
    engine.current("acme", &Choice::default()).unwrap()
}

pub(super) fn login() -> Rig {
    Rig::with([named("a", grant("at-1", Some("rt-1")))])
}

pub(super) fn answers(rig: &Rig, with: Exchanged) {
    rig.answers().refreshes.push_back(with);
}

fn not_consumed() -> Exchanged {
    Exchanged::NotConsumed { retry_after_ms: None }
}

#[test]
fn a_token_is_good_then_due_then_over() {
    // What is left, and how good it is.
    for (left_ms, freshness) in [
        (HOUR_MS, Freshness::Good),
        (SKEW_MS + 1, Freshness::Good),
        (SKEW_MS, Freshness::Due),
        (LEAST_LEFT_MS, Freshness::Due),
        (LEAST_LEFT_MS - 1, Freshness::Spent),
        (0, Freshness::Spent),
    ] {
        let rig = login();
        rig.pass(HOUR_MS - left_ms);
        let engine = rig.engine();
        let chosen = current(&engine);
        rig.calls();
        assert_eq!(engine.freshness(&chosen, TIMES).unwrap(), freshness, "{left_ms} ms");
        let looks = rig.calls_of("word").len();
        assert_eq!(
            looks == 0,
            !(LEAST_LEFT_MS..=SKEW_MS).contains(&left_ms),
            "most calls don't look at the store again"
        );
    }
    // A key, and another tool's login, are never due: it is not for us to say.
    for material in [key("key-1"), link("ann")] {
        let rig = Rig::with([named("a", material)]);
        let engine = rig.engine();
        let chosen = current(&engine);
        assert_eq!(engine.freshness(&chosen, TIMES).unwrap(), Freshness::Good);
    }
}

#[test]
fn a_due_token_is_rotated_and_while_that_fails_it_will_do() {
    let rig = login();
    let engine = rig.engine();
    rig.pass(HOUR_MS - SKEW_MS);
    answers(&rig, not_consumed());
    assert_eq!(text(&token(&engine, &rig).unwrap()), "at-1");
    assert_eq!(engine.freshness(&current(&engine), TIMES).unwrap(), Freshness::Good, "not before its next try");
    rig.pass(BACK_OFF_FIRST_MS);
    assert_eq!(engine.freshness(&current(&engine), TIMES).unwrap(), Freshness::Due);
    answers(&rig, Exchanged::Granted(fresh("at-2", Some("rt-2"))));
    assert_eq!(text(&token(&engine, &rig).unwrap()), "at-2");
    assert_eq!(rig.calls_of("refresh").len(), 2);
    assert_eq!(text(&token(&engine, &rig).unwrap()), "at-2");
    assert_eq!(rig.calls_of("refresh").len(), 0, "a good one is left alone");
}

#[test]
fn what_nobody_can_rotate_now_is_not_due() {
    let state_of = |event: fn(&Rig) -> Event| {
        let rig = login();
        let engine = rig.engine();
        rig.pass(HOUR_MS - SKEW_MS);
        let event = event(&rig);
        commit(&engine, event);
        let chosen = current(&engine);
        engine.freshness(&chosen, TIMES).unwrap()
    };
    let claims = |rig: &Rig| Event::ClaimRotation(claim(&rig.state(), "a", 1, Cause::Due));
    assert_eq!(state_of(claims), Freshness::Good, "somebody is at it");
    let without_refresh = |_: &Rig| Event::Put(named("a", grant("at-9", None)));
    assert_eq!(state_of(without_refresh), Freshness::Good, "it has no refresh token");
    assert_eq!(state_of(|_| Event::Put(named("b", key("key-1")))), Freshness::Due, "and otherwise it is");
}

#[test]
fn an_issuer_whose_tokens_are_due_at_once_is_asked_once_a_call() {
    for life_ms in [0, 1, 5_000] {
        let rig = login();
        let engine = rig.engine();
        rig.pass(HOUR_MS);
        let short = Fresh { expires_in_ms: Some(life_ms), ..fresh("at-2", Some("rt-2")) };
        answers(&rig, Exchanged::Granted(short));
        assert_eq!(text(&token(&engine, &rig).unwrap()), "at-2");
        assert_eq!(rig.calls_of("refresh").len(), 1);
    }
}

#[test]
fn a_spent_token_is_never_handed_out_and_the_reason_says_what_to_do() {
    let failed = |answer: Exchanged| {
        let rig = login();
        let engine = rig.engine();
        rig.pass(HOUR_MS);
        answers(&rig, answer);
        let error = token(&engine, &rig).unwrap_err();
        (rig, engine, error)
    };
    let (rig, engine, error) = failed(Exchanged::Rejected { code: "invalid_grant".to_owned() });
    assert!(matches!(error, NoToken::SignIn(Some(code)) if code == "invalid_grant"));
    let again = token(&engine, &rig).unwrap_err();
    assert!(matches!(again, NoToken::SignIn(Some(code)) if code == "invalid_grant"), "and so it is the next time");
    let next = at(HOUR_MS).plus_ms(BACK_OFF_FIRST_MS);
    let (rig, engine, error) = failed(not_consumed());
    assert!(matches!(error, NoToken::Unreachable(until) if until == next));
    assert!(matches!(token(&engine, &rig).unwrap_err(), NoToken::Unreachable(until) if until == next));
    let answer = TurnedAway { status: 400, code: Some("invalid_client".to_owned()), description: None };
    let is_told = |error: &NoToken| matches!(error, NoToken::TurnedAway { until, answer: told, .. } if *until == next && **told == answer);
    let (rig, engine, error) = failed(Exchanged::TurnedAway { answer: answer.clone(), retry_after_ms: None });
    assert!(is_told(&error), "{error:?}");
    let again = token(&engine, &rig).unwrap_err();
    assert!(is_told(&again), "and so it is while the next try is waited for: {again:?}");
    let (rig, engine, error) = failed(Exchanged::Unknown);
    let (unknown, quiet) = (Some(DoubtCause::NoUsableAnswer), at(HOUR_MS).plus_ms(TIMES.quarantine_ms()));
    assert!(quiet.left_ms(&at(0)) > next.left_ms(&at(0)), "it waits for both, and the later is told at once");
    assert!(matches!(error, NoToken::InDoubt { until, cause } if until == quiet && cause == unknown));
    let again = token(&engine, &rig).unwrap_err();
    assert!(matches!(again, NoToken::InDoubt { until, cause } if until == quiet && cause == unknown));
    assert_eq!(rig.calls_of("refresh").len(), 1);
    let rig = Rig::with([named("a", grant("at-1", None))]);
    rig.pass(HOUR_MS);
    assert!(matches!(token(&rig.engine(), &rig).unwrap_err(), NoToken::Ended { label } if label.as_str() == "a"));
}

#[test]
fn a_pool_without_a_usable_entry_says_why() {
    let rig = Rig::with([named("a", key("key-1"))]);
    let engine = rig.engine();
    let report = |dead: Option<&str>| {
        let version = entry(&rig.state(), "a").version;
        let (provider, label, answer) = (acme(), label("a"), FailureKind::Limited);
        let dead = dead.map(str::to_owned);
        Event::Report(Report { provider, label, version, answer, rest_ms: Some(9), model: None, dead })
    };
    let why = || engine.current("acme", &Choice::default()).unwrap_err();
    commit(&engine, report(None));
    assert!(matches!(why(), NoToken::Resting(until) if until == at(0).plus_ms(9)));
    commit(&engine, report(Some("token_revoked")));
    assert!(matches!(why(), NoToken::SignIn(Some(reason)) if reason == "token_revoked"), "a dead key has a reason too");
    assert!(matches!(engine.current("none", &Choice::default()).unwrap_err(), NoToken::Empty));
}

#[test]
fn entries_take_turns_where_the_pool_is_used_in_turn_and_nowhere_else() {
    let rig = Rig::with(["a", "b", "c"].map(|name| named(name, key(&format!("key-{name}")))));
    let engine = rig.engine();
    let picks = |turn: u64| -> Vec<String> {
        let pick = || engine.current("acme", &Choice { turn, ..Choice::default() }).unwrap().live.label.to_string();
        (0..4).map(|_| pick()).collect()
    };
    assert_eq!(picks(0), ["a", "a", "a", "a"]);
    commit(&engine, Event::SetStrategy(SetStrategy { provider: acme(), strategy: Strategy::RoundRobin }));
    assert_eq!(picks(0), ["a", "b", "c", "a"]);
    assert_eq!(picks(2), ["a", "b", "c", "a"], "a caller's own count is added");
    let chosen = engine.current("acme", &Choice::default()).unwrap();
    assert_eq!((chosen.generation, chosen.at), (2, Some(at(0))));
}

#[test]
fn an_act_that_takes_longer_than_the_caller_would_wait_is_named() {
    let rig = login();
    let engine = rig.engine();
    let alive = engine.store().enlist().unwrap();
    rig.pass(HOUR_MS);
    let mut first = claim(&rig.state(), "a", 1, Cause::Due);
    first.act.actor = alive.actor().clone();
    commit(&engine, Event::ClaimRotation(first));
    assert!(matches!(token(&engine, &rig).unwrap_err(), NoToken::Busy(actor) if actor == *alive.actor()));
    // What a person sets meanwhile is there at once.
    commit(&engine, Event::Put(named("a", key("key-1"))));
    assert_eq!(text(&token(&engine, &rig).unwrap()), "key-1");
}

#[test]
fn a_login_that_is_rejected_gives_way_and_one_whose_issuer_is_away_does_not() {
    let spent = |behind| {
        let rig = Rig::with([named("a", grant("at-1", Some("rt-1"))), named("b", behind)]);
        rig.pass(HOUR_MS);
        rig
    };
    let rejected = |code: &str| Exchanged::Rejected { code: code.to_owned() };

    let rig = spent(key("key-2"));
    answers(&rig, rejected("invalid_grant"));
    assert_eq!(text(&token(&rig.engine(), &rig).unwrap()), "key-2");
    let rig = spent(key("key-2"));
    answers(&rig, not_consumed());
    assert!(matches!(token(&rig.engine(), &rig).unwrap_err(), NoToken::Unreachable(_)), "it may be back at once");

    // Where nothing is left the first reason is told; what rests is worth a wait.
    let rig = spent(grant("at-2", Some("rt-2")));
    answers(&rig, rejected("first"));
    answers(&rig, rejected("second"));
    assert!(matches!(token(&rig.engine(), &rig).unwrap_err(), NoToken::SignIn(Some(code)) if code == "first"));
    let rig = spent(key("key-2"));
    let engine = rig.engine();
    let report = Report {
        provider: acme(),
        label: label("b"),
        version: entry(&rig.state(), "b").version,
        answer: FailureKind::Limited,
        rest_ms: None,
        model: None,
        dead: None,
    };
    commit(&engine, Event::Report(report));
    answers(&rig, rejected("invalid_grant"));
    assert!(matches!(token(&engine, &rig).unwrap_err(), NoToken::Resting(_)));
}

#[test]
fn what_was_passed_over_for_a_request_is_not_chosen_for_it() {
    let rig = Rig::with([named("a", key("key-1")), named("b", key("key-2"))]);
    let engine = rig.engine();
    let passed = [current(&engine).live.version];
    let choice = Choice { passed: &passed, ..Choice::default() };
    assert_eq!(text(&engine.current("acme", &choice).unwrap()), "key-2");
    assert_eq!(text(&engine.token(&rig, &acme(), &choice, TIMES, 1_000).unwrap()), "key-2");
}

#[test]
fn a_link_that_was_set_aside_is_told_as_that() {
    let rig = Rig::with([named("a", link("account"))]);
    let engine = rig.engine();
    let version = current(&engine).live.version;
    commit(&engine, Event::SuspendLink(SuspendLink { provider: acme(), label: label("a"), version }));
    let why = engine.current("acme", &Choice::default()).unwrap_err();
    assert!(matches!(why, NoToken::Suspended { label, .. } if label.as_str() == "a"));
}
