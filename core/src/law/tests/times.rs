//! What time does to what is kept: laws 9 and 14.

use super::*;
use crate::machine::Sent;
use crate::machine::clear::Clear;
use crate::machine::flow::{Cancel, Prompted, Step as OfFlow};
use crate::sample::prompt;
use crate::state::Slot;
use crate::state::flow::Phase;
use crate::state::health::Dead;

const KEPT_MS: u64 = 300_000;
const DAY_MS: u64 = 86_400_000;

/// A flow that is asked about, and one before it that ended at the beginning.
fn state() -> State {
    let cancel = Event::CancelFlow(Cancel { provider: acme(), flow: Nonce(4) });
    after(&State::default(), &at(0), &[start(4, 1), cancel, start(5, 2)])
}

fn changed(state: &State, change: impl FnOnce(&mut Slot)) -> State {
    let mut state = state.clone();
    change(state.slot_mut(&acme()));
    state
}

fn ended(state: &State) -> State {
    after(state, &at(1), &[Event::CancelFlow(Cancel { provider: acme(), flow: Nonce(5) })])
}

#[test]
fn law_9_what_ended_is_seen_for_300_seconds_and_as_it_was() {
    let before = state();
    let forgotten = changed(&before, |slot| slot.ended.clear());
    let edited = changed(&before, |slot| slot.ended[0].user_code = Some("X".to_owned()));
    let nobody = State { providers: std::collections::BTreeMap::new(), ..before.clone() };
    for after in [&forgotten, &edited] {
        breaks(9, &[stepped_at(at(KEPT_MS - 1), &before, &start(5, 2), after)], "ended less than 300 s ago");
        keeps(9, &[stepped_at(at(KEPT_MS), &before, &start(5, 2), after)]);
    }
    breaks(9, &[stepped_at(at(1), &before, &Event::Purge, &nobody)], "ended less than 300 s ago");
    keeps(9, &[stepped_at(at(1), &before, &start(5, 2), &before)]);
    assert!(witnesses(9, &[stepped_at(at(KEPT_MS), &before, &Event::Purge, &before)]));
    for ms in [KEPT_MS - 1, KEPT_MS + 1] {
        assert!(!witnesses(9, &[stepped_at(at(ms), &before, &Event::Purge, &before)]));
    }
}

#[test]
fn law_9_a_live_flow_ends_for_all_to_see() {
    let before = state();
    let vanished = changed(&before, |slot| slot.flow = None);
    let replaced = changed(&before, |slot| slot.flow.as_mut().unwrap().id = Nonce(6));
    for after in [&vanished, &replaced] {
        breaks(9, &[stepped(&before, &Event::Purge, after)], "vanished without an end");
    }
    keeps(9, &[stepped(&before, &Event::Purge, &ended(&before))]);
    keeps(9, &[stepped(&before, &Event::Purge, &after(&ended(&before), &at(1), &[start(6, 3)]))]);
    keeps(9, &[stepped(&before, &Event::Purge, &changed(&before, |slot| slot.flow.as_mut().unwrap().holder = None))]);
}

#[test]
fn law_9_a_purge_leaves_nothing_that_is_past_its_time() {
    let no_flow = changed(&state(), |slot| slot.flow = None);
    keeps(9, &[stepped_at(at(KEPT_MS - 1), &no_flow, &Event::Purge, &no_flow)]);
    breaks(9, &[stepped_at(at(KEPT_MS), &no_flow, &Event::Purge, &no_flow)], "left what is past its time");
    keeps(9, &[stepped_at(at(KEPT_MS), &no_flow, &start(6, 3), &no_flow)]);
    let live = changed(&state(), |slot| slot.ended.clear());
    keeps(9, &[stepped_at(at(59_999), &live, &Event::Purge, &live)]);
    breaks(9, &[stepped_at(at(60_000), &live, &Event::Purge, &live)], "left what is past its time");
}

#[test]
fn law_9_a_dead_actors_flow_is_released_or_can_be_adopted() {
    let step = OfFlow { provider: acme(), flow: Nonce(5), attempt: Nonce(2) };
    let prompted = Event::FlowPrompted(Prompted { step, prompt: prompt(), expires_in_ms: 600_000 });
    let pending = after(&state(), &at(0), &[prompted]);
    let gone = |attempt| Event::ActorGone { attempt: Nonce(attempt), sent: Sent::UNKNOWN };
    let alone = |state: &State| changed(state, |slot| slot.flow.as_mut().unwrap().holder = None);
    keeps(9, &[stepped(&pending, &gone(2), &alone(&pending)), stepped(&pending, &gone(2), &ended(&pending))]);
    let loopback = changed(&alone(&pending), |slot| slot.flow.as_mut().unwrap().kind = FlowKind::Loopback);
    let exchanging = changed(&alone(&pending), |slot| slot.flow.as_mut().unwrap().phase = Phase::Exchanging(prompt()));
    for stuck in [&pending, &loopback, &exchanging, &alone(&state())] {
        breaks(9, &[stepped(&pending, &gone(2), stuck)], "neither be adopted nor was it released");
        keeps(9, &[stepped(&pending, &gone(9), stuck)]);
        keeps(9, &[stepped(&pending, &Event::Purge, stuck)]);
    }
}

/// Both clocks so many milliseconds later, and the wall clock set by so many more.
fn stumbled(ms: u64, by_ms: i64) -> Stamp {
    let now = at(ms);
    Stamp { wall_ms: now.wall_ms.saturating_add_signed(by_ms), ..now }
}

const AHEAD: i64 = 400_000_000;
const DRIFT: i64 = 60_000;

#[test]
fn law_14_a_wrong_wall_clock_forgets_nothing_early() {
    let before = state();
    let forgotten = changed(&before, |slot| slot.ended.clear());
    let step = |now, after: &State| [stepped_at(now, &before, &Event::Purge, after)];
    for by_ms in [AHEAD, -AHEAD, DRIFT + 1, -DRIFT - 1] {
        breaks(14, &step(stumbled(KEPT_MS - 1, by_ms), &forgotten), "was forgotten early");
        keeps(14, &step(stumbled(KEPT_MS, by_ms), &forgotten));
        keeps(14, &step(stumbled(1, by_ms), &before));
        assert!(witnesses(14, &step(stumbled(1, by_ms), &before)));
    }
    // Within a minute of each other, in another boot, or where boots can't be told, the clocks say nothing about each other.
    for now in [at(1), stumbled(1, DRIFT), stumbled(1, -DRIFT)] {
        keeps(14, &step(now, &forgotten));
        assert!(!witnesses(14, &step(now, &before)));
    }
    keeps(14, &step(Stamp { boot: 8, ..stumbled(1, AHEAD) }, &forgotten));
    let no_boot = |state: &State| changed(state, |slot| slot.ended.iter_mut().for_each(|ended| ended.at.boot = 0));
    let now = Stamp { boot: 0, ..stumbled(1, AHEAD) };
    keeps(14, &[stepped_at(now, &no_boot(&before), &Event::Purge, &forgotten)]);
}

#[test]
fn law_14_a_wrong_wall_clock_ends_no_flow_early() {
    let before = changed(&state(), |slot| slot.ended.clear());
    let over = changed(&before, |slot| slot.flow = None);
    let step = |now, event: &Event| [stepped_at(now, &before, event, &over)];
    breaks(14, &step(stumbled(59_999, AHEAD), &Event::Purge), "was ended early");
    keeps(14, &step(stumbled(60_000, AHEAD), &Event::Purge));
    keeps(14, &step(at(59_999), &Event::Purge));
    keeps(14, &step(stumbled(1, AHEAD), &Event::CancelFlow(Cancel { provider: acme(), flow: Nonce(5) })));
    keeps(14, &[stepped_at(stumbled(1, AHEAD), &before, &Event::Purge, &before)]);
    assert!(witnesses(14, &step(stumbled(1, AHEAD), &Event::Purge)) && !witnesses(14, &step(at(1), &Event::Purge)));
}

#[test]
fn law_14_a_wrong_wall_clock_prunes_nothing_early() {
    let dead = |at| Some(Dead { at, reason: "token_revoked".to_owned() });
    let alive = stored([named("a", key("key-1"))]);
    let before = changed(&alive, |slot| slot.entries[0].health.dead = dead(at(0)));
    let pruned = changed(&before, |slot| slot.entries.clear());
    let step = |before: &State, now, event: &Event| [stepped_at(now, before, event, &pruned)];
    breaks(14, &step(&before, stumbled(DAY_MS - 1, AHEAD), &Event::Purge), "acme/a was pruned early");
    keeps(14, &step(&before, stumbled(DAY_MS, AHEAD), &Event::Purge));
    keeps(14, &step(&before, at(DAY_MS - 1), &Event::Purge));
    keeps(14, &step(&before, stumbled(1, AHEAD), &Event::Clear(Clear::Everything)));
    keeps(14, &step(&alive, stumbled(1, AHEAD), &Event::Purge));
    keeps(14, &[stepped_at(stumbled(1, AHEAD), &before, &Event::Purge, &before)]);
}
