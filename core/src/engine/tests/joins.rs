//! Somebody else's login: waiting for it, taking it over, stopping it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::super::{Engine, FlowView};
use super::logins::{end, granted, polling, polls, rig};
use super::rig::{Here, Rig, commit};
use super::signs::Life;
use crate::machine::flow::{Prompted, Start, Step};
use crate::machine::{Act, Event};
use crate::port::{Alive, Store};
use crate::sample::{acme, label, prompt};
use crate::state::Nonce;
use crate::state::flow::{FlowEnd, FlowKind, Phase};

#[test]
fn a_poller_that_is_stopped_leaves_its_flow_to_whoever_adopts_it() {
    let rig = rig();
    let engine = rig.engine();
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    let stop = poller.stop_flag();
    rig.when("pause", move || stop.store(true, Ordering::Relaxed));
    assert!(matches!(engine.poll_to_end(&rig, poller).unwrap(), FlowView::Live(_)));
    assert_eq!(rig.calls(), ["word", "word", "pause 200", "word", "word"]);
    assert!(!engine.is_tended(&acme(), flow).unwrap());
    polls(&rig, [granted()]);
    let seen = engine.await_flow(&rig, &acme(), flow).unwrap();
    assert_eq!(end(&seen), &FlowEnd::Succeeded);
    assert!(engine.is_tended(&acme(), flow).unwrap(), "what has ended needs nobody");
}

#[test]
fn whoever_joined_waits_for_the_poller_and_looks_for_a_cancel_meanwhile() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    assert!(other.is_tended(&acme(), flow).unwrap());
    let (polling, world) = (Arc::clone(&engine), rig.clone());
    polls(&rig, [granted()]);
    rig.when("wait", || {});
    rig.when("wait", move || drop(polling.poll_to_end(&world, poller).unwrap()));
    assert_eq!(end(&other.await_flow(&rig, &acme(), flow).unwrap()), &FlowEnd::Succeeded);
    assert_eq!(rig.calls_of("wait"), ["wait 200", "wait 200"]);
    // Near its end a flow is looked at when it ends.
    let (flow, poller) = self::polling(&engine, &rig, FlowKind::Device);
    rig.pass(599_950);
    assert_eq!(end(&other.await_flow(&rig, &acme(), flow).unwrap()), &FlowEnd::Expired);
    assert_eq!(rig.calls_of("wait"), ["wait 50"]);
    drop(poller);
}

#[test]
fn whoever_waits_can_stop_waiting_and_stops_its_own_polling_with_it() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    let stop = Arc::new(AtomicBool::new(true));
    let left = other.await_flow_unless(&rig, &acme(), flow, &stop).unwrap();
    assert!(matches!(left, FlowView::Live(_)));
    assert_eq!(rig.calls_of("wait").len(), 0);
    // The poller dies, the waiter polls on, and is stopped at that.
    drop(poller);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    rig.when("pause", move || flag.store(true, Ordering::Relaxed));
    assert!(matches!(other.await_flow_unless(&rig, &acme(), flow, &stop).unwrap(), FlowView::Live(_)));
    assert_eq!(rig.calls_of("poll").len(), 0);
}

#[test]
fn only_one_of_those_who_wait_takes_over() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    assert!(other.adopt(&acme(), flow).unwrap().is_none(), "its poller lives");
    drop(poller);
    let adopted = other.adopt(&acme(), flow).unwrap();
    assert!(adopted.is_some() && engine.adopt(&acme(), flow).unwrap().is_none());
    assert!(engine.is_tended(&acme(), flow).unwrap());
}

/// A flow that another process has reserved, and whose code it hasn't got yet.
fn reserved(rig: &Rig, engine: &Engine<Here>) -> (Nonce, Life) {
    let alive = engine.store().enlist().unwrap();
    let act = Act { attempt: Nonce(3), actor: alive.actor().clone() };
    let (provider, kind, flow) = (acme(), FlowKind::Device, Nonce(50));
    commit(engine, Event::StartFlow(Start { provider, label: label("a"), flow, kind, act }));
    rig.calls();
    (flow, alive)
}

#[test]
fn whoever_joined_early_waits_for_the_code() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, alive) = reserved(&rig, &engine);
    let step = Step { provider: acme(), flow, attempt: Nonce(3) };
    let prompted = Prompted { step, prompt: prompt(), expires_in_ms: 600_000 };
    rig.when("wait", || {});
    rig.when("wait", move || commit(&engine, Event::FlowPrompted(prompted)));
    let seen = other.await_prompt(&acme(), flow, &AtomicBool::new(false)).unwrap();
    assert!(matches!(seen, FlowView::Live(live) if live.phase == Phase::Pending(prompt())));
    assert_eq!(rig.calls_of("wait"), ["wait 10", "wait 10"]);
    drop(alive);
}

#[test]
fn a_code_that_will_never_come_is_not_waited_for() {
    // Whoever asked for it died.
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, alive) = reserved(&rig, &engine);
    drop(alive);
    let go_on = AtomicBool::new(false);
    assert_eq!(end(&other.await_prompt(&acme(), flow, &go_on).unwrap()), &FlowEnd::Failed("interrupted".to_owned()));
    assert_eq!(rig.calls_of("wait").len(), 0);
    // It takes too long.
    let rig = self::rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, _alive) = reserved(&rig, &engine);
    rig.pass(60_000);
    assert_eq!(end(&other.await_prompt(&acme(), flow, &go_on).unwrap()), &FlowEnd::Failed("no_answer".to_owned()));
    assert_eq!(rig.calls_of("wait").len(), 0);
    // Whoever waits has enough of it.
    let rig = self::rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, _alive) = reserved(&rig, &engine);
    let seen = other.await_prompt(&acme(), flow, &AtomicBool::new(true)).unwrap();
    assert!(matches!(seen, FlowView::Live(live) if live.phase == Phase::Reserved));
    assert_eq!(rig.calls_of("wait").len(), 0);
}

#[test]
fn a_cancel_says_what_became_of_the_flow() {
    let rig = rig();
    let engine = rig.engine();
    let (flow, _poller) = polling(&engine, &rig, FlowKind::Device);
    assert_eq!(engine.cancel(&acme(), Nonce(1)).unwrap(), FlowView::Unknown);
    assert!(matches!(engine.view(&acme(), flow).unwrap(), FlowView::Live(live) if live.id == flow));
    assert_eq!(end(&engine.cancel(&acme(), flow).unwrap()), &FlowEnd::Cancelled);
    assert_eq!(end(&engine.cancel(&acme(), flow).unwrap()), &FlowEnd::Cancelled, "once more changes nothing");
}
