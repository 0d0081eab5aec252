//! What an act brought home and the store would not take: kept in memory, with the act's sign of life, and saved by the
//! next transaction that gets through.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Engine, Live, TransactError};
use crate::machine::exchanged::{Exchanged, Fresh};
use crate::machine::flow::{Failed, Succeeded};
use crate::machine::rotation::Settle;
use crate::machine::{Effect, Event};
use crate::port::{Alive, Cell, Clock, Issuer, Keeps, Ports, Revoked, Store, StoreError};
use crate::state::name::ProviderId;
use crate::state::{Claim, Custody, Doubt, Nonce, State};

/// How often saving is tried at once before it is left to a later transaction.
const TRIES: u32 = 3;
/// Milliseconds between those tries.
const BETWEEN_TRIES_MS: u64 = 20;

/// An outcome that waits to be saved.
pub(super) struct Unsaved<P: Ports> {
    event: Event,
    error: StoreError,
    /// The tokens as requests get them, if they are an entry's.
    live: Option<Arc<Live>>,
    /// As long as it lives nobody takes the act for dead.
    alive: Arc<<P::Store as Store>::Alive>,
}

impl<P: Ports> Unsaved<P> {
    fn is_of(&self, state: &State) -> Result<(), StoreError> {
        is_home(state, &self.event, &*self.alive)
    }
}

/// A grant that this process has and the store hasn't.
#[derive(Clone, Debug)]
pub struct UnsavedGrant {
    /// The tokens.
    pub fresh: Fresh,
    /// The same, for a request. They are good while they last.
    pub live: Arc<Live>,
    /// The act that brought them.
    pub attempt: Nonce,
    /// Why they could not be saved.
    pub error: StoreError,
}

impl<P: Ports> Engine<P> {
    /// Whether something waits to be saved: it is lost if this engine goes.
    pub fn has_unsaved(&self) -> bool {
        self.unsaved.read(|all| !all.is_empty())
    }

    /// Commits what an act brought home, and ends the act. If the store won't take it, it is kept and `Err` is returned.
    pub(super) fn commit_outcome(
        &self,
        issuer: &(impl Issuer + ?Sized),
        event: Event,
        alive: Arc<<P::Store as Store>::Alive>,
        mut reservation: Option<<P::Store as Store>::Reservation>,
    ) -> Result<super::Transacted, TransactError> {
        let mut tried = 0;
        let mut is_unknown = false;
        let since = P::observed();
        let error = loop {
            match self.settle(&event, &alive, &mut reservation) {
                Ok(done) => {
                    if let (true, Some(provider)) = (done.effects.is_empty(), provider_of(&event)) {
                        let slot = done.after.state.slot(provider.as_str());
                        P::keep_only(since, Keeps::Slot(slot), format_args!("settled {:?}", done.verdicts));
                    }
                    alive.wipe();
                    drop(alive);
                    self.revoke_all(issuer, &done.effects);
                    return Ok(done);
                }
                Err(error) => {
                    tried += 1;
                    is_unknown |= matches!(error, TransactError::Unknown(_));
                    if tried == TRIES {
                        break error.into_store_error();
                    }
                    if tried == 1 {
                        // From here on it may take long, and only what is written down is there if the power goes.
                        let _ = alive.sync();
                    }
                    self.clock.pause(BETWEEN_TRIES_MS);
                }
            }
        };
        let live = self.hold_unsaved(&event, &error);
        let unsaved = Unsaved { event, error: error.clone(), live, alive };
        self.unsaved.write(|all| all.push(unsaved));
        // An early try may have been saved although the last one wasn't.
        Err(if is_unknown { TransactError::Unknown(error) } else { TransactError::NotSaved(error) })
    }

    /// One try, in the store that the act began in and in no other.
    fn settle(
        &self,
        event: &Event,
        alive: &<P::Store as Store>::Alive,
        reservation: &mut Option<<P::Store as Store>::Reservation>,
    ) -> Result<super::Transacted, TransactError> {
        // Before the lock too: where the store isn't, none is made.
        let since = P::observed();
        self.read(|snapshot| is_home(&snapshot.state, event, alive))??;
        P::keep_only(since, Keeps::Nothing, format_args!("is home"));
        let events = || Cow::Borrowed(std::slice::from_ref(event));
        self.transact_in(&events, self.patience_ms, reservation, &|state| is_home(state, event, alive))
    }

    /// Tries to save what could not be saved before.
    ///
    /// # Errors
    /// The store still won't take it; it stays in memory.
    pub fn save_unsaved(&self) -> Result<(), TransactError> {
        if !self.has_unsaved() {
            return Ok(());
        }
        let state = Arc::clone(&self.snapshot()?.state);
        let homes: Vec<_> = self.unsaved.read(|all| all.iter().map(|unsaved| unsaved.is_of(&state)).collect());
        // Where the store of none of them is, none is made for them.
        match homes.iter().find_map(|home| home.as_ref().err()) {
            Some(error) if homes.iter().all(Result::is_err) => Err(error.clone().into()),
            _ => self.transact(&[]).map(drop),
        }
    }

    /// The grant of this entry that waits to be saved, if there is one.
    pub fn unsaved_grant(&self, provider: &str, label: &str) -> Option<UnsavedGrant> {
        self.unsaved.read(|all| {
            all.iter().find_map(|unsaved| match (&unsaved.event, &unsaved.live) {
                (Event::Settle(Settle { attempt, outcome: Exchanged::Granted(fresh), .. }), Some(live))
                    if live.provider.as_str() == provider && live.label.as_str() == label =>
                {
                    let (fresh, live, attempt) = (fresh.clone(), Arc::clone(live), *attempt);
                    Some(UnsavedGrant { fresh, live, attempt, error: unsaved.error.clone() })
                }
                _ => None,
            })
        })
    }

    /// The same, if nobody has superseded the act that brought it: what was cleared or replaced meanwhile is nobody's any
    /// more, saved or not.
    pub(super) fn standing_grant(&self, provider: &str, label: &str) -> Result<Option<UnsavedGrant>, StoreError> {
        let Some(unsaved) = self.unsaved_grant(provider, label) else { return Ok(None) };
        let stands = self.read(|snapshot| match &snapshot.state.entry(provider, label)?.grant()?.custody {
            Custody::Rotating(Claim { attempt, .. }) | Custody::InDoubt(Doubt { attempt, .. }) => Some(*attempt),
            Custody::Settled | Custody::Lost(_) => None,
        })?;
        Ok((stands == Some(unsaved.attempt)).then_some(unsaved))
    }

    /// The record of a grant that is to be handed out though it isn't saved. Its version is that of the tokens it replaces,
    /// which is the one that a clear of the entry takes away.
    fn hold_unsaved(&self, event: &Event, error: &StoreError) -> Option<Arc<Live>> {
        let Event::Settle(Settle { provider, label, outcome: Exchanged::Granted(fresh), .. }) = event else {
            return None;
        };
        let known = self.published.read(|snapshot| snapshot.live(provider.as_str(), label.as_str()).cloned());
        let version = known.map_or(0, |live| live.version);
        let of = (provider, label, version);
        let live = Arc::new(Live::of_unsaved(of, fresh, &self.clock.now(), error.clone()));
        self.ledger.write(|ledger| ledger.hold_unsaved(&live));
        Some(live)
    }

    /// What waits to be saved in the store with this state.
    pub(super) fn unsaved_events(&self, state: &State) -> Vec<Event> {
        let is_of_it = |unsaved: &&Unsaved<P>| unsaved.is_of(state).is_ok();
        self.unsaved.read(|all| all.iter().filter(is_of_it).map(|unsaved| unsaved.event.clone()).collect())
    }

    /// Their transaction got through: the acts end here, after the store is unlocked.
    pub(super) fn forget_saved(&self, saved: &[Event]) {
        if self.unsaved.read(Vec::is_empty) {
            return;
        }
        let done = self.unsaved.write(|all| {
            let is_saved = |unsaved: &Unsaved<P>| saved.contains(&unsaved.event);
            let (done, left): (Vec<_>, Vec<_>) = std::mem::take(all).into_iter().partition(is_saved);
            *all = left;
            done
        });
        for unsaved in done {
            unsaved.alive.wipe();
        }
    }

    /// Revokes what a step says nobody wants any more; best effort, one answer for each.
    pub fn revoke_all(&self, issuer: &(impl Issuer + ?Sized), effects: &[Effect]) -> Vec<Revoked> {
        let revoked = effects.iter().filter_map(|effect| match effect {
            Effect::Revoke { provider, token } => Some(issuer.revoke(provider, token)),
            _ => None,
        });
        revoked.collect()
    }
}

/// Whether this is a state of the store that the act began in: it has the act's claim, or the act's sign of life stands beside
/// it, and then the claim was taken away. Of a state that somebody else put there nothing follows, least of all that what
/// was granted is unwanted.
fn is_home(state: &State, event: &Event, alive: &impl Alive) -> Result<(), StoreError> {
    let attempt = match event {
        Event::Settle(settle) => settle.attempt,
        Event::FlowSucceeded(succeeded) => succeeded.step.attempt,
        Event::FlowFailed(failed) => failed.step.attempt,
        _ => return Ok(()),
    };
    if state.claims().any(|claim| claim.attempt == attempt) { Ok(()) } else { alive.in_place() }
}

/// Whose slot an act settles.
fn provider_of(event: &Event) -> Option<&ProviderId> {
    match event {
        Event::Settle(settle) => Some(&settle.provider),
        Event::FlowSucceeded(Succeeded { step, .. }) | Event::FlowFailed(Failed { step, .. }) => Some(&step.provider),
        _ => None,
    }
}
