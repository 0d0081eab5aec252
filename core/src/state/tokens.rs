//! What a profile says of a refresh token: who holds it, what stands against it, and who waits for it. A grant's identity is
//! its refresh token, whatever brought it and under whatever labels it is stored, because the issuer knows nothing of labels.

use super::custody::Custody;
use super::fingerprint::fingerprint;
use super::known::{Fate, KnownToken};
use super::material::Grant;
use super::nonce::Nonce;
use super::profile::State;
use super::secret::Secret;
use super::shared::Shared;

impl State {
    /// What became of a refresh token that is stored or was stored here; none if nothing stands against it.
    pub fn fate_of(&self, refresh: &Secret) -> Option<Fate> {
        let held = self.holding(refresh).filter_map(|grant| match &grant.custody {
            Custody::Settled => None,
            Custody::Rotating(claim) => Some(Fate::Rotating(claim.clone())),
            Custody::InDoubt(doubt) => Some(Fate::InDoubt(doubt.clone())),
            Custody::Lost(lost) => Some(Fate::Lost(lost.clone())),
        });
        // An older version let entries of one token differ; then what may be in flight counts first.
        let held = held.min_by_key(|fate| match fate {
            Fate::Rotating(_) => 0,
            Fate::InDoubt(_) => 1,
            Fate::Lost(_) | Fate::Spent | Fate::Unspent => 2,
        });
        let known = || self.known_token(refresh).map(|known| known.fate.clone());
        held.or_else(known).filter(|fate| *fate != Fate::Unspent)
    }

    /// Whether another copy of the store may hold this refresh token, whatever brought it and under whatever label.
    pub fn shared_of(&self, refresh: &Secret) -> Option<Shared> {
        let known = || self.known_token(refresh)?.shared;
        self.holding(refresh).find_map(|grant| grant.shared).or_else(known)
    }

    /// What is remembered of a token that no entry holds.
    fn known_token(&self, refresh: &Secret) -> Option<&KnownToken> {
        if self.tokens.is_empty() {
            return None;
        }
        let sought = self.seek(fingerprint(refresh));
        self.tokens.iter().find(|known| sought.is(&known.mark))
    }

    /// Whether somebody waits for the outcome of this attempt: an entry, or a token that no entry holds any more.
    pub fn awaits(&self, attempt: Nonce) -> bool {
        let mut entries = self.providers.values().flat_map(|slot| &slot.entries);
        entries.any(|entry| entry.custody_attempt() == Some(attempt))
            || self.tokens.iter().any(|known| known.fate.attempt() == Some(attempt))
    }

    /// The grants that have this refresh token, under whatever labels.
    pub(crate) fn holding<'a>(&'a self, refresh: &'a Secret) -> impl Iterator<Item = &'a Grant> {
        self.grants().filter(move |grant| grant.refresh.as_ref() == Some(refresh))
    }

    /// Whether an entry holds this token, as its refresh token or as the only one it has: then it is not to be revoked.
    pub(crate) fn holds(&self, token: &Secret) -> bool {
        self.grants().any(|grant| grant.revocable() == token)
    }

    /// Whether any refresh token is marked.
    pub fn is_shared(&self) -> bool {
        self.grants().any(|grant| grant.shared.is_some()) || self.tokens.iter().any(|known| known.shared.is_some())
    }
}
