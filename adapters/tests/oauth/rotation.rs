//! Rotation by the engine, against a server that revokes the family of a token that is used twice.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::engine::{NoToken, Rotation};
use credlatch_core::name::Label;
use credlatch_core::pool::Choice;
use credlatch_core::port::Issuer as _;
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::{Cause, Exchanged};
use credlatch_core::state::{Custody, Material, Source};
use credlatch_core::{Event, Refusal};
use credlatch_sandbox::Fault;

use crate::world::{World, acme, secret, text};

const HOUR: u64 = 3_600_000;

#[test]
fn sixteen_threads_at_expiry_make_one_exchange() {
    let world = World::new();
    let old = world.store(HOUR, 0);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(100));
    let start = Barrier::new(16);
    let tokens: Vec<String> = thread::scope(|scope| {
        let ask = || {
            start.wait();
            text(&world.token().unwrap())
        };
        let all: Vec<_> = (0..16).map(|_| scope.spawn(ask)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != old));
    assert!(world.sandbox.accepts(&tokens[0]));
    let stats = world.sandbox.stats();
    assert_eq!((stats.exchanges, stats.refresh_requests, stats.replays), (1, 1, 0));
}

#[test]
fn a_good_token_costs_no_request() {
    let world = World::new();
    let access = world.store(HOUR, HOUR / 2);
    assert_eq!(text(&world.token().unwrap()), access);
    assert_eq!(world.sandbox.stats().refresh_requests, 0);
}

#[test]
fn a_hundred_rotations_in_a_row_replay_nothing() {
    let world = World::new();
    world.store(HOUR, 0);
    for _ in 0..100 {
        let token = text(&world.token().unwrap());
        assert!(world.sandbox.accepts(&token));
        world.engine.clock().leap(HOUR);
    }
    let stats = world.sandbox.stats();
    assert_eq!((stats.exchanges, stats.replays), (100, 0));
}

#[test]
fn a_server_that_returns_no_new_refresh_token_keeps_the_old_one() {
    let world = World::new();
    world.sandbox.adjust(|settings| settings.rotates = false);
    world.store(HOUR, 0);
    for _ in 0..3 {
        world.token().unwrap();
        world.engine.clock().leap(HOUR);
    }
    assert_eq!((world.sandbox.stats().exchanges, world.sandbox.stats().replays), (3, 0));
}

#[test]
fn an_unknown_outcome_is_served_while_it_lives_and_presented_again_after_its_quarantine_only() {
    let world = World::with(|row| row.http_timeout_secs = 1);
    let access = world.store(400_000, 30_000);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(3));
    let began = Instant::now();
    assert_eq!(text(&world.token().unwrap()), access, "due, but good for 30 s more");
    assert!(began.elapsed() < Duration::from_millis(1_900), "the time-out bounds the whole request");
    assert!(matches!(world.custody(), Custody::InDoubt(_)));
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);

    assert_eq!(text(&world.token().unwrap()), access);
    let refused = world.rotate(Cause::Challenged);
    assert!(matches!(refused, Rotation::Refused(Refusal::InDoubtUntil(_) | Refusal::BackOff(_))), "{refused:?}");
    assert_eq!(world.sandbox.stats().refresh_requests, 1, "nothing is presented within its quarantine");

    world.engine.clock().leap(8_000);
    assert_eq!(text(&world.token().unwrap()), access, "nor while the access token lives and nobody refuses it");
    assert_eq!(world.sandbox.stats().refresh_requests, 1);

    world.engine.clock().leap(22_000);
    assert!(matches!(world.token(), Err(NoToken::SignIn(Some(code))) if code == "invalid_grant"));
    assert!(matches!(world.custody(), Custody::Lost(lost) if lost.after_doubt));
    for _ in 0..3 {
        world.engine.clock().leap(HOUR);
        assert!(matches!(world.token(), Err(NoToken::SignIn(Some(_)))));
    }
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (2, 1), "one replay found it lost, and none came after");
}

#[test]
fn within_the_grace_of_its_server_an_unknown_outcome_costs_nothing() {
    let world = World::with(|row| row.grace_secs = 60);
    let access = world.store(HOUR, 0);
    world.sandbox.adjust(|settings| {
        settings.grace = Duration::from_secs(60);
        settings.fault = Some(Fault::Drop);
    });
    assert!(matches!(world.token(), Err(NoToken::InDoubt { .. })));
    world.sandbox.adjust(|settings| settings.fault = None);
    world.engine.clock().leap(1_000);
    let token = text(&world.token().unwrap());
    assert!(token != access && world.sandbox.accepts(&token));
    assert_eq!(world.sandbox.stats().replays, 0);
}

#[test]
fn whatever_goes_wrong_after_the_token_was_spent_leaves_a_doubt() {
    for fault in [Fault::Drop, Fault::Html(200), Fault::Html(502), Fault::CutOff, Fault::Malformed, Fault::Huge] {
        let world = World::new();
        world.store(HOUR, 0);
        world.sandbox.adjust(|settings| settings.fault = Some(fault.clone()));
        assert!(matches!(world.token(), Err(NoToken::InDoubt { .. })), "{fault:?}");
        assert!(matches!(world.custody(), Custody::InDoubt(_)), "{fault:?}");
        assert!(matches!(world.token(), Err(NoToken::InDoubt { .. })), "{fault:?}");
        assert_eq!(world.sandbox.stats().refresh_requests, 1, "{fault:?}");
    }
}

#[test]
fn a_refusal_that_spared_the_token_is_retried_later_and_succeeds() {
    for fault in
        [Fault::Refuse(401, "invalid_client".to_owned()), Fault::Refuse(429, "slow_down".to_owned()), Fault::Busy(7)]
    {
        let world = World::new();
        world.store(HOUR, 0);
        world.sandbox.adjust(|settings| settings.fault = Some(fault.clone()));
        let Err(NoToken::TurnedAway { until, .. }) = world.token() else { panic!("{fault:?}") };
        assert_eq!(until.after_ms, if fault == Fault::Busy(7) { 7_000 } else { 1_000 });
        assert!(matches!(world.token(), Err(NoToken::TurnedAway { .. })));
        assert_eq!(world.sandbox.stats().refresh_requests, 1, "{fault:?}: a crowd does not hammer it");
        world.sandbox.adjust(|settings| settings.fault = None);
        world.engine.clock().leap(until.after_ms);
        world.token().unwrap();
        assert_eq!(world.sandbox.stats().replays, 0);
    }
}

#[test]
fn a_rejected_token_is_lost_and_never_posted_again() {
    let world = World::new();
    world.store(HOUR, 0);
    let refresh =
        world.engine.snapshot().unwrap().state.entry("acme", "default").unwrap().grant().unwrap().refresh.clone();
    assert!(matches!(world.issuer.refresh(&acme(), &refresh.unwrap(), &[]), Exchanged::Granted(_)));
    assert!(matches!(world.token(), Err(NoToken::SignIn(Some(code))) if code == "invalid_grant"));
    let posts = world.sandbox.stats().refresh_requests;
    for _ in 0..5 {
        world.engine.clock().leap(HOUR);
        assert!(matches!(world.token(), Err(NoToken::SignIn(_))));
        assert!(matches!(world.rotate(Cause::Asked), Rotation::Refused(Refusal::Lost)));
    }
    assert_eq!(world.sandbox.stats().refresh_requests, posts);
}

#[test]
fn a_login_that_is_rejected_gives_way_to_the_entry_behind_it_in_the_same_call() {
    let world = World::new();
    world.store(HOUR, 0);
    let refresh =
        world.engine.snapshot().unwrap().state.entry("acme", "default").unwrap().grant().unwrap().refresh.clone();
    assert!(matches!(world.issuer.refresh(&acme(), &refresh.unwrap(), &[]), Exchanged::Granted(_)));
    let key = Put {
        provider: acme(),
        label: Label::new("key").unwrap(),
        material: Material::ApiKey(secret("key-1")),
        source: Source::Manual,
        how: PutMode::Named,
    };
    world.engine.transact(&[Event::Put(key)]).unwrap();
    assert_eq!(text(&world.token().unwrap()), "key-1");
    assert!(matches!(world.custody(), Custody::Lost(_)));
    assert_eq!(world.sandbox.stats().replays, 1, "it was presented, once");
    assert_eq!(text(&world.token().unwrap()), "key-1");
    assert_eq!(world.sandbox.stats().replays, 1);
}

#[test]
fn while_the_issuer_is_down_a_valid_token_is_served() {
    let world = World::new();
    let access = world.store(HOUR, 60_000);
    let World { sandbox, issuer, engine, times } = world;
    drop(sandbox);
    let token = || engine.token(&issuer, &acme(), &Choice::default(), times, 20_000);
    assert_eq!(text(&token().unwrap()), access);
    engine.clock().leap(HOUR);
    assert!(matches!(token(), Err(NoToken::Unreached { .. })));
}

#[test]
fn a_token_of_half_a_minute_is_rotated_as_soon_as_it_is_too_short_to_hand_out() {
    let world = World::new();
    let access = world.store(30_000, 8_000);
    assert_ne!(text(&world.token().unwrap()), access);
}

#[test]
fn tokens_that_are_due_on_arrival_are_asked_for_once_a_call() {
    let world = World::new();
    world.sandbox.adjust(|settings| settings.token_lifetime = Duration::ZERO);
    world.store(HOUR, 0);
    world.token().unwrap();
    assert_eq!(world.sandbox.stats().exchanges, 1);
}
