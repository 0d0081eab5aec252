//! A login: who asks for the code, who polls and how often, who joins, and who takes over.

use crate::state::flow::ENDED_KEPT_MS;
use crate::state::name::ProviderId;
use std::sync::Arc;

use super::super::{Engine, FlowView, Poller};
use super::rig::{Here, Rig, commit};
use crate::machine::Event;
use crate::machine::flow::Cancel;
use crate::port::{Alive, Code, CodeExchanged, Polled, Prompting, Store};
use crate::sample::{acme, entry, fresh, grant, key, label, link, named, secret};
use crate::state::flow::{FlowEnd, FlowKind};
use crate::state::{Nonce, Source};

/// How often it is looked whether a flow has ended, while a poll or another's poller is waited for.
const LOOK_MS: u64 = 200;

pub(super) fn rig() -> Rig {
    Rig::with([])
}

fn begin(engine: &Engine<Here>, rig: &Rig, kind: FlowKind) -> (Nonce, Option<Poller<Here>>, bool) {
    let login = engine.login(rig, &acme(), &label("a"), kind).unwrap();
    (login.flow, login.poller, login.started)
}

/// A login whose poller is this engine.
pub(super) fn polling(engine: &Engine<Here>, rig: &Rig, kind: FlowKind) -> (Nonce, Poller<Here>) {
    let (flow, poller, started) = begin(engine, rig, kind);
    assert!(started);
    rig.calls();
    (flow, poller.unwrap())
}

pub(super) fn polls(rig: &Rig, answers: impl IntoIterator<Item = Polled>) {
    rig.answers().polls.extend(answers);
}

pub(super) fn granted() -> Polled {
    Polled::Granted(fresh("at-1", Some("rt-1")))
}

pub(super) fn end(view: &FlowView) -> &FlowEnd {
    match view {
        FlowView::Ended(ended) => &ended.end,
        other => panic!("{other:?}"),
    }
}

fn cancelled(engine: &Arc<Engine<Here>>, flow: Nonce) -> impl FnOnce() + Send + 'static {
    let engine = Arc::clone(engine);
    move || commit(&engine, Event::CancelFlow(Cancel { provider: acme(), flow }))
}

/// Milliseconds paused between the calls that aren't pauses.
fn rhythm(rig: &Rig) -> Vec<String> {
    let mut heard: Vec<String> = Vec::new();
    let mut paused = 0;
    for call in rig.calls() {
        if let Some(ms) = call.strip_prefix("pause ") {
            let ms: u64 = ms.parse().unwrap();
            assert!(ms <= LOOK_MS, "a cancel would go unseen for {ms} ms");
            paused += ms;
        } else if ["poll", "exchange"].contains(&call.split(' ').next().unwrap()) {
            heard.push(format!("{paused} {call}"));
            paused = 0;
        }
    }
    heard
}

#[test]
fn one_asks_for_a_code_and_whoever_comes_second_joins() {
    let rig = rig();
    let engine = rig.engine();
    let (flow, poller, started) = begin(&engine, &rig, FlowKind::Device);
    assert!(started && poller.is_some());
    assert_eq!(rig.calls_of("prompt"), ["prompt Device"]);
    let (joined, second, started) = begin(&rig.engine(), &rig, FlowKind::Device);
    assert!(joined == flow && second.is_none() && !started);
    assert_eq!(rig.calls_of("prompt").len(), 0);
    // The first is gone: the next to come polls on with the same code.
    drop(poller);
    let (adopted, third, started) = begin(&engine, &rig, FlowKind::Device);
    assert!(adopted == flow && third.is_some() && !started);
    polls(&rig, [granted()]);
    assert_eq!(end(&engine.poll_to_end(&rig, third.unwrap()).unwrap()), &FlowEnd::Succeeded);
    assert_eq!(rig.calls_of("prompt").len(), 0);
}

#[test]
fn an_issuer_that_gives_no_code_ends_the_login() {
    let rig = rig();
    let engine = rig.engine();
    rig.answers().prompts.push_back(Prompting::Failed("server_error".into()));
    let (flow, poller, started) = begin(&engine, &rig, FlowKind::Device);
    assert!(started && poller.is_none());
    let view = engine.view(&acme(), flow).unwrap();
    assert_eq!(end(&view), &FlowEnd::Failed("server_error".to_owned()));
    assert_eq!(engine.view(&acme(), Nonce(1)).unwrap(), FlowView::Unknown);
    assert_eq!(engine.view(&ProviderId::new("other").unwrap(), flow).unwrap(), FlowView::Unknown);
    rig.pass(ENDED_KEPT_MS);
    assert_eq!(engine.view(&acme(), flow).unwrap(), FlowView::Unknown, "it is past what is kept");
}

#[test]
fn polls_keep_the_interval_and_slow_down_when_told() {
    let rig = rig();
    let engine = rig.engine();
    let (_, poller) = polling(&engine, &rig, FlowKind::Device);
    let code = Code { code: secret("code-1"), verifier: None, redirect_uri: String::new() };
    polls(&rig, [Polled::Pending, Polled::SlowDown, Polled::Pending, Polled::Code(code)]);
    // The first look takes its time, which counts.
    let world = rig.clone();
    rig.when("pause", move || world.pass(130));
    rig.answers().exchanges.push_back(CodeExchanged::Granted(fresh("at-1", Some("rt-1"))));
    let done = engine.poll_to_end(&rig, poller).unwrap();
    assert_eq!(end(&done), &FlowEnd::Succeeded);
    let heard = ["4870 poll ABCD", "5000 poll ABCD", "10000 poll ABCD", "10000 poll ABCD", "0 exchange code-1"];
    assert_eq!(rhythm(&rig), heard);
    assert_eq!(entry(&rig.state(), "a").secret(), Some(&secret("at-1")));
    assert_eq!(entry(&rig.state(), "a").source, Source::Login);
}

#[test]
fn what_need_not_wait_for_a_person_is_looked_at_at_once() {
    for kind in [FlowKind::Loopback, FlowKind::Link] {
        let rig = rig();
        let engine = rig.engine();
        let (_, poller) = polling(&engine, &rig, kind);
        let linked = Polled::Linked { material: link("ann"), source: Source::Codex };
        polls(&rig, [Polled::Pending, linked]);
        assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Succeeded);
        assert_eq!(rhythm(&rig), ["0 poll ABCD", "5000 poll ABCD"], "{kind:?}");
        assert_eq!(
            (&entry(&rig.state(), "a").material, &entry(&rig.state(), "a").source),
            (&link("ann"), &Source::Codex)
        );
    }
}

#[test]
fn a_login_ends_as_its_issuer_says() {
    let code = Code { code: secret("code-1"), verifier: None, redirect_uri: String::new() };
    for (polled, said) in [
        (Polled::Expired, FlowEnd::Expired),
        (Polled::Failed("access_denied".into()), FlowEnd::Failed("access_denied".to_owned())),
        (Polled::Code(code), FlowEnd::Failed("invalid_grant".to_owned())),
    ] {
        let rig = rig();
        let engine = rig.engine();
        let (_, poller) = polling(&engine, &rig, FlowKind::Device);
        polls(&rig, [polled]);
        rig.answers().exchanges.push_back(CodeExchanged::Failed("invalid_grant".into()));
        assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &said);
        assert!(rig.state().entry("acme", "a").is_none());
    }
}

#[test]
fn a_flow_that_was_cancelled_or_is_over_is_not_polled_for() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    rig.when("pause", cancelled(&other, flow));
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Cancelled);
    assert_eq!(rig.calls_of("pause").len(), 1, "it is noticed at the next look");
    // Its time is up between two polls.
    let (_, poller) = polling(&engine, &rig, FlowKind::Device);
    let world = rig.clone();
    rig.when("pause", move || world.pass(600_000));
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Expired);
    // The code came, and the cancel came first: nothing is exchanged, nothing is stored.
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    let code = Code { code: secret("code-1"), verifier: None, redirect_uri: String::new() };
    polls(&rig, [Polled::Code(code)]);
    rig.when("poll", cancelled(&other, flow));
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Cancelled);
    assert_eq!(rig.calls_of("exchange").len(), 0);
    assert!(rig.state().entry("acme", "a").is_none());
}

#[test]
fn law_2_a_poller_whose_flow_was_taken_over_polls_no_more() {
    let rig = rig();
    let engine = rig.engine();
    let (_, poller) = polling(&engine, &rig, FlowKind::Device);
    // Whoever restored an older document, or took it for dead, put another poller in its place.
    let mut state = rig.state();
    let holder = state.slot_mut(&acme()).flow.as_mut().unwrap().holder.as_mut().unwrap();
    let alive = engine.store().enlist().unwrap();
    (holder.attempt, holder.actor) = (Nonce(7), alive.actor().clone());
    rig.restore(state);
    assert!(matches!(engine.poll_to_end(&rig, poller).unwrap(), FlowView::Live(_)));
    assert_eq!(rig.calls_of("poll").len(), 0);
    // The same where a new flow stands in the place of its own.
    let rig = self::rig();
    let engine = rig.engine();
    let (_, poller) = polling(&engine, &rig, FlowKind::Device);
    let mut state = rig.state();
    state.slot_mut(&acme()).flow.as_mut().unwrap().id = Nonce(8);
    rig.restore(state);
    assert_eq!(engine.poll_to_end(&rig, poller).unwrap(), FlowView::Unknown);
    assert_eq!(rig.calls_of("poll").len(), 0);
}

#[test]
fn law_6_a_login_that_comes_through_after_its_cancel_is_revoked() {
    let rig = rig();
    let (engine, other) = (rig.engine(), rig.engine());
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    polls(&rig, [granted()]);
    rig.when("poll", cancelled(&other, flow));
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Cancelled);
    assert_eq!(rig.calls_of("revoke"), ["revoke rt-1"]);
    // Not where it might take another login along.
    let (flow, poller) = polling(&engine, &rig, FlowKind::Device);
    polls(&rig, [granted()]);
    let put = named("b", grant("at-b", Some("rt-b")));
    rig.when("poll", {
        let (cancel, other) = (cancelled(&other, flow), Arc::clone(&other));
        move || {
            cancel();
            commit(&other, Event::Put(put));
            commit(&other, Event::Put(named("c", key("key-1"))));
        }
    });
    assert_eq!(end(&engine.poll_to_end(&rig, poller).unwrap()), &FlowEnd::Cancelled);
    assert_eq!(rig.calls_of("revoke").len(), 0);
}
