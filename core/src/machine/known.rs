//! What changes for a refresh token. It has one custody in the whole state, so entries that hold it change custody together;
//! and what stands against it when no entry holds it any more is remembered, until it is settled or stored again.

use super::exchanged::{Exchanged, Fresh};
use super::outcome::Sent;
use crate::state::extra::Extra;
use crate::state::fingerprint::fingerprint;
use crate::state::known::{Fate, KnownToken, MAX_KNOWN_TOKENS};
use crate::state::mark::Mark;
use crate::state::secret::Secret;
use crate::state::shared::Shared;
use crate::state::time::Stamp;
use crate::state::{Claim, Custody, DoubtCause, Entry, Nonce, State};

impl State {
    /// Counts a claim, or new tokens. Both count: or a state of the time of a claim, in which the old token is no more than in
    /// doubt, could come back unnoticed after it was spent.
    pub(crate) fn count_move(&mut self) {
        self.last_move = self.last_move.saturating_add(1);
    }

    /// Gives every entry that holds this token one custody.
    pub(crate) fn set_custody(&mut self, refresh: &Secret, custody: &Custody) {
        for grant in self.grants_mut(|grant| grant.refresh.as_ref() == Some(refresh)) {
            grant.custody = custody.clone();
        }
    }

    /// Gives every entry that holds this token one mark, or none.
    pub(crate) fn set_shared(&mut self, refresh: &Secret, shared: Option<Shared>) {
        for grant in self.grants_mut(|grant| grant.refresh.as_ref() == Some(refresh)) {
            grant.shared = shared;
        }
    }

    /// The entries that wait for the outcome of this attempt, or were taken from it when its actor died.
    pub(crate) fn awaiting(&mut self, attempt: Nonce) -> impl Iterator<Item = &mut Entry> {
        self.entries_mut(move |entry| entry.custody_attempt() == Some(attempt))
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

    /// Remembers of a token that no entry holds what another store knew of it.
    pub(crate) fn remember_known(&mut self, known: &KnownToken) {
        self.remember_token(known.mark, known.fate.clone(), known.shared);
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
                Exchanged::NotConsumed { .. }
                | Exchanged::TurnedAway { .. }
                | Exchanged::Unreached(_)
                | Exchanged::Untrusted,
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

#[cfg(test)]
mod tests;
