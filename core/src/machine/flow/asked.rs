//! What is asked of a login, or tells of it.

use crate::machine::outcome::Act;
use crate::state::flow::{FlowEnd, FlowKind, Prompt};
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;
use crate::state::{Material, Nonce, Source};

/// An actor wants to start a login, or to join the one in progress.
#[derive(Clone, Debug, PartialEq)]
pub struct Start {
    /// The provider.
    pub provider: ProviderId,
    /// The label its entry will have.
    pub label: Label,
    /// The name of the flow if it is started now.
    pub flow: Nonce,
    /// Which kind.
    pub kind: FlowKind,
    /// Who.
    pub act: Act,
}

/// A step of a flow's holder.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
    /// The holder's claim.
    pub attempt: Nonce,
}

/// The issuer gave a code for the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Prompted {
    /// Whose flow it is.
    pub step: Step,
    /// What to show and to poll with.
    pub prompt: Prompt,
    /// The code's lifetime in milliseconds as the issuer gave it; taken as 60 s at least and 900 s at most.
    pub expires_in_ms: u64,
}

/// The poller wants to exchange the code it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimCode {
    /// Whose flow it is.
    pub step: Step,
    /// The claim of the exchange, which takes the place of the poller's.
    pub act: Act,
}

/// The login is through.
#[derive(Clone, Debug, PartialEq)]
pub struct Succeeded {
    /// Whose flow it is.
    pub step: Step,
    /// What to store.
    pub material: Material,
    /// Where it comes from: a login of ours, or a link to another tool's.
    pub source: Source,
    /// When it came: a login that was in time stands, however late this is settled.
    pub came: Stamp,
}

/// The login failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Whose flow it is.
    pub step: Step,
    /// How: a failure with its code, or an expiry that the issuer told.
    pub end: FlowEnd,
    /// What the issuer says of it in its own words.
    pub description: Option<String>,
}

impl Failed {
    /// It ended so, and nobody said more.
    pub fn new(step: Step, end: FlowEnd) -> Self {
        Self { step, end, description: None }
    }
}

/// A person cancels a login.
#[derive(Clone, Debug, PartialEq)]
pub struct Cancel {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
}

/// A waiter takes over the polling of a login whose poller died, or hands it over.
#[derive(Clone, Debug, PartialEq)]
pub struct Adopt {
    /// The provider.
    pub provider: ProviderId,
    /// The flow.
    pub flow: Nonce,
    /// The claim of the poller that hands it over, and polls no more; none if it has to be dead.
    pub from: Option<Nonce>,
    /// Who.
    pub act: Act,
}
