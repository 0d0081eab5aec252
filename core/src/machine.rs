//! The machine: every way in which a profile may change, as one total function.
//!
//! Every event is legal in every state; what can't be done is refused, and what comes too late changes nothing. Nothing
//! here acts on the world: an [`Effect`] is only a description, and it may be carried out once the state that permits it
//! is durable.

use crate::allowlist;
use crate::clear::{self, Clear, Remove};
use crate::flow::{self, FlowKind};
use crate::origins::{self, NameOrigins};
use crate::pool::{self, Report};
use crate::put::{self, Put};
use crate::rewrite::{self, Rewrite};
use crate::rotation;
use crate::shared::{self, MarkShared, Shared};
use crate::state::name::{Label, ProviderId};
use crate::state::origin::Origin;
use crate::state::secret::Secret;
use crate::state::time::{Deadline, Stamp};
use crate::state::{Actor, Nonce, State};

/// Something that was asked for, or that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Store an entry.
    Put(Put),
    /// Remove one entry.
    Remove(Remove),
    /// Remove a provider's entries, end its login and remember what was there.
    Clear(Clear),
    /// An actor wants to present a grant's refresh token.
    ClaimRotation(rotation::ClaimRotation),
    /// What came of it.
    Settle(rotation::Settle),
    /// An actor wants to start a login, or to join the one in progress.
    StartFlow(flow::Start),
    /// The issuer gave a code for the person to enter.
    FlowPrompted(flow::Prompted),
    /// The issuer asks to be polled less often (RFC 8628, 3.5).
    FlowSlowedDown(flow::Step),
    /// The poller wants to exchange the code it was given.
    ClaimCode(flow::ClaimCode),
    /// The login is through: end the flow and store the entry, in one step.
    FlowSucceeded(flow::Succeeded),
    /// The login failed.
    FlowFailed(flow::Failed),
    /// A person cancels a login.
    CancelFlow(flow::Cancel),
    /// A waiter takes over the polling of a login whose poller died.
    AdoptFlow(flow::Adopt),
    /// The store says that the actor of this attempt is dead.
    ActorGone {
        /// Its attempt.
        attempt: Nonce,
        /// Whether it can have presented a refresh token.
        sent: Sent,
    },
    /// What a provider answered to a request that used an entry.
    Report(Report),
    /// Readers of this process used entries so many times.
    CountUses(pool::CountUses),
    /// A variable is meant to reach the profile's children, or no longer.
    Allow(allowlist::Allow),
    /// Choose how a pool is used.
    SetStrategy(pool::SetStrategy),
    /// Another account appeared behind a link.
    SuspendLink(put::SuspendLink),
    /// These lines of a `.env` file are to go: recorded with the clear that they belong to.
    OweRewrite(Rewrite),
    /// They are gone.
    RewriteDone(Rewrite),
    /// Write down where a grant came from.
    NameOrigins(NameOrigins),
    /// Forget what is past its time.
    Purge,
    /// The store turned out to be a copy, or to have been rolled back.
    MarkShared(MarkShared),
    /// A person said that this copy is the one that lives on: nothing counts as shared any more.
    AdoptCopy,
}

/// Whether a dead actor can have presented the refresh token that it claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It certainly sent nothing.
    Nothing,
    /// It may have.
    Maybe {
        /// Since when, if it noted that.
        noted: Option<Stamp>,
    },
}

impl Sent {
    /// Nothing tells whether it has, nor since when.
    pub const UNKNOWN: Self = Self::Maybe { noted: None };
}

/// An act on the outside world that a state permits.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask the issuer for a code to show.
    RequestPrompt {
        /// The provider.
        provider: ProviderId,
        /// The flow it is for.
        flow: Nonce,
        /// The claim that permits it.
        attempt: Nonce,
        /// Which kind of login.
        kind: FlowKind,
    },
    /// Ask the issuer whether the person has agreed.
    Poll {
        /// The provider.
        provider: ProviderId,
        /// The flow it is for.
        flow: Nonce,
        /// The claim that permits it.
        attempt: Nonce,
    },
    /// Exchange the code that a poll gave.
    ExchangeCode {
        /// The provider.
        provider: ProviderId,
        /// The flow it is for.
        flow: Nonce,
        /// The claim that permits it.
        attempt: Nonce,
    },
    /// Present a refresh token.
    Refresh {
        /// The provider.
        provider: ProviderId,
        /// The entry.
        label: Label,
        /// The claim that permits it.
        attempt: Nonce,
        /// The token to present.
        refresh: Secret,
    },
    /// Revoke a token (RFC 7009), best effort.
    Revoke {
        /// The provider.
        provider: ProviderId,
        /// The token to revoke.
        token: Secret,
    },
}

/// What came of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The state changed as asked.
    Done,
    /// It was so already.
    Nothing,
    /// Somebody else is at it: the flow's id, or the attempt of the rotation.
    Joined(Nonce),
    /// It can't be done, for this reason.
    Refused(Refusal),
    /// It was about a flow, attempt or version that is no longer current.
    Stale,
}

/// Why an event was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such entry.
    NoEntry,
    /// There is no such flow.
    NoFlow,
    /// The entry has no refresh token.
    NotRotatable,
    /// The login belongs to another tool, which rotates it.
    Borrowed,
    /// The access token is still good.
    NotDue,
    /// A request of an earlier act may still be in flight, or its access token is still good.
    InDoubtUntil(Deadline),
    /// The last tries failed; this is when the next may be made.
    BackOff(Deadline),
    /// The last rotation that an answer of 401 caused is too recent.
    TooSoon(Deadline),
    /// The issuer rejected these bytes; only a new login helps.
    Lost,
    /// The issuer granted another refresh token for this one; presenting it again would cost the login.
    Spent,
    /// It was cleared, and only naming it brings it back.
    Cleared,
    /// Something from its source was cleared, and the key that would tell whether it was this one isn't at hand; only naming
    /// it brings it.
    MayBeCleared,
    /// A bulk import found the label taken by another secret.
    LabelTaken,
    /// The pool has as many entries as it may have, or the list as many names.
    Full,
    /// The provider's row would send the refresh token to another origin than the one it came from, which this is.
    Elsewhere(Option<Origin>),
    /// Another copy of the store may hold the same refresh token: a new login, or a person's word, is needed.
    Shared(Shared),
}

/// Who acts, and the nonce of the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Tells this act from every other.
    pub attempt: Nonce,
    /// Who acts.
    pub actor: Actor,
}

/// What a transition answers: its verdict and what it permits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) verdict: Verdict,
    pub(crate) effects: Vec<Effect>,
}

impl Outcome {
    pub(crate) fn permits(effect: Effect) -> Self {
        Self { verdict: Verdict::Done, effects: vec![effect] }
    }
}

impl From<Verdict> for Outcome {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, effects: Vec::new() }
    }
}

impl From<Refusal> for Outcome {
    fn from(why: Refusal) -> Self {
        Verdict::Refused(why).into()
    }
}

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
    let Outcome { verdict, effects } = transition(&mut next, now, event);
    Step { state: next, effects, verdict }
}

fn transition(state: &mut State, now: &Stamp, event: &Event) -> Outcome {
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
        Event::Purge => purge(state, now),
        Event::MarkShared(mark) => shared::mark(state, *mark),
        Event::AdoptCopy => shared::adopt(state),
    }
}

/// A dead actor leaves a grant in doubt, unless it sent nothing, and a login without a poller.
fn actor_gone(state: &mut State, now: &Stamp, attempt: Nonce, sent: Sent) -> Outcome {
    let mut found = rotation::actor_gone(state, attempt, sent);
    for slot in state.providers.values_mut() {
        found |= flow::actor_gone(slot, now, attempt);
    }
    if found { Verdict::Done.into() } else { Verdict::Stale.into() }
}

fn purge(state: &mut State, now: &Stamp) -> Outcome {
    let mut found = false;
    let mut pruned = Vec::new();
    for slot in state.providers.values_mut() {
        found |= flow::lapse(slot, now);
        found |= flow::forget_ended(slot, now);
        pruned.extend(pool::prune(slot, now));
    }
    for entry in &pruned {
        state.retire(entry);
    }
    if found || !pruned.is_empty() { Verdict::Done.into() } else { Verdict::Nothing.into() }
}
