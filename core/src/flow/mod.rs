//! Logins: reserve, ask for a code, wait for the person, exchange, end.
//!
//! A provider has one place for a live flow, so two starts can't both have one: the second joins. Its end and the entry
//! that it stores are one step, so a cancel and a success can't both win.

mod transition;

use serde::{Deserialize, Serialize};

use crate::extra::Extra;
use crate::machine::Act;
use crate::name::{Label, ProviderId};
use crate::secret::{Secret, stored_option};
use crate::state::{Claim, Material, Nonce, Source};
use crate::time::{Deadline, Stamp};
pub(crate) use transition::{
    actor_gone, adopt, cancel, claim_code, end_live, failed, forget_ended, lapse, prompted, slowed_down, start,
    succeeded,
};

/// How long an ended flow stays visible, in milliseconds.
pub const ENDED_KEPT_MS: u64 = 300_000;
/// The longest a flow lives.
pub const LIVE_MAX_MS: u64 = 900_000;
/// The shortest an issuer's `expires_in` is taken for.
pub const LIVE_MIN_MS: u64 = 60_000;
/// How long a flow may be without a code to show.
pub const RESERVED_MAX_MS: u64 = 60_000;
/// What `slow_down` adds to the polling interval (RFC 8628, 3.5), in seconds.
pub const SLOW_DOWN_SECS: u64 = 5;

/// Which kind of login.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowKind {
    /// A code that the person enters elsewhere: everything a poller needs is in the store, so another may take over.
    Device,
    /// A browser that comes back to a port of this process: it ends with the process.
    Loopback,
    /// Waits until another tool has logged in, then links to its file.
    Link,
}

/// A login in progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LiveFlow {
    /// Its public name.
    pub id: Nonce,
    /// The label its entry will have.
    pub label: Label,
    /// Which kind.
    pub kind: FlowKind,
    /// When it was reserved.
    pub started: Stamp,
    /// When it ends by itself.
    pub ends: Deadline,
    /// Who works on it; nobody after its poller died.
    pub holder: Option<Claim>,
    /// How far it is.
    pub phase: Phase,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// How far a login is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nobody knows a code yet.
    Reserved,
    /// The person is asked.
    Pending(Prompt),
    /// The person agreed; the code they enabled is being exchanged.
    Exchanging(Prompt),
}

/// What a person is shown, and what the poller sends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What the poller sends (RFC 8628: `device_code`); none where nothing is polled.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    pub device_code: Option<Secret>,
    /// The code to enter; empty where there is none.
    pub user_code: String,
    /// Where to enter it.
    pub verification_uri: String,
    /// The same with the code in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verification_uri_complete: Option<String>,
    /// Seconds between two polls.
    pub interval_secs: u64,
}

/// A login that ended. It holds no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EndedFlow {
    /// Its public name.
    pub id: Nonce,
    /// How it ended.
    pub end: FlowEnd,
    /// When.
    pub at: Stamp,
    /// The code that was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
}

/// How a login ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlowEnd {
    /// Its entry is stored.
    Succeeded,
    /// Nobody agreed in time.
    Expired,
    /// Somebody cancelled it, or cleared the provider.
    Cancelled,
    /// It failed, with this short code, such as `access_denied`.
    Failed(String),
}

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
}

/// The login failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failed {
    /// Whose flow it is.
    pub step: Step,
    /// How: a failure with its code, or an expiry that the issuer told.
    pub end: FlowEnd,
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

impl LiveFlow {
    /// What the person is shown, once the issuer gave it.
    pub fn prompt(&self) -> Option<&Prompt> {
        match &self.phase {
            Phase::Reserved => None,
            Phase::Pending(prompt) | Phase::Exchanging(prompt) => Some(prompt),
        }
    }

    /// Whether its poller, who is named, hands it over.
    fn is_handed_over(&self, from: Option<Nonce>) -> bool {
        let is_held = |from| self.holder.as_ref().is_some_and(|claim| claim.attempt == from);
        matches!(self.phase, Phase::Pending(_)) && from.is_some_and(is_held)
    }

    /// Whether it has lost its poller and another may take over.
    pub fn is_adoptable(&self) -> bool {
        self.holder.is_none() && self.kind == FlowKind::Device && matches!(self.phase, Phase::Pending(_))
    }
}

impl EndedFlow {
    /// Whether it ended less than 300 s ago.
    pub fn is_visible(&self, now: &Stamp) -> bool {
        now.age_ms(&self.at) < ENDED_KEPT_MS
    }
}

#[cfg(test)]
mod tests;
