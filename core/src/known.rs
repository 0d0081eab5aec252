//! What is known of refresh tokens. A grant's identity is its refresh token: it has one custody in the whole state, whatever
//! brought it and under whatever labels it is stored, because the issuer knows nothing of labels.
//!
//! Entries that hold one token change custody together. A token that no entry holds any more, because its entry was removed,
//! cleared or replaced, is remembered with its fate: a request with it may still be in flight, or may have spent it.

use serde::{Deserialize, Serialize};

use crate::extra::Extra;
use crate::fingerprint::{Mark, fingerprint};
use crate::machine::Sent;
use crate::rotation::{Exchanged, Fresh};
use crate::secret::Secret;
use crate::shared::Shared;
use crate::state::{Claim, Custody, Doubt, DoubtCause, Entry, Grant, Lost, Material, Nonce, State};
use crate::time::Stamp;

/// Refresh tokens that are remembered in one profile after no entry holds them; the oldest are forgotten first, but never one
/// that an actor presents.
pub const MAX_KNOWN_TOKENS: usize = 256;

/// A refresh token that no entry holds any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KnownToken {
    /// What it was.
    #[serde(flatten)]
    pub mark: Mark,
    /// What became of it.
    pub fate: Fate,
    /// Set if it may be in another copy of the store too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// What became of a refresh token that no entry holds any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing stands against it but that another copy of the store may hold it.
    Unspent,
    /// The issuer granted another one for it.
    Spent,
    /// An actor is presenting it.
    Rotating(Claim),
    /// An actor died while presenting it, or got no usable answer.
    InDoubt(Doubt),
    /// The issuer rejected it.
    Lost(Lost),
}

impl Fate {
    fn attempt(&self) -> Option<Nonce> {
        match self {
            Self::Rotating(claim) => Some(claim.attempt),
            Self::InDoubt(doubt) => Some(doubt.attempt),
            Self::Unspent | Self::Spent | Self::Lost(_) => None,
        }
    }

    /// Whether it may be presented once more, by whoever stores it again.
    pub(crate) fn may_be_presented(&self) -> bool {
        matches!(self, Self::Unspent | Self::Rotating(_) | Self::InDoubt(_))
    }

    /// The claim of the actor that presents it.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Rotating(claim) => Some(claim),
            Self::Unspent | Self::Spent | Self::InDoubt(_) | Self::Lost(_) => None,
        }
    }
}

impl Custody {
    /// The attempt whose outcome is still awaited, or was taken for dead and not replaced.
    pub fn attempt(&self) -> Option<Nonce> {
        match self {
            Self::Rotating(claim) => Some(claim.attempt),
            Self::InDoubt(doubt) => Some(doubt.attempt),
            Self::Settled | Self::Lost(_) => None,
        }
    }
}

impl Entry {
    /// The attempt whose outcome it still waits for, or that was taken for dead and not replaced.
    pub fn custody_attempt(&self) -> Option<Nonce> {
        self.grant()?.custody.attempt()
    }
}

impl Material {
    /// The refresh token, if it is a grant that has one.
    pub fn refresh(&self) -> Option<&Secret> {
        match self {
            Self::Oauth(grant) => grant.refresh.as_ref(),
            Self::ApiKey(_) | Self::Link(_) => None,
        }
    }
}

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

    fn holding<'a>(&'a self, refresh: &'a Secret) -> impl Iterator<Item = &'a Grant> {
        let entries = self.providers.values().flat_map(|slot| &slot.entries);
        entries.filter_map(Entry::grant).filter(move |grant| grant.refresh.as_ref() == Some(refresh))
    }

    /// Whether an entry holds this token, as its refresh token or as the only one it has: then it is not to be revoked.
    pub(crate) fn holds(&self, token: &Secret) -> bool {
        let mut grants = self.providers.values().flat_map(|slot| &slot.entries).filter_map(Entry::grant);
        grants.any(|grant| grant.revocable() == token)
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.providers.values_mut().flat_map(|slot| &mut slot.entries)
    }

    /// Gives every entry that holds this token one custody.
    pub(crate) fn set_custody(&mut self, refresh: &Secret, custody: &Custody) {
        for grant in self.entries_mut().filter_map(Entry::grant_mut) {
            if grant.refresh.as_ref() == Some(refresh) {
                grant.custody = custody.clone();
            }
        }
    }

    /// Gives every entry that holds this token one mark, or none.
    pub(crate) fn set_shared(&mut self, refresh: &Secret, shared: Option<Shared>) {
        for grant in self.entries_mut().filter_map(Entry::grant_mut) {
            if grant.refresh.as_ref() == Some(refresh) {
                grant.shared = shared;
            }
        }
    }

    /// The entries that wait for the outcome of this attempt, or were taken from it when its actor died.
    pub(crate) fn awaiting(&mut self, attempt: Nonce) -> impl Iterator<Item = &mut Entry> {
        let waits = move |entry: &&mut Entry| entry.custody_attempt() == Some(attempt);
        self.entries_mut().filter(waits)
    }

    /// An entry went, or has another token now: if anything stands against its token, that is remembered.
    pub(crate) fn retire(&mut self, entry: &Entry) {
        let Some(grant) = entry.grant() else { return };
        let Some(refresh) = &grant.refresh else { return };
        let fate = match &grant.custody {
            Custody::Settled if grant.shared.is_none() => return,
            Custody::Settled => Fate::Unspent,
            Custody::Rotating(claim) => Fate::Rotating(claim.clone()),
            Custody::InDoubt(doubt) => Fate::InDoubt(doubt.clone()),
            Custody::Lost(lost) => Fate::Lost(lost.clone()),
        };
        if self.holding(refresh).next().is_none() {
            self.remember_token(fingerprint(refresh).into(), fate, grant.shared);
        }
    }

    /// The issuer granted other tokens for the one of this digest. One that it left in force was not spent.
    pub(crate) fn remember_spent(&mut self, old: Mark, fresh: &Fresh) {
        if fresh.refresh.as_ref().is_some_and(|refresh| !self.seek(fingerprint(refresh)).is(&old)) {
            self.remember_token(old, Fate::Spent, None);
        }
    }

    fn remember_token(&mut self, mark: Mark, fate: Fate, shared: Option<Shared>) {
        self.forget_mark(mark);
        if self.tokens.len() >= MAX_KNOWN_TOKENS
            && let Some(oldest) = self.tokens.iter().position(|known| known.fate.claim().is_none())
        {
            self.tokens.remove(oldest);
        }
        self.tokens.push(KnownToken { mark, fate, shared, extra: Extra::default() });
    }

    /// An entry holds it again, or nothing stands against it any more.
    pub(crate) fn forget_token(&mut self, refresh: &Secret) {
        self.forget_mark(fingerprint(refresh).into());
    }

    /// Forgets what a mark is of; a plain one also where it stands keyed.
    fn forget_mark(&mut self, mark: Mark) {
        let sought = mark.key.is_none().then(|| self.seek(mark.fingerprint));
        self.tokens.retain(|known| known.mark != mark && !sought.is_some_and(|sought| sought.is(&known.mark)));
    }

    /// The actor of this attempt is dead: what no entry holds any more is in doubt, or as it was before if nothing was sent.
    /// Returns whether there was such a token.
    pub(crate) fn release_token(&mut self, attempt: Nonce, sent: Sent) -> bool {
        let held = |known: &&KnownToken| known.fate.claim().is_some_and(|claim| claim.attempt == attempt);
        let Some(known) = self.tokens.iter().find(held).cloned() else { return false };
        let Fate::Rotating(claim) = &known.fate else { return false };
        let fate = match sent {
            Sent::Maybe { noted } => Some(Fate::InDoubt(claim.doubted(DoubtCause::ActorDied, noted))),
            Sent::Nothing => known.before(claim),
        };
        self.set_fate(&known, fate);
        true
    }

    fn set_fate(&mut self, known: &KnownToken, fate: Option<Fate>) {
        match fate {
            Some(fate) => self.remember_token(known.mark, fate, known.shared),
            None => self.forget_mark(known.mark),
        }
    }

    /// The outcome of presenting a token that no entry holds any more. Returns whether there was such a token.
    pub(crate) fn settle_token(&mut self, now: &Stamp, attempt: Nonce, outcome: &Exchanged) -> bool {
        let Some(known) = self.tokens.iter().find(|known| known.fate.attempt() == Some(attempt)).cloned() else {
            return false;
        };
        let fate = match (&known.fate, outcome) {
            (_, Exchanged::Granted(fresh)) => {
                self.forget_mark(known.mark);
                self.remember_spent(known.mark, fresh);
                self.count_move();
                return true;
            }
            // It was taken for dead already; only a grant says more than that.
            (Fate::InDoubt(_) | Fate::Unspent | Fate::Spent | Fate::Lost(_), _) => return false,
            (Fate::Rotating(claim), Exchanged::Rejected { code }) => Some(Fate::Lost(claim.lost(now, code))),
            (Fate::Rotating(claim), Exchanged::Unknown) => {
                Some(Fate::InDoubt(claim.doubted(DoubtCause::NoUsableAnswer, None)))
            }
            (
                Fate::Rotating(claim),
                Exchanged::NotConsumed { .. } | Exchanged::TurnedAway { .. } | Exchanged::Untrusted,
            ) => known.before(claim),
        };
        self.set_fate(&known, fate);
        true
    }
}

impl KnownToken {
    /// What stood against it before this claim.
    fn before(&self, claim: &Claim) -> Option<Fate> {
        claim.doubt.clone().map(Fate::InDoubt).or_else(|| self.shared.map(|_| Fate::Unspent))
    }
}

impl Claim {
    /// What is left of it if its outcome isn't known; a request of it was about to leave when it was noted.
    pub(crate) fn doubted(&self, why: DoubtCause, noted: Option<Stamp>) -> Doubt {
        Doubt { attempt: self.attempt, claimed: self.at, noted, why }
    }

    /// What is left of it if the issuer rejected what it presented.
    pub(crate) fn lost(&self, now: &Stamp, code: &str) -> Lost {
        Lost { at: *now, code: code.to_owned(), after_doubt: self.doubt.is_some() }
    }
}

#[cfg(test)]
mod tests;
