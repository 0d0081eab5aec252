//! What every transition needs and answers: who acts, a verdict with the reason of a refusal, and the acts that it permits.

use super::moving::Obstacle;
use crate::state::flow::FlowKind;
use crate::state::name::{Label, ProviderId};
use crate::state::origin::Origin;
use crate::state::secret::Secret;
use crate::state::shared::Shared;
use crate::state::time::{Deadline, Stamp};
use crate::state::{Actor, Nonce};

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
    /// The profile is being moved to another store.
    Move(Obstacle),
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

/// Who acts, and the nonce of the act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Tells this act from every other.
    pub attempt: Nonce,
    /// Who acts.
    pub actor: Actor,
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

/// What a transition answers: its verdict and what it permits.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Output {
    pub(crate) verdict: Verdict,
    pub(crate) effects: Vec<Effect>,
}

impl Output {
    pub(crate) fn permits(effect: Effect) -> Self {
        Self { verdict: Verdict::Done, effects: vec![effect] }
    }
}

impl From<Verdict> for Output {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, effects: Vec::new() }
    }
}

impl From<Refusal> for Output {
    fn from(why: Refusal) -> Self {
        Verdict::Refused(why).into()
    }
}
