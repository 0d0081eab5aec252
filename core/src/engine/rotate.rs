//! Rotating: claim, exchange, settle, with nothing locked in between. Whoever comes second waits for the claim to end.

use std::sync::Arc;

use super::moving::refuse_while_moved;
use super::snapshot::Live;
use super::{Engine, TransactError};
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::{Cause, ClaimRotation};
use crate::machine::{Act, Event, Refusal, Verdict};
use crate::port::{Cell, Clock, Issuer, Keeps, Left, Ports, RotationRequest, Store, StoreError};
use crate::state::custody::Watched;
use crate::state::known::Fate;
use crate::state::origin::Reach;
use crate::state::time::{Patience, Stamp};
use crate::state::{Actor, Claim, Custody, Doubt, Nonce};

/// How many processes one call starts, one after another's violent end, before it makes the exchange itself.
const MAX_PROCESSES: u32 = 3;
/// How often whoever waits for the end of a doubt looks whether it is still there.
const WATCH_MS: u64 = 500;
/// A patience of one quarantine is enough to watch one, though the first look comes a moment after the call.
const LATE_MS: u64 = 1_000;

/// What came of a rotation that was asked for.
#[derive(Clone, Debug)]
pub enum Rotation {
    /// This act's grant is stored.
    Granted(Arc<Live>),
    /// Another version than the one that was to be rotated is stored, by somebody else's act.
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

/// What the store says about a rotation before anything is claimed.
pub(super) enum Outlook {
    Newer(Arc<Live>),
    Rotating(Claim),
    /// Nobody is at it; this act is in doubt.
    Open(Option<Nonce>),
    Refused(Refusal),
    Gone,
}

impl RotationRequest {
    pub(super) fn claim(&self, act: Act, reach: Option<Box<Reach>>, watched: Option<Watched>) -> Event {
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
    Act { attempt: Nonce(0), actor: Actor { name: Nonce(0), pid: 0, started: 0, pid_namespace: 0, notes: false } }
}

impl<P: Ports> Engine<P> {
    /// Rotates as it is asked, or waits for whoever is at it already, at most so long.
    ///
    /// # Errors
    /// The store can't be locked, read or written. Nothing was presented then.
    pub fn rotate(
        &self,
        issuer: &(impl Issuer + ?Sized),
        request: &RotationRequest,
        patience_ms: u64,
    ) -> Result<Rotation, TransactError> {
        let patience = self.clock.now().patience(patience_ms);
        let mut processes = 0;
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("looks {processes}"));
            if self.unsaved_grant(request.provider.as_str(), request.label.as_str()).is_some() {
                let _ = self.save_unsaved();
                if let Some(unsaved) = self.standing_grant(request.provider.as_str(), request.label.as_str())? {
                    return Ok(Rotation::Unsaved(unsaved));
                }
            }
            let reach = issuer.reach(&request.provider);
            match self.outlook(request, reach.as_ref())? {
                Outlook::Newer(live) => return Ok(Rotation::Newer(live)),
                Outlook::Gone => return Ok(Rotation::Gone),
                Outlook::Refused(Refusal::InDoubtUntil(_)) if self.wait_out(request, patience)? => {}
                Outlook::Refused(why) => {
                    // Where no act may be based on the store at all, that is what a person has to hear.
                    self.store.permit_acts()?;
                    return Ok(Rotation::Refused(why));
                }
                Outlook::Rotating(claim) => match self.left(&claim)? {
                    Left::Going => {
                        P::keep_only(since, Keeps::Nothing, format_args!("waits {processes} {claim:?}"));
                        let left_ms = patience.left_ms(&self.clock.now());
                        if !self.store.wait(&claim, left_ms)? {
                            return Ok(Rotation::Busy(claim.actor));
                        }
                    }
                    // Every transaction settles what is written down, and notices who died.
                    Left::Answer(answer) => {
                        P::keep_only(since, Keeps::Nothing, format_args!("settles {processes} {:?}", answer.attempt));
                        match self.transact(&[]) {
                            Ok(done) => drop(self.revoke_all(issuer, &done.effects)),
                            Err(error) => return self.unsettled(request, &answer, error),
                        }
                    }
                    Left::NoNote | Left::MaybeSent { .. } => {
                        P::keep_only(since, Keeps::Nothing, format_args!("settles {processes}"));
                        drop(self.revoke_all(issuer, &self.transact(&[])?.effects));
                    }
                },
                Outlook::Open(_) if !issuer.can_refresh(&request.provider) => return Ok(Rotation::NoIssuer),
                Outlook::Open(doubt) => {
                    P::keep_only(since, Keeps::Nothing, format_args!("exchanges {processes} {doubt:?}"));
                    match self.exchange(issuer, request, doubt, patience, &mut processes)? {
                        Some(Rotation::Refused(Refusal::InDoubtUntil(_))) if self.wait_out(request, patience)? => {}
                        Some(rotation) => return Ok(rotation),
                        None => {}
                    }
                }
            }
        }
    }

    /// One try, in a process of its own where there is somebody who can have one. `None` says to look again.
    fn exchange(
        &self,
        issuer: &(impl Issuer + ?Sized),
        request: &RotationRequest,
        doubt: Option<Nonce>,
        patience: Patience,
        processes: &mut u32,
    ) -> Result<Option<Rotation>, TransactError> {
        if let Some(delegate) = issuer.delegate().filter(|_| *processes < MAX_PROCESSES) {
            *processes += 1;
            if let Some(ended) = delegate.rotate(request, patience.left_ms(&self.clock.now())) {
                return self.after_process(request, ended);
            }
        }
        self.claim_and_exchange(issuer, request, doubt)
    }

    /// What is stored by now, if that is another version than the one that was to be rotated.
    pub(super) fn newer_or(&self, request: &RotationRequest, error: TransactError) -> Result<Rotation, TransactError> {
        match self.outlook(request, None)? {
            Outlook::Newer(live) => Ok(Rotation::Newer(live)),
            Outlook::Gone => Ok(Rotation::Gone),
            Outlook::Rotating(_) | Outlook::Open(_) | Outlook::Refused(_) => Err(error),
        }
    }

    /// What can be refused by what is known already is refused here: nothing is made on the medium for it.
    pub(super) fn outlook(&self, request: &RotationRequest, reach: Option<&Reach>) -> Result<Outlook, StoreError> {
        let now = self.clock.now();
        let snapshot = self.snapshot()?;
        let Some(live) = snapshot.live(request.provider.as_str(), request.label.as_str()) else {
            return Ok(Outlook::Gone);
        };
        if live.version != request.version {
            return Ok(Outlook::Newer(Arc::clone(live)));
        }
        let entry = snapshot.state.entry(request.provider.as_str(), request.label.as_str());
        // What stands against the token stands against it under every label.
        let fate = entry.and_then(|entry| snapshot.state.fate_of(entry.material.refresh()?));
        let doubt = match fate {
            Some(Fate::Rotating(claim)) => return Ok(Outlook::Rotating(claim)),
            Some(Fate::InDoubt(doubt)) => Some(doubt.attempt),
            Some(Fate::Unspent | Fate::Lost(_) | Fate::Spent) | None => None,
        };
        let watched = doubt.map(|attempt| self.watched(attempt));
        let claim = request.claim(nobody(), reach.cloned().map(Box::new), watched);
        let tried = P::apply(&snapshot.state, &now, &claim);
        refuse_while_moved(std::slice::from_ref(&claim), std::slice::from_ref(&tried.verdict))?;
        Ok(match tried.verdict {
            Verdict::Refused(why) => Outlook::Refused(why),
            _ => Outlook::Open(doubt),
        })
    }

    /// Waits for the end of a doubt, if the caller's patience is enough for that. Where no clock tells the doubt's age, somebody
    /// has to have seen it for a whole quarantine, and a process that runs one command has nobody else. Returns whether to
    /// try again.
    ///
    /// Only an access token that has ended, or is about to, is worth this wait: after a 401 something else may be used.
    fn wait_out(&self, request: &RotationRequest, patience: Patience) -> Result<bool, StoreError> {
        let mut has_waited = false;
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("waits {has_waited}"));
            let now = self.clock.now();
            let left_ms = self.doubted_ms(request, &now)?;
            if left_ms == 0 || request.cause == Cause::Challenged {
                return Ok(has_waited);
            }
            if left_ms > patience.left_ms(&now).saturating_add(LATE_MS) {
                return Ok(false);
            }
            // It may end sooner: somebody signs in, or stores what the issuer granted after all.
            self.clock.pause(left_ms.min(WATCH_MS));
            has_waited = true;
        }
    }

    /// How long the doubt goes on that keeps a spent token from being replaced; zero if that isn't what it waits for.
    fn doubted_ms(&self, request: &RotationRequest, now: &Stamp) -> Result<u64, StoreError> {
        let doubted = self.read(|snapshot| {
            let entry = snapshot.state.entry(request.provider.as_str(), request.label.as_str())?;
            let grant = entry.grant().filter(|_| entry.version == request.version)?;
            let Custody::InDoubt(doubt) = &grant.custody else { return None };
            grant.expiry.is_spent(now).then(|| (doubt.clone(), grant.expiry.left_ms(now)))
        })?;
        let left_ms = |(doubt, left_ms): (Doubt, u64)| {
            let watched_ms = self.watched(doubt.attempt).for_ms;
            doubt.quiet(now, request.times, watched_ms).left_ms(now).max(left_ms)
        };
        Ok(doubted.map_or(0, left_ms))
    }

    pub(super) fn watched(&self, attempt: Nonce) -> Watched {
        let now = self.clock.now();
        self.ledger.read(|ledger| ledger.watched(attempt, &now))
    }
}
