//! Claim, exchange, settle: what each answer makes of a grant, and what a late one doesn't.

use super::*;
use crate::machine::clear::Clear;
use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::flow::Start;
use crate::machine::pool::CountUses;
use crate::machine::{Effect, Event, Refusal, Sent, Step, Verdict};
use crate::sample::{
    TIMES, acme, act, after, at, claim, entry, fresh, grant, key, label, link, named, print, secret, settle, step,
    stored,
};
use crate::state::flow::FlowKind;
use crate::state::health::EntryHealth;
use crate::state::time::Expiry;
use crate::state::times::Times;
use crate::state::turned_away::TurnedAway;
use crate::state::unreached::{Obstacle, Unreached};
use crate::state::{Custody, Doubt, DoubtCause, Grant, LEAST_LEFT_MS, Lost, Material, Nonce, State};

/// A grant whose access token ends so many milliseconds after the beginning.
fn ending(access: &str, expiry: Expiry) -> Material {
    match grant(access, Some("rt-1")) {
        Material::Oauth(grant) => Material::Oauth(Box::new(Grant { expiry, ..*grant })),
        other => other,
    }
}

pub(in crate::machine) fn lasting(ms: u64) -> State {
    stored([named("a", ending("at-1", Expiry::After(at(0).plus_ms(ms))))])
}

fn try_claim(state: &State, now_ms: u64, attempt: u128, cause: Cause) -> Step {
    step(state, &at(now_ms), &Event::ClaimRotation(claim(state, "a", attempt, cause)))
}

pub(in crate::machine) fn claimed(state: &State, now_ms: u64, attempt: u128, cause: Cause) -> State {
    let step = try_claim(state, now_ms, attempt, cause);
    assert_eq!(step.verdict, Verdict::Done);
    step.state
}

pub(in crate::machine) fn settled(state: &State, now_ms: u64, attempt: u128, outcome: Exchanged) -> Step {
    step(state, &at(now_ms), &settle("a", attempt, outcome))
}

pub(in crate::machine) fn custody(state: &State) -> &Custody {
    &entry(state, "a").grant().unwrap().custody
}

fn granted(access: &str, refresh: Option<&str>) -> Exchanged {
    Exchanged::Granted(fresh(access, refresh))
}

#[test]
fn a_token_is_due_in_its_window_or_when_too_little_is_left_to_hand_it_out() {
    // Lifetime, skew of the provider, and how much is left when it is due at last.
    for (life_ms, skew_ms, due_ms) in [
        (3_600_000, 120_000, 120_000),
        (100_000, 120_000, 20_000),
        (3_600_000, 0, LEAST_LEFT_MS),
        (20_000, 0, LEAST_LEFT_MS),
        (9_000, 0, 4_500),
        (1, 0, 1),
    ] {
        let state = lasting(life_ms);
        let times = Times { skew_ms, ..TIMES };
        let due = |left_ms: u64| {
            let want = ClaimRotation { times, ..claim(&state, "a", 1, Cause::Due) };
            step(&state, &at(life_ms - left_ms), &Event::ClaimRotation(want)).verdict
        };
        assert_eq!(due(due_ms), Verdict::Done, "{life_ms} ms");
        assert_eq!(due(0), Verdict::Done);
        if due_ms < life_ms {
            assert_eq!(due(due_ms + 1), Verdict::Refused(Refusal::NotDue), "{life_ms} ms");
        }
    }
    // Another tool's file names the end by the wall clock; the window is a fifth of what it lasts.
    let state = stored([named("a", ending("at-1", Expiry::At(at(100_000).wall_ms)))]);
    assert_eq!(try_claim(&state, 79_999, 1, Cause::Due).verdict, Verdict::Refused(Refusal::NotDue));
    assert_eq!(try_claim(&state, 80_000, 1, Cause::Due).verdict, Verdict::Done);
    let state = stored([named("a", ending("at-1", Expiry::Never))]);
    assert_eq!(try_claim(&state, 1 << 40, 1, Cause::Due).verdict, Verdict::Refused(Refusal::NotDue));
    assert_eq!(try_claim(&state, 0, 1, Cause::Asked).verdict, Verdict::Done, "a person needs no reason");
}

#[test]
fn what_cannot_be_rotated_is_refused_with_the_reason() {
    let state = stored([named("key", key("key-1")), named("link", link("ann")), named("bare", grant("at-1", None))]);
    let ask = |name: &str, version: u64| {
        let want = ClaimRotation { version, label: label(name), ..claim(&state, "key", 1, Cause::Asked) };
        step(&state, &at(1), &Event::ClaimRotation(want)).verdict
    };
    let version = |name: &str| entry(&state, name).version;
    assert_eq!(ask("key", version("key")), Verdict::Refused(Refusal::NotRotatable));
    assert_eq!(ask("link", version("link")), Verdict::Refused(Refusal::Borrowed));
    assert_eq!(ask("bare", version("bare")), Verdict::Refused(Refusal::NotRotatable));
    assert_eq!(ask("none", 1), Verdict::Refused(Refusal::NoEntry));
    assert_eq!(ask("bare", version("bare") + 7), Verdict::Stale);
}

#[test]
fn one_claims_and_whoever_comes_second_joins() {
    let state = lasting(3_600_000);
    let first = try_claim(&state, 5, 1, Cause::Asked);
    let expected = Effect::Refresh { provider: acme(), label: label("a"), attempt: Nonce(1), refresh: secret("rt-1") };
    assert_eq!((first.verdict, first.effects), (Verdict::Done, vec![expected]));
    let Custody::Rotating(claim) = custody(&first.state) else { panic!("{:?}", custody(&first.state)) };
    assert_eq!((claim.attempt, claim.at, &claim.doubt), (Nonce(1), at(5), &None));
    assert_eq!(try_claim(&first.state, 6, 2, Cause::Asked).verdict, Verdict::Joined(Nonce(1)));
}

#[test]
fn new_tokens_replace_the_old_and_what_stood_against_them() {
    let state = claimed(&lasting(3_600_000), 1, 1, Cause::Challenged);
    let mut state = after(&state, &at(1), &[settle("a", 1, Exchanged::NotConsumed { retry_after_ms: Some(5) })]);
    let uses = std::collections::BTreeMap::from([(label("a"), 3)]);
    state = after(&state, &at(1), &[Event::CountUses(CountUses { provider: acme(), uses })]);
    let before = entry(&state, "a").version;
    let state = claimed(&state, 10, 2, Cause::Asked);
    let done = settled(&state, 20, 2, granted("at-2", Some("rt-2")));
    assert_eq!(done.verdict, Verdict::Done);
    let now = entry(&done.state, "a");
    let kept = now.grant().unwrap();
    assert_eq!((kept.access.clone(), kept.refresh.clone()), (secret("at-2"), Some(secret("rt-2"))));
    assert_eq!((kept.expiry, kept.issued), (Expiry::After(at(20).plus_ms(3_600_000)), at(20)));
    assert_eq!((&kept.custody, &kept.scopes), (&Custody::Settled, &vec!["old".to_owned()]));
    assert_eq!((now.version, done.state.last_version, now.fingerprint), (before + 1, before + 1, print("rt-2")));
    // How often it was used is still true, and so is when it was challenged.
    assert_eq!(now.health, EntryHealth { challenged: Some(at(1)), uses: 3, ..EntryHealth::default() });
    // Without a new refresh token the old one stays good, and is what it is recognised by; scopes are as they are named.
    let state = claimed(&done.state, 30, 3, Cause::Asked);
    let narrower = Fresh { scopes: Some(vec!["new".to_owned()]), expires_in_ms: None, ..fresh("at-3", None) };
    let done = settled(&state, 40, 3, Exchanged::Granted(narrower));
    let kept = entry(&done.state, "a").grant().unwrap();
    assert_eq!((kept.refresh.clone(), kept.expiry), (Some(secret("rt-2")), Expiry::Never));
    assert_eq!((&kept.scopes, entry(&done.state, "a").fingerprint), (&vec!["new".to_owned()], print("rt-2")));
}

#[test]
fn each_answer_without_tokens_leaves_the_grant_as_it_is_known_to_be() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    let health = |state: &State| (entry(state, "a").health.failures, entry(state, "a").health.retry_at);
    let told = settled(&state, 20, 1, Exchanged::NotConsumed { retry_after_ms: Some(7_000) }).state;
    assert_eq!((custody(&told), health(&told)), (&Custody::Settled, (1, Some(at(20).plus_ms(7_000)))));
    let rejected = settled(&state, 20, 1, Exchanged::Rejected { code: "invalid_grant".to_owned() }).state;
    let lost = Custody::Lost(Lost { at: at(20), code: "invalid_grant".to_owned(), after_doubt: false });
    assert_eq!((custody(&rejected), health(&rejected)), (&lost, (0, None)), "there is no next try to wait for");
    let unknown = settled(&state, 20, 1, Exchanged::Unknown).state;
    let doubt = Doubt { attempt: Nonce(1), claimed: at(10), noted: None, why: DoubtCause::NoUsableAnswer };
    assert_eq!(custody(&unknown), &Custody::InDoubt(doubt.clone()));
    assert_eq!(health(&unknown), (1, Some(at(20).plus_ms(BACK_OFF_FIRST_MS))));
    // A try that set out to resolve a doubt and was not sent goes back to it; a rejection says that a doubt cost the login.
    let again = claimed(&unknown, 60_000, 2, Cause::Challenged);
    let back = settled(&again, 60_010, 2, Exchanged::NotConsumed { retry_after_ms: None }).state;
    assert_eq!(custody(&back), &Custody::InDoubt(doubt));
    let rejected = settled(&again, 60_010, 2, Exchanged::Rejected { code: "invalid_grant".to_owned() }).state;
    assert!(matches!(custody(&rejected), Custody::Lost(lost) if lost.after_doubt));
}

#[test]
fn what_an_issuer_turned_a_try_away_with_is_kept_until_the_next_outcome() {
    let invalid_client = TurnedAway { status: 400, code: Some("invalid_client".to_owned()), description: None };
    let turned_away = |retry_after_ms| Exchanged::TurnedAway { answer: invalid_client.clone(), retry_after_ms };
    let unreached = Unreached { obstacle: Obstacle::NoAddress, host: "acme.example".to_owned(), variable: None };
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    let told = settled(&state, 20, 1, turned_away(Some(7_000))).state;
    let health = &entry(&told, "a").health;
    // Nothing is consumed, and the next try is made as after one that was never sent.
    assert_eq!((custody(&told), health.failures, health.retry_at), (&Custody::Settled, 1, Some(at(20).plus_ms(7_000))));
    assert_eq!(health.turned_away.as_ref(), Some(&invalid_client));
    let text = serde_json::to_string(&told).unwrap();
    assert_eq!(serde_json::from_str::<State>(&text).unwrap(), told, "it is stored");
    for outcome in [
        granted("at-2", Some("rt-2")),
        Exchanged::Unknown,
        Exchanged::Untrusted,
        Exchanged::Unreached(unreached.clone()),
        Exchanged::NotConsumed { retry_after_ms: None },
    ] {
        let again = claimed(&told, 7_020, 2, Cause::Asked);
        let after = settled(&again, 7_030, 2, outcome.clone()).state;
        let health = &entry(&after, "a").health;
        assert_eq!(health.turned_away, None, "{outcome:?}");
        let is_unreached = matches!(outcome, Exchanged::Unreached(_));
        assert_eq!(health.unreached.as_ref(), Some(&unreached).filter(|_| is_unreached), "{outcome:?}");
        let text = serde_json::to_string(&after).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), after, "it is stored");
    }
    // A doubt that it set out to resolve stands again.
    let doubted = settled(&state, 20, 1, Exchanged::Unknown).state;
    let again = settled(&claimed(&doubted, 60_000, 2, Cause::Challenged), 60_010, 2, turned_away(None)).state;
    assert!(matches!(custody(&again), Custody::InDoubt(doubt) if doubt.attempt == Nonce(1)));
}

#[test]
fn tries_that_come_to_nothing_are_made_less_and_less_often() {
    let mut state = lasting(3_600_000);
    let mut now_ms = 0;
    for wait_ms in [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map(|secs| secs * 1_000) {
        state = claimed(&state, now_ms, 1, Cause::Asked);
        state = settled(&state, now_ms, 1, Exchanged::NotConsumed { retry_after_ms: None }).state;
        let next = at(now_ms).plus_ms(wait_ms);
        now_ms += wait_ms;
        let early = try_claim(&state, now_ms - 1, 2, Cause::Asked).verdict;
        assert_eq!(early, Verdict::Refused(Refusal::BackOff(next)));
    }
    let many = (0..40).fold(EntryHealth::default(), |mut health, _| {
        health.back_off(&at(0), None);
        health
    });
    assert_eq!(many.retry_at, Some(at(0).plus_ms(BACK_OFF_MAX_MS)));
}

#[test]
fn a_401_causes_one_rotation_in_300_seconds_and_delays_no_other() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Challenged);
    let state = settled(&state, 20, 1, granted("at-2", Some("rt-2"))).state;
    let next = at(10).plus_ms(CHALLENGE_SPACING_MS);
    let early = try_claim(&state, 10 + CHALLENGE_SPACING_MS - 1, 2, Cause::Challenged).verdict;
    assert_eq!(early, Verdict::Refused(Refusal::TooSoon(next)));
    assert_eq!(try_claim(&state, 10 + CHALLENGE_SPACING_MS, 2, Cause::Challenged).verdict, Verdict::Done);
    // A rotation for any other reason is neither delayed, nor does it count as one that a 401 caused.
    let asked = claimed(&state, 30, 2, Cause::Asked);
    assert_eq!(entry(&asked, "a").health.challenged, Some(at(10)));
    let fresh_start = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    assert_eq!(entry(&fresh_start, "a").health.challenged, None);
}

#[test]
fn law_6_only_the_attempt_that_holds_the_claim_settles_it() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    for outcome in [
        granted("at-9", Some("rt-9")),
        Exchanged::Unknown,
        Exchanged::Rejected { code: "invalid_grant".to_owned() },
        Exchanged::NotConsumed { retry_after_ms: None },
    ] {
        let late = settled(&state, 20, 9, outcome);
        assert_eq!((late.verdict, late.effects), (Verdict::Stale, Vec::new()));
    }
    // Reported as failed and landed all the same: the same tokens again are known, others are late.
    let done = settled(&state, 20, 1, granted("at-2", Some("rt-2"))).state;
    assert_eq!(settled(&done, 30, 1, granted("at-2", Some("rt-2"))).verdict, Verdict::Nothing);
    assert_eq!(settled(&done, 30, 1, granted("at-3", Some("rt-3"))).verdict, Verdict::Stale);
    assert_eq!(settled(&done, 30, 1, Exchanged::Unknown).verdict, Verdict::Stale);
}

#[test]
fn a_dead_actors_grant_is_in_doubt_until_it_comes_home_or_another_claims() {
    let both = stored([named("a", grant("at-1", Some("rt-1"))), named("b", grant("at-b", Some("rt-b")))]);
    let state = claimed(&both, 10, 1, Cause::Asked);
    let state = after(&state, &at(10), &[Event::ClaimRotation(claim(&state, "b", 2, Cause::Asked))]);
    let gone = |state: &State, attempt| {
        step(state, &at(20), &Event::ActorGone { attempt: Nonce(attempt), sent: Sent::UNKNOWN })
    };
    assert_eq!(gone(&state, 9).verdict, Verdict::Stale);
    let dead = gone(&state, 1);
    assert_eq!(dead.verdict, Verdict::Done);
    let doubt = Doubt { attempt: Nonce(1), claimed: at(10), noted: None, why: DoubtCause::ActorDied };
    assert_eq!(custody(&dead.state), &Custody::InDoubt(doubt));
    assert!(entry(&dead.state, "b").grant().unwrap().claim().is_some(), "the neighbour's actor is at work");
    assert_eq!(gone(&dead.state, 1).verdict, Verdict::Stale);
    // It was only taken for dead: its tokens are the live ones, and its failures are news of the past.
    let home = settled(&dead.state, 30, 1, granted("at-2", Some("rt-2")));
    assert_eq!((home.verdict, custody(&home.state)), (Verdict::Done, &Custody::Settled));
    assert_eq!(settled(&dead.state, 30, 9, granted("at-2", Some("rt-2"))).verdict, Verdict::Stale);
    assert_eq!(settled(&dead.state, 30, 1, Exchanged::Unknown).verdict, Verdict::Stale);
    let other = claimed(&dead.state, 60_000, 3, Cause::Challenged);
    assert_eq!(settled(&other, 60_010, 1, granted("at-2", Some("rt-2"))).verdict, Verdict::Stale);
}

#[test]
fn a_doubt_is_not_resolved_while_a_request_may_be_in_flight_or_the_token_lives() {
    let state = claimed(&lasting(3_600_000), 0, 1, Cause::Asked);
    let state = settled(&state, 10, 1, Exchanged::Unknown).state;
    let quiet = at(0).plus_ms(TIMES.quarantine_ms());
    assert_eq!(quiet.after_ms, 50_000);
    let early = try_claim(&state, 49_999, 2, Cause::Challenged).verdict;
    assert_eq!(early, Verdict::Refused(Refusal::InDoubtUntil(quiet)));
    assert_eq!(try_claim(&state, 50_000, 2, Cause::Challenged).verdict, Verdict::Done);
    let asked = try_claim(&state, 50_000, 2, Cause::Asked).verdict;
    assert_eq!(asked, Verdict::Refused(Refusal::InDoubtUntil(at(50_000).plus_ms(3_550_000))));
    assert_eq!(try_claim(&state, 3_600_000, 2, Cause::Asked).verdict, Verdict::Done);
}

#[test]
fn a_grant_that_nobody_wants_is_revoked_unless_it_could_take_another_login_along() {
    let state = claimed(&lasting(3_600_000), 10, 1, Cause::Asked);
    let cleared = after(&state, &at(20), &[Event::Clear(Clear::Everything)]);
    let revoked = |state: &State, outcome| {
        let late = settled(state, 30, 1, outcome);
        // That the cleared token is spent, or may be, is remembered.
        let is_known = state.awaits(Nonce(1));
        assert_eq!(late.verdict, if is_known { Verdict::Done } else { Verdict::Stale });
        late.effects
    };
    let revoke = |token| vec![Effect::Revoke { provider: acme(), token: secret(token) }];
    assert_eq!(revoked(&cleared, granted("at-2", Some("rt-2"))), revoke("rt-2"));
    assert_eq!(revoked(&cleared, granted("at-2", None)), revoke("at-2"));
    assert_eq!(revoked(&cleared, Exchanged::Unknown), Vec::new());
    assert_eq!(revoked(&State::default(), granted("at-2", Some("rt-2"))), revoke("rt-2"));
    let start = Start { provider: acme(), label: label("a"), flow: Nonce(5), kind: FlowKind::Device, act: act(2) };
    let other_key = Event::Put(named("b", key("key-1")));
    for newer in [Event::StartFlow(start), other_key] {
        let state = after(&cleared, &at(20), &[newer]);
        assert_eq!(revoked(&state, granted("at-2", Some("rt-2"))), Vec::new());
    }
}
