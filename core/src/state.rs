//! What a profile holds: the one document that is loaded, changed by [`apply`](crate::apply) and committed as a whole.
//!
//! The types make nonsense unwritable: a provider has at most one live flow, because there is one place for it; a grant is
//! settled, rotating, in doubt or lost, and only a rotating one has a claim.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use crate::custody::{Actor, Claim, Custody, Doubt, DoubtCause, Lost, Nonce};
use crate::extra::Extra;
use crate::fingerprint::{AtHand, Mark};
use crate::flow::{EndedFlow, LiveFlow};
use crate::name::{Label, ProviderId};
use crate::origin::Origins;
use crate::pool::Health;
use crate::secret::{Fingerprint, Secret, stored, stored_option};
pub use crate::source::Source;
use crate::time::{Expiry, Stamp};

/// Entries one provider may have in one profile.
pub const MAX_ENTRIES: usize = 4096;
/// Cleared secrets that are remembered per provider; the oldest are forgotten first.
pub const MAX_TOMBSTONES: usize = 256;

/// The highest generation, version and move that a stored state may have. Nobody counts that far, so whatever says
/// more was damaged, or made up.
pub const MAX_COUNT: u64 = u64::MAX / 2;

/// Everything one profile knows at one generation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// How many commits made this profile; the engine counts it up by one for each.
    pub generation: u64,
    /// The last version given to an entry. Versions are never reused, so a late report can't hit a newer secret.
    pub last_version: u64,
    /// How many moves refresh tokens made: claims, and new tokens for them. A document that counts less than is remembered
    /// outside was rolled back.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub last_move: u64,
    /// What is known of each provider.
    #[serde(default, deserialize_with = "crate::each_once::deserialize")]
    pub providers: BTreeMap<ProviderId, Slot>,
    /// What became of refresh tokens that no entry holds any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<crate::known::KnownToken>,
    /// What clears still owe to `.env` files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrites: Vec<crate::rewrite::Rewrite>,
    /// The variables that the profile's children inherit whatever they are.
    #[serde(default, skip_serializing_if = "crate::allowlist::Allowed::is_empty")]
    pub allowed: crate::allowlist::Allowed,
    /// What the marks among these are keyed with, as far as it is at hand.
    #[serde(skip)]
    pub at_hand: AtHand,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One provider's part of a profile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Slot {
    /// The pool, in the order in which it is used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<Entry>,
    /// How an entry is chosen when there are several.
    #[serde(default)]
    pub strategy: crate::pool::Strategy,
    /// The login in progress, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<LiveFlow>,
    /// Logins that ended in the last 300 s.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ended: Vec<EndedFlow>,
    /// What was cleared, so that a bulk import doesn't bring it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cleared: Vec<Tombstone>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// One credential of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What tells it apart from the provider's other entries.
    pub label: Label,
    /// Changes with the secret, and only with it.
    pub version: u64,
    /// Where it came from.
    pub source: Source,
    /// Digest of the secret that identifies it: the key, or a grant's refresh token (its access token if it has none).
    pub fingerprint: Fingerprint,
    /// The credential itself.
    pub material: Material,
    /// Rest, verdicts and back-off.
    #[serde(default)]
    pub health: Health,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What kind of credential an entry is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// A key that doesn't change by itself.
    ApiKey(#[serde(with = "stored")] Secret),
    /// An OAuth grant that we own and rotate.
    Oauth(Box<Grant>),
    /// A login that another tool owns: its file is read live, and its refresh token is never spent.
    Link(Link),
}

/// An OAuth grant (RFC 6749).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The access token.
    #[serde(with = "stored")]
    pub access: Secret,
    /// The refresh token, if the issuer gave one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    pub refresh: Option<Secret>,
    /// When the access token ends.
    pub expiry: Expiry,
    /// When the access token was received.
    pub issued: Stamp,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Who may present the refresh token now.
    pub custody: Custody,
    /// Where its row sent secrets when it came; none if an older version stored it and nothing was committed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Origins>,
    /// Set if the refresh token may be in another copy of the store too: then it is not presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<crate::shared::Shared>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A login that another tool owns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The other tool's file.
    pub path: String,
    /// Digest of what identifies the account behind it; if it changes the link is suspended.
    pub account: Fingerprint,
    /// Set when another account appeared behind the link.
    #[serde(default)]
    pub suspended: bool,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The memory of a cleared secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Where it had come from.
    pub source: Source,
    /// What it was.
    #[serde(flatten)]
    pub mark: Mark,
    /// Whether it was a link: then the whole source stays away, whatever the other tool puts there.
    #[serde(default)]
    pub link: bool,
}

/// A count that says nothing is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl State {
    /// Whether any login here has a refresh token: two copies of it may both present that.
    pub fn has_refresh_tokens(&self) -> bool {
        let entries = self.providers.values().flat_map(|slot| &slot.entries);
        entries.filter_map(Entry::grant).any(|grant| grant.refresh.is_some())
    }

    /// The provider's part, if anything is known of it.
    pub fn slot(&self, provider: &str) -> Option<&Slot> {
        self.providers.get(provider)
    }

    /// The entry of that label.
    pub fn entry(&self, provider: &str, label: &str) -> Option<&Entry> {
        self.slot(provider)?.entry(label)
    }

    /// Every claim in the state, of rotations and of flows. Entries that hold one token hold one claim.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        let retired = self.tokens.iter().filter_map(|known| known.fate.claim());
        self.providers.values().flat_map(Slot::claims).chain(retired)
    }

    /// A version that was never given before.
    pub(crate) fn next_version(&mut self) -> u64 {
        // No load takes a count that is near its end, so this never stands still; it must not begin anew, though.
        self.last_version = self.last_version.saturating_add(1);
        self.last_version
    }

    /// The provider's part, made if there is none.
    pub(crate) fn slot_mut(&mut self, provider: &ProviderId) -> &mut Slot {
        self.providers.entry(provider.clone()).or_default()
    }
}

impl Slot {
    /// The entry of that label.
    pub fn entry(&self, label: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.label.as_str() == label)
    }

    /// The entry of that label, to change it.
    pub(crate) fn entry_mut(&mut self, label: &str) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.label.as_str() == label)
    }

    /// Whether nothing is stored and nothing may soon be: only then may a late grant be revoked, because an issuer that
    /// revokes per account would take the newer login with it.
    pub(crate) fn is_deserted(&self) -> bool {
        self.entries.is_empty() && self.flow.is_none()
    }

    fn claims(&self) -> impl Iterator<Item = &Claim> {
        let rotating = self.entries.iter().filter_map(|entry| entry.grant()?.claim());
        rotating.chain(self.flow.as_ref().and_then(|flow| flow.holder.as_ref()))
    }
}

impl Entry {
    /// The OAuth grant, if it is one.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.material {
            Material::Oauth(grant) => Some(grant),
            Material::ApiKey(_) | Material::Link(_) => None,
        }
    }

    /// The OAuth grant, to change it.
    pub(crate) fn grant_mut(&mut self) -> Option<&mut Grant> {
        match &mut self.material {
            Material::Oauth(grant) => Some(grant),
            Material::ApiKey(_) | Material::Link(_) => None,
        }
    }

    /// The secret a request would carry; a link's is in the other tool's file.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.material {
            Material::ApiKey(secret) => Some(secret),
            Material::Oauth(grant) => Some(&grant.access),
            Material::Link(_) => None,
        }
    }

    /// Whether the issuer rejected the grant.
    pub fn is_lost(&self) -> bool {
        matches!(self.grant(), Some(Grant { custody: Custody::Lost(_), .. }))
    }
}

impl Grant {
    /// The claim of the act in progress.
    pub fn claim(&self) -> Option<&Claim> {
        match &self.custody {
            Custody::Rotating(claim) => Some(claim),
            Custody::Settled | Custody::InDoubt(_) | Custody::Lost(_) => None,
        }
    }

    /// Whether its access token has ended and nothing can renew it.
    pub fn is_over(&self, now: &Stamp) -> bool {
        self.refresh.is_none() && self.expiry.left_ms(now) == 0
    }

    /// The token to name in a revocation: with the refresh token an issuer revokes the access token too (RFC 7009, 2.1).
    pub(crate) fn revocable(&self) -> &Secret {
        self.refresh.as_ref().unwrap_or(&self.access)
    }

    /// Milliseconds before the end at which a rotation is due: the provider's skew, at most a fifth of the lifetime, so
    /// that a short-lived token isn't always due.
    pub fn advisory_ms(&self, skew_ms: u64) -> u64 {
        let lifetime_ms = match self.expiry {
            Expiry::Never => u64::MAX,
            Expiry::After(deadline) => deadline.after_ms,
            Expiry::At(wall_ms) => wall_ms.saturating_sub(self.issued.wall_ms),
        };
        skew_ms.min(lifetime_ms / 5)
    }
}
