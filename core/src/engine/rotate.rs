//! Rotating: claim, exchange, settle, with nothing locked in between. Whoever comes second waits for the claim to end.

use std::sync::Arc;

use super::snapshot::Live;
use super::{Engine, TransactError};
use crate::custody::Watched;
use crate::known::Fate;
use crate::machine::{Act, Effect, Event, Refusal, Verdict};
use crate::name::{Label, ProviderId};
use crate::origin::Reach;
use crate::port::{Alive, Cell, Clock, Issuer, Nonces, Ports, Store, StoreError};
use crate::rotation::{Cause, ClaimRotation, Exchanged, Settle, Times};
use crate::state::{Actor, Claim, Custody, Doubt, Grant, Nonce};
use crate::time::{Patience, Stamp};

/// Bytes set aside for the settling commit beyond the present size of the state: room for two tokens, of which the longest
/// seen are under 8 KiB, and little enough for a small disk.
const ROOM_FOR_TOKENS: usize = 24 * 1024;

/// How often whoever watches a doubt looks whether it is still there.
const WATCH_MS: u64 = 500;
/// A patience of one quarantine is enough to watch one, though the first look comes a moment after the call.
const LATE_MS: u64 = 1_000;

/// A rotation that is wanted.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The version that isn't good enough any more.
    pub version: u64,
    /// Why.
    pub cause: Cause,
    /// The provider's times.
    pub times: Times,
}

/// What came of a wish.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// This act's grant is stored.
    Granted(Arc<Live>),
    /// Another version than the one in the wish is stored, by somebody else's act.
    Newer(Arc<Live>),
    /// New tokens were granted and could not be saved: they are in memory, and will be saved when the store allows.
    Unsaved(super::UnsavedGrant),
    /// It isn't to be done, or not now.
    Refused(Refusal),
    /// The issuer granted nothing.
    Failed(Exchanged),
    /// Somebody else is at it, and has been for longer than the caller would wait.
    Busy(Actor),
    /// The entry is gone.
    Gone,
    /// The issuer that was given can present no refresh token of this provider.
    NoIssuer,
}

/// What the store says about a wish before anything is claimed.
enum Outlook {
    Newer(Arc<Live>),
    Rotating(Claim),
    /// Nobody is at it; this act is in doubt.
    Open(Option<Nonce>),
    Refused(Refusal),
    Gone,
}

impl Wish {
    fn claim(&self, act: Act, reach: Option<Box<Reach>>, watched: Option<Watched>) -> Event {
        Event::ClaimRotation(ClaimRotation {
            provider: self.provider.clone(),
            label: self.label.clone(),
            version: self.version,
            cause: self.cause,
            act,
            times: self.times,
            reach,
            watched,
        })
    }
}

/// Who acts in a step that is only tried, and never committed.
fn nobody() -> Act {
    Act { attempt: Nonce(0), actor: Actor { name: Nonce(0), pid: 0, started: 0, pid_namespace: 0 } }
}

/// Takes a sign of life away that no commit names; one that may be named by a commit of which nobody knows stays.
pub(super) fn discard_unless_unknown(alive: impl Alive, error: &TransactError) {
    match error {
        TransactError::NotSaved(_) => alive.discard(),
        TransactError::Unknown(_) => drop(alive),
    }
}

impl<P: Ports> Engine<P> {
    /// Fulfils a wish, or waits for whoever is at it already, at most so long.
    ///
    /// # Errors
    /// The store can't be locked, read or written. Nothing was presented then.
    pub fn rotate(
        &self,
        issuer: &(impl Issuer + ?Sized),
        wish: &Wish,
        patience_ms: u64,
    ) -> Result<Rotation, TransactError> {
        let patience = self.clock.now().patience(patience_ms);
        loop {
            if self.unsaved_grant(wish.provider.as_str(), wish.label.as_str()).is_some() {
                let _ = self.save_unsaved();
                if let Some(unsaved) = self.standing_grant(wish.provider.as_str(), wish.label.as_str())? {
                    return Ok(Rotation::Unsaved(unsaved));
                }
            }
            let reach = issuer.reach(&wish.provider);
            match self.outlook(wish, reach.as_ref())? {
                Outlook::Newer(live) => return Ok(Rotation::Newer(live)),
                Outlook::Gone => return Ok(Rotation::Gone),
                Outlook::Refused(Refusal::InDoubtUntil(_)) if self.watch_out(wish, patience)? => {}
                Outlook::Refused(why) => {
                    // Where no act may be based on the store at all, that is what a person has to hear.
                    self.store.permit_acts()?;
                    return Ok(Rotation::Refused(why));
                }
                Outlook::Rotating(claim) if self.store.is_alive(&claim.actor)? => {
                    let left_ms = patience.left_ms(&self.clock.now());
                    if !self.store.wait(&claim.actor, left_ms)? {
                        return Ok(Rotation::Busy(claim.actor));
                    }
                }
                Outlook::Rotating(_) | Outlook::Open(_) if !issuer.can_refresh(&wish.provider) => {
                    return Ok(Rotation::NoIssuer);
                }
                outlook @ (Outlook::Rotating(_) | Outlook::Open(_)) => {
                    let doubt = if let Outlook::Open(doubt) = outlook { doubt } else { None };
                    match self.claim_and_exchange(issuer, wish, doubt)? {
                        Some(Rotation::Refused(Refusal::InDoubtUntil(_))) if self.watch_out(wish, patience)? => {}
                        Some(rotation) => return Ok(rotation),
                        None => {}
                    }
                }
            }
        }
    }

    /// What is stored by now, if that is another version than the one in the wish.
    fn newer_or(&self, wish: &Wish, error: TransactError) -> Result<Rotation, TransactError> {
        match self.outlook(wish, None)? {
            Outlook::Newer(live) => Ok(Rotation::Newer(live)),
            Outlook::Gone => Ok(Rotation::Gone),
            Outlook::Rotating(_) | Outlook::Open(_) | Outlook::Refused(_) => Err(error),
        }
    }

    /// What can be refused by what is known already is refused here: nothing is made on the medium for it.
    fn outlook(&self, wish: &Wish, reach: Option<&Reach>) -> Result<Outlook, StoreError> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let Some(live) = snapshot.live(wish.provider.as_str(), wish.label.as_str()) else { return Ok(Outlook::Gone) };
        if live.version != wish.version {
            return Ok(Outlook::Newer(Arc::clone(live)));
        }
        let entry = snapshot.state.entry(wish.provider.as_str(), wish.label.as_str());
        // What stands against the token stands against it under every label.
        let fate = entry.and_then(|entry| snapshot.state.fate_of(entry.material.refresh()?));
        let doubt = match fate {
            Some(Fate::Rotating(claim)) => return Ok(Outlook::Rotating(claim)),
            Some(Fate::InDoubt(doubt)) => Some(doubt.attempt),
            Some(Fate::Unspent | Fate::Lost(_) | Fate::Spent) | None => None,
        };
        let watched = doubt.map(|attempt| self.watched(attempt));
        let tried = P::apply(&snapshot.state, &now, &wish.claim(nobody(), reach.cloned().map(Box::new), watched));
        Ok(match tried.verdict {
            Verdict::Refused(why) => Outlook::Refused(why),
            _ => Outlook::Open(doubt),
        })
    }

    /// Watches a doubt out whose age no clock tells, if the caller's patience is enough for that: somebody has to have seen
    /// it for a whole quarantine, and a process that runs one command has nobody else. Returns whether to try again.
    ///
    /// Only an access token that has ended is worth this wait: after a 401 something else may be used.
    fn watch_out(&self, wish: &Wish, patience: Patience) -> Result<bool, StoreError> {
        let mut has_waited = false;
        loop {
            let now = self.clock.now();
            let left_ms = self.unwatched_ms(wish, &now)?;
            if left_ms == 0 || wish.cause == Cause::Challenged {
                return Ok(has_waited);
            }
            if left_ms > patience.left_ms(&now).saturating_add(LATE_MS) {
                return Ok(false);
            }
            self.clock.pause(left_ms.min(WATCH_MS));
            has_waited = true;
        }
    }

    /// How long the doubt about a spent token is still to be watched; zero if that isn't what it waits for.
    fn unwatched_ms(&self, wish: &Wish, now: &Stamp) -> Result<u64, StoreError> {
        let doubt = self.read(|snapshot| {
            let entry = snapshot.state.entry(wish.provider.as_str(), wish.label.as_str())?;
            let grant = entry.grant().filter(|_| entry.version == wish.version)?;
            let Custody::InDoubt(doubt) = &grant.custody else { return None };
            let waits = !now.is_comparable(&doubt.claimed) && grant.expiry.left_ms(now) == 0;
            waits.then(|| doubt.clone())
        })?;
        let left_ms = |doubt: Doubt| doubt.quiet(now, wish.times, self.watched(doubt.attempt).for_ms).left_ms(now);
        Ok(doubt.map_or(0, left_ms))
    }

    fn watched(&self, attempt: Nonce) -> Watched {
        let now = self.clock.now();
        self.ledger.read(|ledger| ledger.watched(attempt, &now))
    }

    /// One try. `None` says that somebody else was faster.
    fn claim_and_exchange(
        &self,
        issuer: &(impl Issuer + ?Sized),
        wish: &Wish,
        doubt: Option<Nonce>,
    ) -> Result<Option<Rotation>, TransactError> {
        self.store.permit_acts()?;
        // Room first: tokens that can't be saved must not be asked for.
        let room = self.store.reserve(ROOM_FOR_TOKENS)?;
        let alive = self.store.enlist()?;
        let act = Act { attempt: self.nonces.nonce(), actor: alive.actor().clone() };
        let reach = issuer.reach(&wish.provider).map(Box::new);
        let watched = doubt.map(|attempt| self.watched(attempt));
        let claimed = match self.transact(&[wish.claim(act.clone(), reach, watched)]) {
            Ok(claimed) => claimed,
            Err(error) => {
                discard_unless_unknown(alive, &error);
                return Err(error);
            }
        };
        self.revoke_all(issuer, &claimed.effects);
        if *claimed.verdict() != Verdict::Done {
            alive.discard();
            return Ok(match claimed.verdict() {
                // It was cleared since it was looked at, which is another thing than a login that nobody accepts any more.
                Verdict::Refused(Refusal::NoEntry) => Some(Rotation::Gone),
                Verdict::Refused(why) => Some(Rotation::Refused(why.clone())),
                Verdict::Done | Verdict::Joined(_) | Verdict::Stale | Verdict::Nothing => None,
            });
        }
        let grant =
            claimed.after.state.entry(wish.provider.as_str(), wish.label.as_str()).and_then(|entry| entry.grant());
        let scopes = grant.map(|grant| grant.scopes.clone()).unwrap_or_default();
        // Others count the time in which a request of ours may be in flight from the claim. Whoever slept since then sends
        // nothing, or the request could outlive that time.
        let now = self.clock.now();
        let overslept =
            grant.and_then(Grant::claim).is_none_or(|claim| now.since_ms(&claim.at) > wish.times.http_timeout_ms);
        let refresh = claimed.effects.into_iter().find_map(|effect| match effect {
            Effect::Refresh { refresh, attempt, .. } if attempt == act.attempt => Some(refresh),
            _ => None,
        });
        let outcome = match refresh.filter(|_| !overslept) {
            Some(refresh) => issuer.refresh(&wish.provider, &refresh, &scopes),
            None => Exchanged::NotConsumed { retry_after_ms: Some(0) },
        };
        let settle = Settle {
            provider: wish.provider.clone(),
            label: wish.label.clone(),
            attempt: act.attempt,
            outcome: outcome.clone(),
        };
        let settled = self.bring_home(issuer, Event::Settle(settle), alive, Some(room));
        Ok(Some(match (settled, outcome) {
            (Ok(done), Exchanged::Granted(fresh)) => {
                let live = done.after.live(wish.provider.as_str(), wish.label.as_str()).cloned();
                // Too late is what somebody has cleared or replaced meanwhile: what stands is another's.
                let stands = |live: &Live| live.secret() == Some(&fresh.access);
                live.map_or(
                    Rotation::Gone,
                    |live| {
                        if stands(&live) { Rotation::Granted(live) } else { Rotation::Newer(live) }
                    },
                )
            }
            (Err(error), Exchanged::Granted(_)) => {
                // Another transaction may have saved it in this moment, or cleared the entry before.
                match self.standing_grant(wish.provider.as_str(), wish.label.as_str())? {
                    Some(unsaved) => Rotation::Unsaved(unsaved),
                    None => return self.newer_or(wish, error).map(Some),
                }
            }
            (_, failed) => Rotation::Failed(failed),
        }))
    }
}
