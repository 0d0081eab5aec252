//! Clocks that can't be compared: what the engine does where no boot is known, after a reboot, and when the wall clock is set.

use super::super::{Engine, FlowView, NoToken, Rotation, RotationRequest};
use super::rig::{Here, Rig, commit};
use crate::machine::clear::Clear;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::LIVE_MAX_MS;
use crate::machine::pool::Choice;
use crate::machine::rotation::Cause;
use crate::machine::{Event, Refusal};
use crate::port::{Alive, Polled, Store};
use crate::sample::{TIMES, acme, claim, entry, fresh, grant, label, named};
use crate::state::custody::{DoubtCause, Watched};
use crate::state::flow::{FlowEnd, FlowKind};
use crate::state::times::{ON_THE_WAY_MS, Times};
use crate::state::{Custody, Nonce};

const HOUR_MS: u64 = 3_600_000;
const HOURS: i64 = 3_600_000;
const QUARANTINE_MS: u64 = 3 * TIMES.http_timeout_ms + ON_THE_WAY_MS;

/// A grant whose access token has ended, and whose rotation died just now, on a machine of this boot.
fn in_doubt(boot: u64) -> Rig {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    rig.pass(HOUR_MS);
    rig.boots(boot);
    let engine = rig.engine();
    let claim = claim(&rig.state(), "a", 1, Cause::Asked);
    commit(&engine, Event::ClaimRotation(claim));
    commit(&engine, Event::Purge);
    assert!(matches!(&entry(&rig.state(), "a").grant().unwrap().custody, Custody::InDoubt(_)));
    rig.calls();
    rig
}

fn rotate(rig: &Rig, engine: &Engine<Here>, cause: Cause, patience_ms: u64) -> Rotation {
    let version = entry(&rig.state(), "a").version;
    let request = RotationRequest { provider: acme(), label: label("a"), version, cause, times: TIMES };
    engine.rotate(rig, &request, patience_ms).unwrap()
}

fn grants(rig: &Rig) {
    rig.answers().refreshes.push_back(Exchanged::Granted(fresh("at-2", Some("rt-2"))));
}

#[test]
fn without_a_boot_id_a_wall_clock_that_leaps_cuts_no_quarantine_short() {
    for (then, now) in [(0, 0), (0, 7), (7, 0)] {
        let rig = in_doubt(then);
        rig.boots(now);
        let engine = rig.engine();
        rig.pass(QUARANTINE_MS / 2);
        rig.set_wall(2 * HOURS);
        let refused = rotate(&rig, &engine, Cause::Challenged, 1_000);
        let Rotation::Refused(Refusal::InDoubtUntil(until)) = refused else { panic!("{refused:?}") };
        assert_eq!(until.left_ms(&rig.now()), QUARANTINE_MS, "nobody has watched it yet");
        assert_eq!(rig.calls_of("refresh").len(), 0);
    }
}

#[test]
fn without_a_boot_id_whoever_watched_a_doubt_for_a_quarantine_presents_whatever_the_wall_clock_says() {
    for by_ms in [0, HOURS, -HOURS] {
        let rig = in_doubt(0);
        let engine = rig.engine();
        engine.snapshot().unwrap();
        rig.set_wall(by_ms);
        rig.pass(QUARANTINE_MS - 1);
        let early = rotate(&rig, &engine, Cause::Challenged, 1_000);
        assert!(matches!(early, Rotation::Refused(Refusal::InDoubtUntil(_))), "{early:?}");
        rig.pass(1);
        grants(&rig);
        let done = rotate(&rig, &engine, Cause::Challenged, 1_000);
        assert!(matches!(done, Rotation::Granted(_)), "{done:?}");
    }
}

#[test]
fn what_was_watched_of_one_doubt_says_nothing_about_another() {
    let rig = in_doubt(0);
    let (engine, other) = (rig.engine(), rig.engine());
    engine.snapshot().unwrap();
    rig.pass(QUARANTINE_MS);
    // Another process that watched as long claims, and dies too.
    let mut second = claim(&rig.state(), "a", 2, Cause::Challenged);
    second.watched = Some(Watched { attempt: Nonce(1), for_ms: QUARANTINE_MS });
    commit(&other, Event::ClaimRotation(second));
    let refused = rotate(&rig, &engine, Cause::Asked, 1_000);
    assert!(matches!(refused, Rotation::Refused(Refusal::InDoubtUntil(_))), "{refused:?}");
}

#[test]
fn a_command_that_needs_a_token_in_doubt_watches_it_out_within_its_patience() {
    // Where the wall clock goes back, the old access token seems to live again, and is handed out as soon as that is seen.
    for (by_ms, token, most_ms) in [(0, "at-2", QUARANTINE_MS), (HOURS, "at-2", QUARANTINE_MS), (-HOURS, "at-1", 500)] {
        let rig = in_doubt(0);
        grants(&rig);
        rig.when("pause", {
            let rig = rig.clone();
            move || rig.set_wall(by_ms)
        });
        let began = rig.now_ms();
        let chosen = rig.engine().token(&rig, &acme(), &Choice::default(), TIMES, QUARANTINE_MS).unwrap();
        assert_eq!((chosen.live.secret().unwrap().expose_secret(), rig.now_ms() - began), (token, most_ms));
    }
}

#[test]
fn a_command_without_the_patience_for_it_says_at_once_when() {
    let rig = in_doubt(0);
    let began = rig.now_ms();
    let error = rig.engine().token(&rig, &acme(), &Choice::default(), TIMES, 5_000).unwrap_err();
    let NoToken::InDoubt { until, cause: Some(DoubtCause::ActorDied) } = error else { panic!("{error:?}") };
    assert_eq!((until.left_ms(&rig.now()), rig.now_ms() - began), (QUARANTINE_MS, 0));
    // After a 401 something else may be used: nobody waits.
    assert!(matches!(rotate(&rig, &rig.engine(), Cause::Challenged, HOUR_MS), Rotation::Refused(_)));
    assert_eq!(rig.now_ms(), began);
}

#[test]
fn whoever_watches_a_doubt_goes_when_it_goes() {
    let rig = in_doubt(0);
    let (engine, other) = (rig.engine(), rig.engine());
    rig.when("pause", move || drop(other.clear(Clear::Everything).unwrap()));
    let gone = rotate(&rig, &engine, Cause::Asked, QUARANTINE_MS);
    assert!(matches!(gone, Rotation::Gone), "{gone:?}");
    assert_eq!(rig.calls_of("pause").len(), 1);
}

#[test]
fn after_a_reboot_a_doubt_is_quiet_once_the_machine_has_run_for_a_quarantine() {
    let rig = in_doubt(7);
    rig.boots(8);
    let engine = rig.engine();
    // The clock since boot of the rig goes on: this boot is as old as it says. A wall clock that was set back is no proof.
    rig.set_wall(-HOURS);
    let early = rotate(&rig, &engine, Cause::Challenged, 1_000);
    assert!(matches!(early, Rotation::Refused(Refusal::InDoubtUntil(_))), "{early:?}");
    rig.set_wall(HOURS);
    rig.pass(QUARANTINE_MS);
    grants(&rig);
    assert!(matches!(rotate(&rig, &engine, Cause::Challenged, 1_000), Rotation::Granted(_)));
}

#[test]
fn an_issuers_grace_time_is_not_stretched_by_a_wall_clock_that_goes_back() {
    let rig = in_doubt(0);
    rig.pass(60_000);
    rig.set_wall(-HOURS);
    let version = entry(&rig.state(), "a").version;
    let times = Times { grace_ms: 10_000, ..TIMES };
    let request = RotationRequest { provider: acme(), label: label("a"), version, cause: Cause::Challenged, times };
    let refused = rig.engine().rotate(&rig, &request, 1_000).unwrap();
    assert!(matches!(refused, Rotation::Refused(Refusal::InDoubtUntil(_))), "{refused:?}");
}

#[test]
fn the_patience_of_a_waiter_is_its_own_clocks_whatever_the_wall_clock_does() {
    for (boot, by_ms) in [(0, HOURS), (0, -HOURS), (7, -HOURS)] {
        let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
        rig.boots(boot);
        let (engine, other) = (rig.engine(), rig.engine());
        let alive = other.store().enlist().unwrap();
        let mut claim = claim(&rig.state(), "a", 1, Cause::Asked);
        claim.act.actor = alive.actor().clone();
        commit(&other, Event::ClaimRotation(claim));
        rig.when("wait", {
            let rig = rig.clone();
            move || rig.set_wall(by_ms)
        });
        let began = rig.now_ms();
        assert!(matches!(rotate(&rig, &engine, Cause::Asked, 700), Rotation::Busy(_)));
        assert_eq!(rig.now_ms() - began, 700);
        let cleared = other.clear(Clear::Everything).unwrap();
        let held = engine.snapshot().unwrap();
        assert!(other.drain(&cleared, 50), "{held:?}");
    }
}

#[test]
fn whoever_slept_between_claim_and_request_sends_nothing_though_the_wall_clock_went_back() {
    let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
    rig.boots(0);
    let engine = rig.engine();
    rig.when("commit", {
        let rig = rig.clone();
        move || {
            rig.pass(TIMES.http_timeout_ms + 1);
            rig.set_wall(-HOURS);
        }
    });
    assert!(matches!(rotate(&rig, &engine, Cause::Asked, 1_000), Rotation::Failed(Exchanged::NotConsumed { .. })));
    assert_eq!(rig.calls_of("refresh").len(), 0);
}

#[test]
fn a_poller_ends_its_login_by_its_own_clock_though_the_wall_clock_goes_back_and_back() {
    let rig = Rig::with([]);
    rig.boots(0);
    let engine = rig.engine();
    let login = engine.login(&rig, &acme(), &label("a"), FlowKind::Device).unwrap();
    let began = rig.now_ms();
    for _ in 0..5 {
        rig.answers().polls.push_back(Polled::Pending);
        rig.when("poll", {
            let rig = rig.clone();
            move || {
                rig.pass(300_000);
                rig.set_wall(-HOURS);
                rig.calls();
            }
        });
    }
    let view = engine.poll_to_end(&rig, login.poller.unwrap()).unwrap();
    assert!(matches!(&view, FlowView::Ended(ended) if ended.end == FlowEnd::Expired), "{view:?}");
    assert!(rig.now_ms() - began < LIVE_MAX_MS + 60_000, "{}", rig.now_ms() - began);
}

#[test]
fn whoever_has_the_patience_waits_for_the_end_of_a_doubt_and_is_served() {
    for cause in [Cause::Due, Cause::Asked, Cause::Insisted] {
        let rig = in_doubt(7);
        grants(&rig);
        let began = rig.now_ms();
        let done = rotate(&rig, &rig.engine(), cause, QUARANTINE_MS);
        assert!(matches!(done, Rotation::Granted(_)), "{done:?}");
        assert_eq!(rig.now_ms() - began, QUARANTINE_MS);
    }
}

#[test]
fn whoever_has_not_hears_at_once_until_when_and_after_a_401_nobody_waits() {
    for (cause, patience_ms) in [(Cause::Due, 5_000), (Cause::Asked, 0), (Cause::Challenged, HOUR_MS)] {
        let rig = in_doubt(7);
        let began = rig.now_ms();
        let refused = rotate(&rig, &rig.engine(), cause, patience_ms);
        let Rotation::Refused(Refusal::InDoubtUntil(until)) = refused else { panic!("{refused:?}") };
        assert_eq!((until.left_ms(&rig.now()), rig.now_ms() - began), (QUARANTINE_MS, 0));
    }
}

#[test]
fn a_doubt_about_a_token_that_lasts_is_waited_for_by_nobody_and_one_that_is_about_to_end_is() {
    for (left_ms, waits) in [(5_000, true), (60_000, false)] {
        let rig = Rig::with([named("a", grant("at-1", Some("rt-1")))]);
        rig.pass(HOUR_MS - left_ms);
        let engine = rig.engine();
        commit(&engine, Event::ClaimRotation(claim(&rig.state(), "a", 1, Cause::Asked)));
        if waits {
            grants(&rig);
        }
        let began = rig.now_ms();
        let done = rotate(&rig, &engine, Cause::Due, HOUR_MS);
        assert_eq!(matches!(done, Rotation::Granted(_)), waits, "{done:?}");
        assert_eq!(rig.now_ms() - began, if waits { QUARANTINE_MS } else { 0 });
    }
}

#[test]
fn a_doubt_that_ends_early_is_waited_for_no_longer() {
    let rig = in_doubt(7);
    let (engine, other) = (rig.engine(), rig.engine());
    rig.when("pause", move || {
        let granted = Exchanged::Granted(fresh("at-2", Some("rt-2")));
        commit(&other, crate::sample::settle("a", 1, granted));
    });
    let began = rig.now_ms();
    assert!(matches!(rotate(&rig, &engine, Cause::Asked, QUARANTINE_MS), Rotation::Newer(_)));
    assert_eq!(rig.now_ms() - began, 500);
}
