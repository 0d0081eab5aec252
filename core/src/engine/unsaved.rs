//! What an act brought home and the store would not take: kept in memory, with the act's sign of life, and saved by the
//! next transaction that gets through.

use super::{Engine, TransactError};
use crate::machine::{Effect, Event};
use crate::port::{Cell, Clock, Issuer, Ports, Revoked, Store, StoreError};
use crate::rotation::{Exchanged, Fresh, Settle};

/// How often saving is tried at once before it is left to a later transaction.
const TRIES: u32 = 3;
/// Milliseconds between those tries.
const BETWEEN_TRIES_MS: u64 = 20;

/// An outcome that waits to be saved.
pub(super) struct Unsaved<P: Ports> {
    event: Event,
    error: StoreError,
    /// As long as it lives nobody takes the act for dead.
    _alive: <P::Store as Store>::Alive,
}

/// A grant that this process has and the store hasn't.
#[derive(Clone, Debug)]
pub struct UnsavedGrant {
    /// The tokens.
    pub fresh: Fresh,
    /// Why they could not be saved.
    pub error: StoreError,
}

impl<P: Ports> Engine<P> {
    /// Whether something waits to be saved: it is lost if this engine goes.
    pub fn has_unsaved(&self) -> bool {
        self.unsaved.read(|all| !all.is_empty())
    }

    /// Commits what an act brought home, and ends the act. If the store won't take it, it is kept and `Err` is returned.
    pub(super) fn bring_home(
        &self,
        issuer: &(impl Issuer + ?Sized),
        event: Event,
        alive: <P::Store as Store>::Alive,
        mut room: Option<<P::Store as Store>::Room>,
    ) -> Result<super::Transacted, TransactError> {
        let mut tried = 0;
        let mut is_unknown = false;
        let error = loop {
            match self.transact_with(std::slice::from_ref(&event), &mut room) {
                Ok(done) => {
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
                    self.clock.pause(BETWEEN_TRIES_MS);
                }
            }
        };
        let unsaved = Unsaved { event, error: error.clone(), _alive: alive };
        self.unsaved.write(|all| all.push(unsaved));
        // An early try may have been saved although the last one wasn't.
        Err(if is_unknown { TransactError::Unknown(error) } else { TransactError::NotSaved(error) })
    }

    /// Tries to save what could not be saved before.
    ///
    /// # Errors
    /// The store still won't take it; it stays in memory.
    pub fn save_unsaved(&self) -> Result<(), TransactError> {
        if self.unsaved.read(Vec::is_empty) { Ok(()) } else { self.transact(&[]).map(drop) }
    }

    /// The grant of this entry that waits to be saved, if there is one.
    pub fn unsaved_grant(&self, provider: &str, label: &str) -> Option<UnsavedGrant> {
        self.unsaved.read(|all| {
            all.iter().find_map(|unsaved| match &unsaved.event {
                Event::Settle(Settle { provider: of, label: called, outcome: Exchanged::Granted(fresh), .. })
                    if of.as_str() == provider && called.as_str() == label =>
                {
                    Some(UnsavedGrant { fresh: fresh.clone(), error: unsaved.error.clone() })
                }
                _ => None,
            })
        })
    }

    pub(super) fn unsaved_events(&self) -> Vec<Event> {
        self.unsaved.read(|all| all.iter().map(|unsaved| unsaved.event.clone()).collect())
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
        drop(done);
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
