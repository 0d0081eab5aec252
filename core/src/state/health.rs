//! What stands against an entry: rests, a verdict, and tries that came to nothing.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::time::{Deadline, Stamp};
use super::turned_away::TurnedAway;
use super::unreached::Unreached;

/// What stands against an entry.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryHealth {
    /// Not to be used until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
    /// Not to be used for these models until then.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "crate::state::each_once::deserialize")]
    pub models: BTreeMap<String, Deadline>,
    /// Never to be used again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dead: Option<Dead>,
    /// Tries of a rotation that came to nothing, in a row.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub failures: u32,
    /// When the next rotation may be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_at: Option<Deadline>,
    /// Whether the last of those tries met a server that nobody who is trusted vouches for.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub untrusted: bool,
    /// What the issuer answered to the last of those tries, if it turned it away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turned_away: Option<TurnedAway>,
    /// What stood between this machine and the issuer at the last of those tries, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unreached: Option<Unreached>,
    /// The last rotation that an answer of 401 caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenged: Option<Stamp>,
    /// How often it was handed out, as far as counts were flushed.
    #[serde(skip_serializing_if = "super::is_zero")]
    pub uses: u64,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

impl EntryHealth {
    /// Whether there is nothing to write down: of most entries there isn't.
    pub(super) fn is_unmarked(&self) -> bool {
        *self == Self::default()
    }

    /// Whether nothing stands against the entry.
    pub fn is_clean(&self) -> bool {
        self.rest.is_none() && self.models.is_empty() && self.dead.is_none()
    }
}

/// A rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// Until when.
    pub until: Deadline,
    /// Why.
    pub cause: FailureKind,
}

/// A verdict that no rest changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dead {
    /// Since when.
    pub at: Stamp,
    /// The provider's reason, such as `token_revoked`.
    pub reason: String,
}

/// What kind of failure a provider answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// 401.
    Unauthorized,
    /// 429.
    Limited,
    /// 402, or a reason that speaks of billing.
    Billing,
    /// Any other failure that may be the credential's, such as a bare 403, or the request's: a region, a model, a firewall.
    /// Unless the provider says how long to wait, the rest is short and grows, and an entry that no other can stand in for
    /// goes on.
    Other,
}
