//! What is stored of logins: the one in progress, and those that ended a moment ago.

use serde::{Deserialize, Serialize};

use super::custody::Claim;
use super::extra::Extra;
use super::name::Label;
use super::nonce::Nonce;
use super::secret::{Secret, stored_option};
use super::time::{Deadline, Stamp};

/// How long an ended flow stays visible, in milliseconds.
pub const ENDED_KEPT_MS: u64 = 300_000;

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
    /// What the issuer says of its failure in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
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

/// Why a step of a login failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// A short code, such as `access_denied`.
    pub code: String,
    /// What the issuer says of it in its own words (RFC 6749, 5.2), if it said so; never anything that was sent.
    pub description: Option<String>,
}

impl Failure {
    /// How a login ends for this reason, and what its issuer says of that.
    pub fn end(self) -> (FlowEnd, Option<String>) {
        (FlowEnd::Failed(self.code), self.description)
    }
}

impl<T: Into<String>> From<T> for Failure {
    /// A code alone.
    fn from(code: T) -> Self {
        Self { code: code.into(), description: None }
    }
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
    pub(crate) fn is_handed_over(&self, from: Option<Nonce>) -> bool {
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
