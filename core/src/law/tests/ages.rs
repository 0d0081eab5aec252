//! Law 14, of what is waited for: quarantine, back-off, spacing, token life and rest, across boots and without a boot id.

use super::*;
use crate::machine::Refusal;
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::{CHALLENGE_SPACING_MS, Cause};
use crate::sample::{TIMES, claim, grant, settle};
use crate::state::Entry;
use crate::state::health::{FailureKind, Rest};
use crate::state::time::{Deadline, Expiry};
use crate::state::times::{ON_THE_WAY_MS, Times};

const QUARANTINE_MS: u64 = 3 * TIMES.http_timeout_ms + ON_THE_WAY_MS;
const HOUR_MS: i64 = 3_600_000;
const WAIT_MS: u64 = 50_000;

/// So many milliseconds after the beginning, without a boot, and the wall clock set by so many.
fn placeless(ms: u64, by_ms: i64) -> Stamp {
    let now = at(ms);
    Stamp { boot: 0, wall_ms: now.wall_ms.saturating_add_signed(by_ms), ..now }
}

fn verdict(now: Stamp, before: &State, event: &Event, verdict: Verdict) -> Fact {
    let (before, event) = (before.clone(), event.clone());
    Fact::Stepped(Box::new(Stepped { who: 1, now, after: before.clone(), before, event, verdict }))
}

/// Something happened at the beginning, and after so much time this.
fn later(ms: u64, fact: Fact) -> [Fact; 3] {
    let beginning = verdict(placeless(0, 0), &State::default(), &Event::Purge, Verdict::Nothing);
    [beginning, Fact::Passed { ms }, fact]
}

fn login(change: impl FnOnce(&mut Entry)) -> State {
    let mut state = stored([named("a", grant("at-1", Some("rt-1")))]);
    change(&mut state.slot_mut(&acme()).entries[0]);
    state
}

fn claims(state: &State, cause: Cause) -> Event {
    Event::ClaimRotation(claim(state, "a", 9, cause))
}

fn chosen(now: Stamp, state: &State, place: Option<usize>) -> Fact {
    Fact::Chosen { now, state: shared(state), provider: acme(), at: place, told_when: place.is_none() }
}

#[test]
fn law_14_no_clock_that_was_set_ends_a_quarantine() {
    let then = placeless(0, 0);
    let before = login(|_| {});
    let first = Event::ClaimRotation(claim(&before, "a", 1, Cause::Asked));
    let claimed = after(&before, &then, std::slice::from_ref(&first));
    let doubt = after(&claimed, &then, &[settle("a", 1, Exchanged::Unknown)]);
    let trace = |ms: u64, now: Stamp, again: &Event, told: Verdict| {
        [verdict(then, &before, &first, Verdict::Done), Fact::Passed { ms }, verdict(now, &doubt, again, told)]
    };
    let again = claims(&doubt, Cause::Challenged);
    for by_ms in [0, HOUR_MS, -HOUR_MS] {
        let early = QUARANTINE_MS - 1;
        breaks(14, &trace(early, placeless(early, by_ms), &again, Verdict::Done), "was claimed again 49999 ms after");
        keeps(14, &trace(QUARANTINE_MS, placeless(QUARANTINE_MS, by_ms), &again, Verdict::Done));
        let rebooted = Stamp { boot: 8, ..placeless(early, by_ms) };
        breaks(14, &trace(early, rebooted, &again, Verdict::Done), "was claimed again");
    }
    // An issuer that forgives may be asked early.
    let forgiving = Times { grace_ms: 60_000, ..TIMES };
    let mut forgiven = claim(&doubt, "a", 9, Cause::Challenged);
    forgiven.times = forgiving;
    keeps(14, &trace(2_000, placeless(2_000, 0), &Event::ClaimRotation(forgiven), Verdict::Done));
    // What is told is no more than a quarantine, or the life of the access token.
    let told = |left_ms| {
        let now = placeless(1, 0);
        trace(1, now, &again, Verdict::Refused(Refusal::InDoubtUntil(now.plus_ms(left_ms))))
    };
    keeps(14, &told(QUARANTINE_MS));
    breaks(14, &told(3_600_001), "to go on for longer than one lasts");
    assert!(witnesses(14, &told(1)));
    assert!(!witnesses(14, &trace(1, placeless(1, 0), &Event::Purge, Verdict::Nothing)));
}

#[test]
fn law_14_a_wait_is_over_when_a_clock_says_so_and_goes_on_while_one_does() {
    let end = placeless(0, 0).plus_ms(WAIT_MS);
    let backing_off = login(|entry| entry.health.retry_at = Some(end));
    let spaced = login(|entry| entry.health.challenged = Some(placeless(0, 0)));
    let dying = login(|entry| {
        entry.grant_mut().unwrap().expiry = Expiry::After(Deadline { after_ms: 4 * WAIT_MS, ..end });
    });
    // Due is what has less left than the tenth of its life that is the window of a short token.
    let due_ms = 4 * WAIT_MS - dying.entry("acme", "a").unwrap().grant().unwrap().advisory_ms(TIMES.skew_ms);
    let waits = [
        (&backing_off, Cause::Asked, WAIT_MS, Refusal::BackOff(end), "back-off"),
        (&spaced, Cause::Challenged, CHALLENGE_SPACING_MS, Refusal::TooSoon(end), "spacing"),
        (&dying, Cause::Due, due_ms, Refusal::NotDue, "life"),
    ];
    for (state, cause, wait_ms, refusal, what) in waits {
        let step = |ms, by_ms, told| later(ms, verdict(placeless(ms, by_ms), state, &claims(state, cause), told));
        let refused = || Verdict::Refused(refusal.clone());
        breaks(14, &step(wait_ms - 1, 0, Verdict::Done), what);
        breaks(14, &step(wait_ms - 1, -HOUR_MS, Verdict::Done), what);
        keeps(14, &step(wait_ms - 1, HOUR_MS, Verdict::Done));
        keeps(14, &step(wait_ms - 1, 0, refused()));
        breaks(14, &step(wait_ms, 0, refused()), what);
        breaks(14, &step(wait_ms, HOUR_MS, refused()), what);
        keeps(14, &step(wait_ms, -HOUR_MS, refused()));
        keeps(14, &step(wait_ms, 0, Verdict::Done));
    }
    // Who isn't kept by it may go.
    let step = |state, cause| later(1, verdict(placeless(1, 0), state, &claims(state, cause), Verdict::Done));
    keeps(14, &step(&spaced, Cause::Asked));
    keeps(14, &step(&dying, Cause::Asked));
}

#[test]
fn law_14_rest_and_the_life_of_a_token_are_what_a_clock_says() {
    let end = placeless(0, 0).plus_ms(WAIT_MS);
    let resting = login(|entry| entry.health.rest = Some(Rest { until: end, cause: FailureKind::Limited }));
    let bare = login(|entry| {
        let grant = entry.grant_mut().unwrap();
        (grant.refresh, grant.expiry) = (None, Expiry::After(end));
    });
    let step = |state: &State, ms, by_ms, place| later(ms, chosen(placeless(ms, by_ms), state, place));
    breaks(14, &step(&resting, WAIT_MS - 1, 0, Some(0)), "the rest of acme/a was cut short");
    keeps(14, &step(&resting, WAIT_MS - 1, HOUR_MS, Some(0)));
    keeps(14, &step(&resting, WAIT_MS - 1, 0, None));
    breaks(14, &step(&resting, WAIT_MS, 0, None), "for longer than a clock was wrong");
    keeps(14, &step(&resting, WAIT_MS, -HOUR_MS, None));
    keeps(14, &step(&bare, WAIT_MS - 1, 0, Some(0)));
    breaks(14, &step(&bare, WAIT_MS, 0, Some(0)), "was chosen after its end");
    keeps(14, &step(&bare, WAIT_MS, -HOUR_MS, Some(0)));
    breaks(14, &step(&bare, WAIT_MS - 1, 0, None), "for longer than a clock was wrong");
    keeps(14, &step(&bare, WAIT_MS - 1, HOUR_MS, None));
    // Within a boot the clock since then decides alone.
    let of_boot =
        login(|entry| entry.health.rest = Some(Rest { until: at(0).plus_ms(WAIT_MS), cause: FailureKind::Limited }));
    let leapt = |ms| Stamp { boot: at(0).boot, ..placeless(ms, HOUR_MS) };
    breaks(14, &[chosen(leapt(WAIT_MS - 1), &of_boot, Some(0))], "was cut short");
    breaks(14, &[chosen(leapt(WAIT_MS), &of_boot, None)], "for longer than a clock was wrong");
    keeps(14, &[chosen(leapt(WAIT_MS), &of_boot, Some(0)), chosen(leapt(WAIT_MS - 1), &of_boot, None)]);
    // Of what was never seen nobody knows the age.
    keeps(14, &[Fact::Passed { ms: 1 }, chosen(placeless(1, 0), &resting, Some(0))]);
}
