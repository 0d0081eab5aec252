//! The one function by which a profile changes: one arm a transition.

use super::event::Event;
use super::outcome::{Effect, Output, Sent, Verdict};
use super::{allowlist, clear, flow, moving, origins, pool, purge, put, rewrite, rotation, shared};
use crate::state::time::Stamp;
use crate::state::{Nonce, State};

/// What [`apply`] returns.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The state after the event; equal to the one before if nothing changed.
    pub state: State,
    /// What may be done once `state` is durable, in this order.
    pub effects: Vec<Effect>,
    /// What came of the event.
    pub verdict: Verdict,
}

/// Applies one event. Borrow in, value out: if the commit of the result fails, the state before is still the one in force.
pub fn apply(state: &State, now: &Stamp, event: &Event) -> Step {
    let mut next = state.clone();
    let Output { verdict, effects } = transition(&mut next, now, event);
    Step { state: next, effects, verdict }
}

fn transition(state: &mut State, now: &Stamp, event: &Event) -> Output {
    if let Some(refusal) = moving::objection(state, event) {
        return refusal.into();
    }
    match event {
        Event::Put(put) => put::put(state, put),
        Event::SuspendLink(suspend) => put::suspend_link(state, suspend),
        Event::Remove(remove) => clear::remove(state, remove),
        Event::Clear(clear) => clear::clear(state, now, clear),
        Event::ClaimRotation(claim) => rotation::claim(state, now, claim),
        Event::Settle(settle) => rotation::settle(state, now, settle),
        Event::StartFlow(start) => flow::start(state, now, start),
        Event::FlowPrompted(prompted) => flow::prompted(state, now, prompted),
        Event::FlowSlowedDown(step) => flow::slowed_down(state, now, step),
        Event::ClaimCode(claim) => flow::claim_code(state, now, claim),
        Event::FlowSucceeded(succeeded) => flow::succeeded(state, now, succeeded),
        Event::FlowFailed(failed) => flow::failed(state, now, failed),
        Event::CancelFlow(cancel) => flow::cancel(state, now, cancel),
        Event::AdoptFlow(adopt) => flow::adopt(state, now, adopt),
        Event::ActorGone { attempt, sent } => actor_gone(state, now, *attempt, *sent),
        Event::Report(report) => pool::report(state, now, report),
        Event::CountUses(uses) => pool::count_uses(state, uses),
        Event::SetStrategy(set) => pool::set_strategy(state, set),
        Event::OweRewrite(owed) => rewrite::owe(state, owed),
        Event::RewriteDone(done) => rewrite::done(state, done),
        Event::NameOrigins(name) => origins::name(state, name),
        Event::Allow(allow) => allowlist::allow(state, allow),
        Event::Purge => purge::purge(state, now),
        Event::MarkShared(mark) => shared::mark(state, *mark),
        Event::AdoptCopy => shared::adopt(state),
        Event::Move(step) => moving::step(state, step),
    }
}

/// A dead actor leaves a grant in doubt, unless it sent nothing, and a login without a poller.
fn actor_gone(state: &mut State, now: &Stamp, attempt: Nonce, sent: Sent) -> Output {
    let mut found = rotation::actor_gone(state, attempt, sent);
    for slot in state.providers.values_mut() {
        found |= flow::actor_gone(slot, now, attempt);
    }
    if found { Verdict::Done.into() } else { Verdict::Stale.into() }
}
