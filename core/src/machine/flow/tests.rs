//! The steps of a login: who may take them, when they are too late, and what is left of one that ended.

use super::*;
use crate::apply;
use crate::machine::put::Put;
use crate::machine::{Effect, Event, Refusal, Sent, Step as Stepped, Verdict};
use crate::sample::{acme, act, after, at, grant, key, label, link, named, prompt, secret, step};
use crate::state::flow::{ENDED_KEPT_MS, FlowEnd, FlowKind, LiveFlow, Phase, Prompt};
use crate::state::name::ProviderId;
use crate::state::{Material, Nonce, Slot, Source, State};

const FLOW: Nonce = Nonce(50);

/// The flow's holder takes a step.
fn by(attempt: u128) -> Step {
    Step { provider: acme(), flow: FLOW, attempt: Nonce(attempt) }
}

fn start(flow: Nonce, attempt: u128, kind: FlowKind) -> Event {
    Event::StartFlow(Start { provider: acme(), label: label("a"), flow, kind, act: act(attempt) })
}

fn prompted(attempt: u128, expires_in_ms: u64) -> Event {
    Event::FlowPrompted(Prompted { step: by(attempt), prompt: prompt(), expires_in_ms })
}

fn claim_code(attempt: u128, next: u128) -> Event {
    Event::ClaimCode(ClaimCode { step: by(attempt), act: act(next) })
}

fn succeeded(attempt: u128, material: Material) -> Event {
    Event::FlowSucceeded(Succeeded { step: by(attempt), material, source: Source::Login, came: at(0) })
}

fn failed(attempt: u128) -> Event {
    Event::FlowFailed(Failed::new(by(attempt), FlowEnd::Failed("access_denied".to_owned())))
}

fn cancel(flow: Nonce) -> Event {
    Event::CancelFlow(Cancel { provider: acme(), flow })
}

fn adopt(flow: Nonce, attempt: u128) -> Event {
    Event::AdoptFlow(Adopt { provider: acme(), flow, from: None, act: act(attempt) })
}

fn gone(attempt: u128) -> Event {
    Event::ActorGone { attempt: Nonce(attempt), sent: Sent::UNKNOWN }
}

fn reserved() -> State {
    after(&State::default(), &at(0), &[start(FLOW, 1, FlowKind::Device)])
}

/// Actor 1 polls; the code ends after ten minutes.
fn pending() -> State {
    after(&reserved(), &at(0), &[prompted(1, 600_000)])
}

/// Actor 1 exchanges the code, by its claim 2.
fn exchanging() -> State {
    after(&pending(), &at(0), &[claim_code(1, 2)])
}

fn slot(state: &State) -> &Slot {
    state.slot("acme").unwrap()
}

fn live(state: &State) -> &LiveFlow {
    slot(state).flow.as_ref().unwrap()
}

fn end_of(state: &State) -> &FlowEnd {
    assert!(slot(state).flow.is_none());
    &slot(state).ended.last().unwrap().end
}

fn poll(attempt: u128) -> Vec<Effect> {
    vec![Effect::Poll { provider: acme(), flow: FLOW, attempt: Nonce(attempt) }]
}

fn said(state: &State, ms: u64, event: &Event) -> Verdict {
    step(state, &at(ms), event).verdict
}

#[test]
fn a_login_goes_from_a_reservation_to_an_entry() {
    let reserve = apply(&State::default(), &at(0), &start(FLOW, 1, FlowKind::Device));
    let ask = Effect::RequestPrompt { provider: acme(), flow: FLOW, attempt: Nonce(1), kind: FlowKind::Device };
    assert_eq!((reserve.verdict, reserve.effects), (Verdict::Done, vec![ask]));
    assert_eq!((live(&reserve.state).prompt(), live(&reserve.state).ends), (None, at(0).plus_ms(RESERVED_MAX_MS)));
    let shown = apply(&reserve.state, &at(10), &prompted(1, 600_000));
    assert_eq!((shown.verdict, shown.effects), (Verdict::Done, poll(1)));
    assert_eq!(live(&shown.state).prompt(), Some(&prompt()));
    let exchange = apply(&shown.state, &at(20), &claim_code(1, 2));
    let permitted = Effect::ExchangeCode { provider: acme(), flow: FLOW, attempt: Nonce(2) };
    assert_eq!((exchange.verdict, exchange.effects), (Verdict::Done, vec![permitted]));
    // Waiters still see what they joined; the device code did its part.
    assert_eq!(live(&exchange.state).prompt(), Some(&Prompt { device_code: None, ..prompt() }));
    let done = apply(&exchange.state, &at(30), &succeeded(2, grant("at-1", Some("rt-1"))));
    assert_eq!((done.verdict, end_of(&done.state)), (Verdict::Done, &FlowEnd::Succeeded));
    let entry = done.state.entry("acme", "a").unwrap();
    assert_eq!((&entry.material, &entry.source), (&grant("at-1", Some("rt-1")), &Source::Login));
    let ended = &slot(&done.state).ended[0];
    assert_eq!((ended.id, ended.at, ended.user_code.as_deref()), (FLOW, at(30), Some("ABCD")));
}

#[test]
fn law_2_a_second_start_joins_whatever_the_flow_is_at() {
    for state in [reserved(), pending(), exchanging()] {
        let joined = apply(&state, &at(1), &start(Nonce(51), 9, FlowKind::Device));
        assert_eq!((joined.verdict, joined.effects, &joined.state), (Verdict::Joined(FLOW), vec![], &state));
    }
}

#[test]
fn law_6_only_the_holder_takes_a_step_and_only_in_its_phase_and_time() {
    let elsewhere = |event: &Event| {
        let other = |step: &Step| Step { flow: Nonce(51), ..step.clone() };
        match event.clone() {
            Event::FlowPrompted(one) => Event::FlowPrompted(Prompted { step: other(&one.step), ..one }),
            Event::FlowSlowedDown(one) => Event::FlowSlowedDown(other(&one)),
            Event::ClaimCode(one) => Event::ClaimCode(ClaimCode { step: other(&one.step), ..one }),
            Event::FlowSucceeded(one) => Event::FlowSucceeded(Succeeded { step: other(&one.step), ..one }),
            Event::FlowFailed(one) => Event::FlowFailed(Failed { step: other(&one.step), ..one }),
            one => panic!("{one:?}"),
        }
    };
    // A step of a holder, the states in which it is in order, and where it comes at the wrong moment.
    let steps = |attempt| {
        [
            (prompted(attempt, 600_000), [true, false, false]),
            (Event::FlowSlowedDown(by(attempt)), [false, true, false]),
            (claim_code(attempt, 7), [false, true, false]),
            (succeeded(attempt, key("key-1")), [true, true, true]),
            (failed(attempt), [true, true, true]),
        ]
    };
    for (at_phase, (state, holder)) in [(reserved(), 1), (pending(), 1), (exchanging(), 2)].into_iter().enumerate() {
        for (event, in_order) in steps(holder) {
            let expected = if in_order[at_phase] { Verdict::Done } else { Verdict::Stale };
            assert_eq!(said(&state, 1, &event), expected, "{event:?}");
            assert_eq!(said(&state, 1, &elsewhere(&event)), Verdict::Stale, "{event:?}");
            let too_late = live(&state).ends.after_ms;
            match &event {
                // What came in time stands, however late it is settled.
                Event::FlowSucceeded(success) => {
                    for (came, expected) in [(too_late - 1, Verdict::Done), (too_late, Verdict::Stale)] {
                        let success = Event::FlowSucceeded(Succeeded { came: at(came), ..success.clone() });
                        assert_eq!(said(&state, 10 * LIVE_MAX_MS, &success), expected, "{success:?}");
                    }
                }
                event => assert_eq!(said(&state, too_late, event), Verdict::Stale, "{event:?}"),
            }
            assert_eq!(said(&State::default(), 1, &event), Verdict::Stale, "{event:?}");
        }
        for (event, _) in steps(9) {
            assert_eq!(said(&state, 1, &event), Verdict::Stale, "not its holder: {event:?}");
        }
    }
}

#[test]
fn a_codes_lifetime_is_the_issuers_between_a_minute_and_a_quarter_of_an_hour_in_all() {
    for (told_ms, asked_at_ms, ends_ms) in
        [(600_000, 10, 600_010), (1, 10, LIVE_MIN_MS + 10), (u64::MAX, 0, LIVE_MAX_MS), (u64::MAX, 50_000, LIVE_MAX_MS)]
    {
        let state = after(&reserved(), &at(asked_at_ms), &[prompted(1, told_ms)]);
        assert_eq!(live(&state).ends.left_ms(&at(0)), ends_ms - asked_at_ms, "{told_ms}");
        assert!(live(&state).ends.is_reached(&at(ends_ms)) && !live(&state).ends.is_reached(&at(ends_ms - 1)));
    }
}

#[test]
fn who_asks_too_often_waits_five_seconds_more_each_time() {
    let slow = Event::FlowSlowedDown(by(1));
    let state = after(&pending(), &at(1), &[slow.clone(), slow]);
    assert_eq!(live(&state).prompt().unwrap().interval_secs, 5 + 2 * SLOW_DOWN_SECS);
}

#[test]
fn a_dead_pollers_flow_is_adopted_and_any_other_ends() {
    let alone = apply(&pending(), &at(1), &gone(1));
    assert_eq!(alone.verdict, Verdict::Done);
    assert!(live(&alone.state).is_adoptable());
    assert_eq!(said(&alone.state, 1, &gone(1)), Verdict::Stale, "nobody is there any more who could die");
    for (state, holder) in [(reserved(), 1), (exchanging(), 2)] {
        assert_eq!(said(&state, 1, &gone(9)), Verdict::Stale);
        let ended = after(&state, &at(1), &[gone(holder)]);
        assert_eq!(end_of(&ended), &FlowEnd::Failed("interrupted".to_owned()));
    }
    for kind in [FlowKind::Loopback, FlowKind::Link] {
        let state = after(&State::default(), &at(0), &[start(FLOW, 1, kind), prompted(1, 600_000)]);
        assert!(!live(&state).is_adoptable());
        assert_eq!(end_of(&after(&state, &at(1), &[gone(1)])), &FlowEnd::Failed("interrupted".to_owned()));
    }
    // A waiter takes it over, and so does whoever starts the next login: both poll on with the same code.
    for event in [adopt(FLOW, 3), start(Nonce(51), 3, FlowKind::Device)] {
        let adopted = apply(&alone.state, &at(2), &event);
        assert_eq!((&adopted.verdict, adopted.effects), (&Verdict::Done, poll(3)), "{event:?}");
        let (holder, shown) = (live(&adopted.state).holder.as_ref().unwrap(), live(&adopted.state).prompt());
        assert_eq!((holder.attempt, holder.at, shown), (Nonce(3), at(2), Some(&prompt())));
        assert_eq!(said(&adopted.state, 3, &adopt(FLOW, 4)), Verdict::Joined(FLOW));
    }
}

#[test]
fn nothing_is_adopted_that_is_held_over_or_another() {
    let alone = after(&pending(), &at(1), &[gone(1)]);
    assert_eq!(said(&alone, 2, &adopt(Nonce(51), 3)), Verdict::Stale);
    assert_eq!(said(&alone, 600_000, &adopt(FLOW, 3)), Verdict::Refused(Refusal::NoFlow));
    assert_eq!(said(&alone, 600_000, &adopt(Nonce(51), 3)), Verdict::Refused(Refusal::NoFlow));
    for state in [reserved(), pending(), exchanging()] {
        assert_eq!(said(&state, 2, &adopt(FLOW, 3)), Verdict::Joined(FLOW));
    }
    assert_eq!(said(&after(&pending(), &at(2), &[failed(1)]), 3, &adopt(FLOW, 3)), Verdict::Refused(Refusal::NoFlow));
    assert_eq!(said(&State::default(), 3, &adopt(FLOW, 3)), Verdict::Refused(Refusal::NoFlow));
    // A flow without a poller has lost one; it isn't one that was never shown, or is being exchanged.
    for phase in [Phase::Reserved, Phase::Exchanging(prompt())] {
        assert!(!LiveFlow { holder: None, phase, ..live(&pending()).clone() }.is_adoptable());
    }
}

#[test]
fn a_cancel_ends_the_flow_it_names_and_no_other() {
    assert_eq!(said(&pending(), 1, &cancel(Nonce(51))), Verdict::Nothing);
    assert_eq!(said(&State::default(), 1, &cancel(FLOW)), Verdict::Nothing);
    let done = apply(&pending(), &at(1), &cancel(FLOW));
    assert_eq!((&done.verdict, end_of(&done.state)), (&Verdict::Done, &FlowEnd::Cancelled));
    assert_eq!(said(&done.state, 2, &cancel(FLOW)), Verdict::Nothing);
    // Whoever cancels a flow whose time is up is told that it was up.
    let late = apply(&pending(), &at(600_000), &cancel(FLOW));
    assert_eq!((&late.verdict, end_of(&late.state)), (&Verdict::Done, &FlowEnd::Expired));
    assert_eq!(slot(&late.state).ended.len(), 1);
}

#[test]
fn a_flow_ends_when_its_time_is_up_and_is_forgotten_300_seconds_later() {
    let purge = |state: &State, ms| step(state, &at(ms), &Event::Purge);
    for (state, end) in [
        (reserved(), FlowEnd::Failed("no_answer".to_owned())),
        (pending(), FlowEnd::Expired),
        (exchanging(), FlowEnd::Expired),
    ] {
        let ends_ms = live(&state).ends.after_ms;
        assert_eq!(purge(&state, ends_ms - 1).verdict, Verdict::Nothing);
        let ended = purge(&state, ends_ms);
        assert_eq!((ended.verdict, end_of(&ended.state)), (Verdict::Done, &end));
        let seen = &slot(&ended.state).ended[0];
        assert!(seen.is_visible(&at(ends_ms + ENDED_KEPT_MS - 1)) && !seen.is_visible(&at(ends_ms + ENDED_KEPT_MS)));
        assert_eq!(purge(&ended.state, ends_ms + ENDED_KEPT_MS - 1).verdict, Verdict::Nothing);
        let forgotten = purge(&ended.state, ends_ms + ENDED_KEPT_MS);
        assert_eq!((forgotten.verdict, slot(&forgotten.state).ended.len()), (Verdict::Done, 0));
        // A start that comes after the time is up is a start.
        let anew = apply(&state, &at(ends_ms), &start(Nonce(51), 9, FlowKind::Device));
        assert_eq!((anew.verdict, live(&anew.state).id), (Verdict::Done, Nonce(51)));
    }
}

#[test]
fn a_login_that_comes_through_too_late_stores_nothing_and_is_revoked_where_that_hurts_nobody() {
    let late = |state: &State, material: Material| -> Stepped { step(state, &at(2), &succeeded(2, material)) };
    let cancelled = after(&exchanging(), &at(1), &[cancel(FLOW)]);
    let revoke = vec![Effect::Revoke { provider: acme(), token: secret("rt-1") }];
    for state in [&cancelled, &State::default()] {
        let done = late(state, grant("at-1", Some("rt-1")));
        assert_eq!((done.verdict, &done.effects), (Verdict::Stale, &revoke));
    }
    for not_ours in [key("key-1"), link("ann")] {
        assert_eq!(late(&cancelled, not_ours).effects, Vec::new());
    }
    let put = Event::Put(named("b", key("key-1")));
    for newer in [put, start(Nonce(51), 9, FlowKind::Device)] {
        let state = after(&cancelled, &at(1), &[newer]);
        assert_eq!(late(&state, grant("at-1", Some("rt-1"))).effects, Vec::new());
    }
}

#[test]
fn an_actor_is_gone_and_a_purge_done_in_whichever_provider_something_was_found() {
    let other = ProviderId::new("zeta").unwrap();
    let key = Event::Put(Put { provider: other, ..named("a", key("key-1")) });
    let state = after(&pending(), &at(0), &[key]);
    assert_eq!(said(&state, 1, &gone(1)), Verdict::Done);
    let ended = step(&state, &at(600_000), &Event::Purge);
    assert_eq!(ended.verdict, Verdict::Done);
    assert_eq!(said(&ended.state, 600_000 + ENDED_KEPT_MS, &Event::Purge), Verdict::Done);
}
