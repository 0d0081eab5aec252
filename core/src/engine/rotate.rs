//! Rotating: claim, exchange, settle, with nothing locked in between. Whoever comes second waits for the claim to end.

use std::sync::Arc;

use super::snapshot::Live;
use super::{Engine, TransactError};
use crate::machine::{Act, Effect, Event, Refusal, Verdict};
use crate::name::{Label, ProviderId};
use crate::port::{Alive, Clock, Issuer, Nonces, Ports, Store, StoreError};
use crate::rotation::{Cause, ClaimRotation, Exchanged, Settle, Times};
use crate::state::{Actor, Claim, Grant};

/// Bytes set aside for the settling commit beyond the present size of the state: room for two tokens, of which the longest
/// seen are under 8 KiB, and little enough for a small disk.
const ROOM_FOR_TOKENS: usize = 24 * 1024;

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
    /// Another version than the one in the wish is stored: by this act, or by somebody else's.
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
}

/// What the store says about a wish before anything is claimed.
enum Outlook {
    Newer(Arc<Live>),
    Rotating(Claim),
    Open,
    Gone,
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
        let began = self.clock.now();
        loop {
            if self.unsaved_grant(wish.provider.as_str(), wish.label.as_str()).is_some() {
                let _ = self.save_unsaved();
                if let Some(unsaved) = self.unsaved_grant(wish.provider.as_str(), wish.label.as_str()) {
                    return Ok(Rotation::Unsaved(unsaved));
                }
            }
            match self.outlook(wish)? {
                Outlook::Newer(live) => return Ok(Rotation::Newer(live)),
                Outlook::Gone => return Ok(Rotation::Gone),
                Outlook::Rotating(claim) if self.store.is_alive(&claim.actor)? => {
                    let left_ms = patience_ms.saturating_sub(self.clock.now().age_ms(&began));
                    if !self.store.wait(&claim.actor, left_ms)? {
                        return Ok(Rotation::Busy(claim.actor));
                    }
                }
                Outlook::Rotating(_) | Outlook::Open => {
                    if let Some(rotation) = self.claim_and_exchange(issuer, wish)? {
                        return Ok(rotation);
                    }
                }
            }
        }
    }

    fn outlook(&self, wish: &Wish) -> Result<Outlook, StoreError> {
        self.read(|snapshot| {
            let Some(live) = snapshot.live(wish.provider.as_str(), wish.label.as_str()) else { return Outlook::Gone };
            if live.version != wish.version {
                return Outlook::Newer(Arc::clone(live));
            }
            let entry = snapshot.state.entry(wish.provider.as_str(), wish.label.as_str());
            match entry.and_then(|entry| entry.grant()).and_then(Grant::claim) {
                Some(claim) => Outlook::Rotating(claim.clone()),
                None => Outlook::Open,
            }
        })
    }

    /// One try. `None` says that somebody else was faster.
    fn claim_and_exchange(
        &self,
        issuer: &(impl Issuer + ?Sized),
        wish: &Wish,
    ) -> Result<Option<Rotation>, TransactError> {
        self.store.permit_acts()?;
        // Room first: tokens that can't be saved must not be asked for.
        let room = self.store.reserve(ROOM_FOR_TOKENS)?;
        let alive = self.store.enlist()?;
        let act = Act { attempt: self.nonces.nonce(), actor: alive.actor().clone() };
        let claim = Event::ClaimRotation(ClaimRotation {
            provider: wish.provider.clone(),
            label: wish.label.clone(),
            version: wish.version,
            cause: wish.cause,
            act: act.clone(),
            times: wish.times,
            reach: issuer.reach(&wish.provider).map(Box::new),
        });
        let claimed = self.transact(&[claim])?;
        self.revoke_all(issuer, &claimed.effects);
        match claimed.verdict() {
            Verdict::Done => {}
            // It was cleared since it was looked at, which is another thing than a login that nobody accepts any more.
            Verdict::Refused(Refusal::NoEntry) => return Ok(Some(Rotation::Gone)),
            Verdict::Refused(why) => return Ok(Some(Rotation::Refused(why.clone()))),
            Verdict::Joined(_) | Verdict::Stale | Verdict::Nothing => return Ok(None),
        }
        let grant =
            claimed.after.state.entry(wish.provider.as_str(), wish.label.as_str()).and_then(|entry| entry.grant());
        let scopes = grant.map(|grant| grant.scopes.clone()).unwrap_or_default();
        // Others count the time in which a request of ours may be in flight from the claim. Whoever slept since then sends
        // nothing, or the request could outlive that time.
        let now = self.clock.now();
        let overslept =
            grant.and_then(Grant::claim).is_none_or(|claim| now.age_ms(&claim.at) > wish.times.http_timeout_ms);
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
            (Ok(done), Exchanged::Granted(_)) => {
                let live = done.after.live(wish.provider.as_str(), wish.label.as_str());
                live.map_or(Rotation::Gone, |live| Rotation::Newer(Arc::clone(live)))
            }
            (Err(error), Exchanged::Granted(fresh)) => {
                Rotation::Unsaved(super::UnsavedGrant { fresh, error: error.into_store_error() })
            }
            (_, failed) => Rotation::Failed(failed),
        }))
    }
}
