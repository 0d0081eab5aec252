//! What comes of an exchange: new tokens for every entry that waits for them, or what the answer says of the token that was
//! presented. A settlement that comes too late changes no entry.

use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::outcome::{Effect, Output, Sent, Verdict};
use crate::state::health::EntryHealth;
use crate::state::name::{Label, ProviderId};
use crate::state::time::Stamp;
use crate::state::{Claim, Custody, DoubtCause, Entry, Grant, Nonce, Slot, State};

/// The first wait after a try that came to nothing; it doubles with each.
pub const BACK_OFF_FIRST_MS: u64 = 1_000;
/// The longest of those waits.
pub const BACK_OFF_MAX_MS: u64 = 300_000;

/// What came of an exchange.
#[derive(Clone, Debug, PartialEq)]
pub struct Settle {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The claim it acted on.
    pub attempt: Nonce,
    /// The answer.
    pub outcome: Exchanged,
}

pub(crate) fn settle(state: &mut State, now: &Stamp, settle: &Settle) -> Output {
    match &settle.outcome {
        // An attempt that was taken for dead, and after which nobody has claimed, brings the live grant all the same.
        Exchanged::Granted(fresh) => {
            let old = state.awaiting(settle.attempt).map(|entry| entry.material.fingerprint().into()).next();
            let Some(old) = old else { return late(state, now, settle) };
            let mut version = state.last_version;
            for entry in state.awaiting(settle.attempt) {
                version = version.saturating_add(1);
                grant_anew(entry, now, version, fresh);
            }
            state.last_version = version;
            state.remember_spent(old, fresh);
            state.count_move();
            Verdict::Done.into()
        }
        outcome => {
            let mut is_claimed = false;
            for entry in state.awaiting(settle.attempt) {
                if let Some(claim) = entry.grant().and_then(Grant::claim).cloned() {
                    settle_without_grant(entry, now, &claim, outcome);
                    is_claimed = true;
                }
            }
            if is_claimed { Verdict::Done.into() } else { late(state, now, settle) }
        }
    }
}

fn holds(entry: &Entry, fresh: &Fresh) -> bool {
    entry.grant().is_some_and(|grant| grant.access == fresh.access)
}

/// No entry waits for it. A grant that nobody wants any more is revoked, but only where nothing is stored or about to be: an
/// issuer that revokes per account would otherwise take the newer login with it.
fn late(state: &mut State, now: &Stamp, settle: &Settle) -> Output {
    let slot = state.slot(settle.provider.as_str());
    if let (Exchanged::Granted(fresh), Some(entry)) =
        (&settle.outcome, slot.and_then(|slot| slot.entry(settle.label.as_str())))
        && holds(entry, fresh)
    {
        // A commit that was reported as failed may have landed: the grant it stored is this one.
        return Verdict::Nothing.into();
    }
    let effects = match &settle.outcome {
        Exchanged::Granted(fresh) if slot.is_none_or(Slot::is_deserted) => {
            let token = fresh.revocable();
            let revoke = || Effect::Revoke { provider: settle.provider.clone(), token: token.clone() };
            if state.holds(token) { Vec::new() } else { vec![revoke()] }
        }
        _ => Vec::new(),
    };
    let is_known = state.settle_token(now, settle.attempt, &settle.outcome);
    Output { verdict: if is_known { Verdict::Done } else { Verdict::Stale }, effects }
}

fn grant_anew(entry: &mut Entry, now: &Stamp, version: u64, fresh: &Fresh) {
    let Some(grant) = entry.grant_mut() else { return };
    grant.access = fresh.access.clone();
    if let Some(refresh) = fresh.refresh.as_ref().filter(|refresh| grant.refresh.as_ref() != Some(refresh)) {
        grant.refresh = Some(refresh.clone());
        // What the issuer just gave is in no copy.
        grant.shared = None;
    }
    grant.expiry = fresh.expiry(now);
    grant.issued = *now;
    if let Some(scopes) = &fresh.scopes {
        grant.scopes.clone_from(scopes);
    }
    grant.custody = Custody::Settled;
    entry.version = version;
    entry.fingerprint = entry.material.fingerprint();
    let challenged = entry.health.challenged;
    let uses = entry.health.uses;
    entry.health = EntryHealth { challenged, uses, ..Default::default() };
}

fn settle_without_grant(entry: &mut Entry, now: &Stamp, claim: &Claim, outcome: &Exchanged) {
    let back_to = claim.doubt.clone().map_or(Custody::Settled, Custody::InDoubt);
    let custody = match outcome {
        Exchanged::Granted(_) => return,
        Exchanged::Rejected { code } => Custody::Lost(claim.lost(now, code)),
        Exchanged::NotConsumed { .. }
        | Exchanged::TurnedAway { .. }
        | Exchanged::Unreached(_)
        | Exchanged::Untrusted => back_to,
        Exchanged::Unknown => Custody::InDoubt(claim.doubted(DoubtCause::NoUsableAnswer, None)),
    };
    match outcome {
        Exchanged::NotConsumed { retry_after_ms } | Exchanged::TurnedAway { retry_after_ms, .. } => {
            entry.health.back_off(now, *retry_after_ms);
        }
        Exchanged::Unreached(_) | Exchanged::Untrusted | Exchanged::Unknown => entry.health.back_off(now, None),
        Exchanged::Granted(_) | Exchanged::Rejected { .. } => {}
    }
    entry.health.untrusted = *outcome == Exchanged::Untrusted;
    entry.health.turned_away = match outcome {
        Exchanged::TurnedAway { answer, .. } => Some(answer.clone()),
        _ => None,
    };
    entry.health.unreached = match outcome {
        Exchanged::Unreached(unreached) => Some(unreached.clone()),
        _ => None,
    };
    entry.set_custody(custody);
}

/// The actor of this attempt is dead: the token it claimed is in doubt, wherever it stands, or as it was before if nothing
/// was sent.
pub(crate) fn actor_gone(state: &mut State, attempt: Nonce, sent: Sent) -> bool {
    let mut found = state.release_token(attempt, sent);
    for entry in state.awaiting(attempt) {
        if let Some(claim) = entry.grant().and_then(Grant::claim).cloned() {
            entry.set_custody(match sent {
                Sent::Nothing => claim.doubt.map_or(Custody::Settled, Custody::InDoubt),
                Sent::Maybe { noted } => Custody::InDoubt(claim.doubted(DoubtCause::ActorDied, noted)),
            });
            found = true;
        }
    }
    found
}

impl Entry {
    fn set_custody(&mut self, custody: Custody) {
        if let Some(grant) = self.grant_mut() {
            grant.custody = custody;
        }
    }
}

impl EntryHealth {
    /// Counts a try that came to nothing, and says when the next may be made.
    pub(super) fn back_off(&mut self, now: &Stamp, told_ms: Option<u64>) {
        let doubled = BACK_OFF_FIRST_MS.saturating_mul(1 << self.failures.min(16)).min(BACK_OFF_MAX_MS);
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(now.plus_ms(told_ms.unwrap_or(doubled)));
    }
}
