//! The one document that is loaded, changed by an event and committed as a whole: a state, and each provider's slot in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::allowlist::Allowed;
use super::custody::Claim;
use super::entries::{self, Entries};
use super::entry::Entry;
use super::extra::Extra;
use super::flow::{EndedFlow, LiveFlow};
use super::known::KnownToken;
use super::mark::AtHand;
use super::material::Grant;
use super::moving::Moving;
use super::name::ProviderId;
use super::rewrite::Rewrite;
use super::strategy::Strategy;
use super::time::Stamp;
use super::tombstone::Tombstone;

/// Entries one provider may have in one profile.
pub const MAX_ENTRIES: usize = 4096;

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
    #[serde(default, skip_serializing_if = "super::is_zero")]
    pub last_move: u64,
    /// What is known of each provider.
    #[serde(default, deserialize_with = "crate::state::each_once::deserialize")]
    pub providers: BTreeMap<ProviderId, Slot>,
    /// What became of refresh tokens that no entry holds any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tokens: Vec<KnownToken>,
    /// What clears still owe to `.env` files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rewrites: Vec<Rewrite>,
    /// The variables that the profile's children inherit whatever they are.
    #[serde(default, skip_serializing_if = "Allowed::is_empty")]
    pub allowed: Allowed,
    /// What a move to another store, or from one, has left here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<Moving>,
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
    #[serde(default, skip_serializing_if = "Entries::is_empty")]
    pub entries: Entries,
    /// How an entry is chosen when there are several.
    #[serde(default)]
    pub strategy: Strategy,
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

impl State {
    /// Every entry, of every provider.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.providers.values().flat_map(|slot| &slot.entries)
    }

    /// Every entry's OAuth grant.
    pub fn grants(&self) -> impl Iterator<Item = &Grant> {
        self.entries().filter_map(Entry::grant)
    }

    /// The entries that are such, to change them.
    pub(crate) fn entries_mut(&mut self, is_such: impl Fn(&Entry) -> bool + Copy) -> impl Iterator<Item = &mut Entry> {
        self.providers.values_mut().flat_map(move |slot| slot.entries.which_mut(is_such))
    }

    /// The grants that are such, to change them.
    pub(crate) fn grants_mut(&mut self, is_such: impl Fn(&Grant) -> bool + Copy) -> impl Iterator<Item = &mut Grant> {
        self.entries_mut(move |entry| entry.grant().is_some_and(is_such)).filter_map(Entry::grant_mut)
    }

    /// Whether any login here has a refresh token: two copies of it may both present that.
    pub fn has_refresh_tokens(&self) -> bool {
        self.grants().any(|grant| grant.refresh.is_some())
    }

    /// The provider's part, if anything is known of it.
    pub fn slot(&self, provider: &str) -> Option<&Slot> {
        self.providers.get(provider)
    }

    /// The provider's entries: none if nothing is known of it.
    pub fn pool(&self, provider: &str) -> &Entries {
        self.slot(provider).map_or(&entries::NONE, |slot| &slot.entries)
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

    /// Whether it is the claim of a login whose time is up.
    pub(crate) fn is_up(&self, claim: &Claim, now: &Stamp) -> bool {
        let is_holder = |flow: &LiveFlow| flow.holder.as_ref().is_some_and(|holder| holder.attempt == claim.attempt);
        let mut flows = self.providers.values().filter_map(|slot| slot.flow.as_ref());
        flows.any(|flow| is_holder(flow) && flow.ends.is_reached(now))
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
        self.entries.which_mut(|entry| entry.label.as_str() == label).next()
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
