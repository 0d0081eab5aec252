//! One exchange: claim, note, present, write down, settle; and what an actor that got no further has left.

use std::sync::Arc;

use super::rotate::Rotation;
use super::{Engine, TransactError, Transacted};
use crate::machine::exchanged::Exchanged;
use crate::machine::rotation::Settle;
use crate::machine::{Act, Effect, Event, Refusal, Verdict};
use crate::port::{
    Alive, Answer, Clock, Issuer, Keeps, Left, Nonces, Ports, RotationRequest, Sending, Store, StoreError,
};
use crate::state::{Claim, Grant, Nonce};

/// Bytes set aside for the settling commit beyond the present size of the state: space for two tokens, of which the longest
/// seen are under 8 KiB, and little enough for a small disk.
const RESERVED_FOR_TOKENS: usize = 24 * 1024;

/// Takes a sign of life away that no commit names; one that may be named by a commit of which nobody knows stays.
pub(super) fn discard_unless_unknown(alive: impl Alive, error: &TransactError) {
    match error {
        TransactError::NotSaved(_) => alive.discard(),
        TransactError::Unknown(_) => drop(alive),
    }
}

impl<P: Ports> Engine<P> {
    /// What an actor has left; one of this process is waited for, whatever it has written down.
    pub(super) fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        let left = self.store.left(claim)?;
        let is_own = matches!(left, Left::Answer(_)) && self.store.is_own(&claim.actor);
        Ok(if is_own { Left::Going } else { left })
    }

    /// One try. `None` says that somebody else was faster.
    pub(super) fn claim_and_exchange(
        &self,
        issuer: &(impl Issuer + ?Sized),
        request: &RotationRequest,
        doubt: Option<Nonce>,
    ) -> Result<Option<Rotation>, TransactError> {
        self.store.permit_acts()?;
        // The reservation first: tokens that can't be saved must not be asked for.
        let (alive, reservation) = self.store.begin_act(RESERVED_FOR_TOKENS)?;
        let act = Act { attempt: self.nonces.nonce(), actor: alive.actor().clone() };
        let reach = issuer.reach(&request.provider).map(Box::new);
        let watched = doubt.map(|attempt| self.watched(attempt));
        let since = P::observed();
        let claimed = match self.transact(&[request.claim(act.clone(), reach, watched)]) {
            Ok(claimed) => claimed,
            Err(error) => {
                discard_unless_unknown(alive, &error);
                return Err(error);
            }
        };
        self.revoke_all(issuer, &claimed.effects);
        let entry = claimed.after.state.entry(request.provider.as_str(), request.label.as_str());
        P::keep_only(since, Keeps::Entry(entry), format_args!("{:?} {:?}", claimed.verdicts, claimed.effects));
        if *claimed.verdict() != Verdict::Done {
            alive.discard();
            return Ok(match claimed.verdict() {
                // It was cleared since it was looked at, which is another thing than a login that nobody accepts any more.
                Verdict::Refused(Refusal::NoEntry) => Some(Rotation::Gone),
                Verdict::Refused(why) => Some(Rotation::Refused(why.clone())),
                Verdict::Done | Verdict::Joined(_) | Verdict::Stale | Verdict::Nothing => None,
            });
        }
        let alive = Arc::new(alive);
        let presented = self.present(issuer, request, act.attempt, &alive, claimed);
        let outcome = presented.clone().unwrap_or(Exchanged::NotConsumed { retry_after_ms: Some(0) });
        let settle = Event::Settle(Settle {
            provider: request.provider.clone(),
            label: request.label.clone(),
            attempt: act.attempt,
            outcome: outcome.clone(),
        });
        let settled = self.commit_outcome(issuer, settle, alive, Some(reservation));
        presented?;
        self.what_stands(request, settled, outcome).map(Some)
    }

    /// Presents the refresh token under the claim that was just committed, and writes down what was granted.
    ///
    /// # Errors
    /// It could not be noted that the token request is about to leave. Then nothing was sent.
    fn present(
        &self,
        issuer: &(impl Issuer + ?Sized),
        request: &RotationRequest,
        attempt: Nonce,
        alive: &Arc<<P::Store as Store>::Alive>,
        claimed: Transacted,
    ) -> Result<Exchanged, StoreError> {
        let entry = claimed.after.state.entry(request.provider.as_str(), request.label.as_str());
        let grant = entry.and_then(|entry| entry.grant());
        let scopes = grant.map(|grant| grant.scopes.clone()).unwrap_or_default();
        let origins = grant.and_then(|grant| grant.origins.clone());
        // Others count the time in which a token request of ours may be in flight from the claim. Whoever slept since then
        // sends nothing, or the token request could outlive that time.
        let now = self.clock.now();
        let overslept =
            grant.and_then(Grant::claim).is_none_or(|claim| now.since_ms(&claim.at) > request.times.http_timeout_ms);
        let refresh = claimed.effects.into_iter().find_map(|effect| match effect {
            Effect::Refresh { refresh, attempt: own, .. } if own == attempt => Some(refresh),
            _ => None,
        });
        let noting = Arc::clone(alive);
        let sending = Sending::new(move || noting.note(attempt));
        let outcome = match refresh.filter(|_| !overslept) {
            Some(refresh) => issuer.refresh_noting(&request.provider, &refresh, &scopes, &sending),
            None => Exchanged::NotConsumed { retry_after_ms: Some(0) },
        };
        if let Exchanged::Granted(fresh) = &outcome {
            let (provider, label, fresh) = (request.provider.clone(), Some(request.label.clone()), fresh.clone());
            let answer = Answer { attempt, provider, label, received: self.clock.now(), fresh, origins };
            // It is on the medium before anything else can go wrong. If that fails, the settlement saves it.
            let _ = alive.write_down(&answer);
        }
        sending.note_error().map_or(Ok(outcome), Err)
    }

    /// What a rotation has come to, once its settlement was tried.
    fn what_stands(
        &self,
        request: &RotationRequest,
        settled: Result<Transacted, TransactError>,
        outcome: Exchanged,
    ) -> Result<Rotation, TransactError> {
        match (settled, outcome) {
            (Ok(done), Exchanged::Granted(fresh)) => {
                let live = done.after.live(request.provider.as_str(), request.label.as_str()).cloned();
                // Too late is what somebody has cleared or replaced meanwhile: what stands is another's.
                Ok(live.map_or(Rotation::Gone, |live| {
                    let is_own = live.secret() == Some(&fresh.access);
                    if is_own { Rotation::Granted(live) } else { Rotation::Newer(live) }
                }))
            }
            (Err(error), Exchanged::Granted(_)) => {
                // Another transaction may have saved it in this moment, or cleared the entry before.
                match self.standing_grant(request.provider.as_str(), request.label.as_str())? {
                    Some(unsaved) => Ok(Rotation::Unsaved(unsaved)),
                    None => self.newer_or(request, error),
                }
            }
            (_, failed) => Ok(Rotation::Failed(failed)),
        }
    }
}
