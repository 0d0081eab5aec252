//! Using a store again whose move was cut off, because a person wants that: step by step, each a commit in one of the two stores.

use std::sync::Arc;

use super::Engine;
use super::snapshot::Snapshot;
use super::transact::TransactError;
use crate::machine::moving::{Adoption, Answer, adoption};
use crate::machine::{Event, Verdict};
use crate::port::{Alive, Ports, Store};
use crate::state::moving::Stage;
use crate::state::{Actor, State};

/// The most steps that are made; it takes three, and more where others get in between.
const MOST_STEPS: usize = 32;

/// Why a store isn't used again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdoptError {
    /// This store can't be locked, read or written.
    Here(TransactError),
    /// The other one can't be.
    There(TransactError),
    /// Somebody moves it: this process.
    AtWork {
        /// Its id.
        pid: u32,
    },
    /// What the other store says, and how far the move is here.
    Refused(Answer, Stage),
    /// Others changed both stores again and again.
    Restless,
}

impl<P: Ports> Engine<P> {
    /// Uses this store again whose move was cut off, unless the other one uses what was moved or can't say. Returns whether it is used
    /// now: not if it waits for no move. `other` is none if it can't be opened.
    ///
    /// # Errors
    /// Somebody moves it, the other store uses it or can't say, or one of them can't be used.
    pub fn adopt_copy<Q: Ports>(&self, other: Option<&Engine<Q>>) -> Result<bool, AdoptError> {
        // Whoever goes on with the move waits until this ends.
        let sign = self.store.enlist().map_err(|error| AdoptError::Here(error.into()))?;
        let is_used = self.adopt_step_by_step(other, sign.actor());
        sign.discard();
        is_used
    }

    fn adopt_step_by_step<Q: Ports>(&self, other: Option<&Engine<Q>>, actor: &Actor) -> Result<bool, AdoptError> {
        let mut began = None;
        for _ in 0..MOST_STEPS {
            // Each look notices who died, and what happened to the store.
            let here = self.transact(&[]).map_err(AdoptError::Here)?.after;
            let there = other.map(Engine::looked_at);
            let seen = there.as_ref().and_then(|there| Some(&*there.as_ref().ok()?.state));
            let next = adoption(&here.state, seen, actor);
            let (Some(next), Some(stage)) = (next, here.state.moving.as_ref().map(|moving| moving.stage)) else {
                return is_used(&here.state, began);
            };
            began = Some(stage);
            self.must_be_left(&here.state, actor)?;
            match (next, there) {
                (Adoption::Here(step), _) => drop(self.transact(&[Event::Move(step)]).map_err(AdoptError::Here)?),
                (Adoption::Last(step), _) => {
                    let done = self.transact(&[Event::Move(step)]).map_err(AdoptError::Here)?;
                    if *done.verdict() == Verdict::Done {
                        return Ok(true);
                    }
                }
                (Adoption::There(step), _) => {
                    if let Some(other) = other {
                        other.transact(&[Event::Move(step)]).map_err(AdoptError::There)?;
                    }
                }
                (Adoption::Refused(Answer::Unread), Some(Err(error))) => return Err(AdoptError::There(error)),
                (Adoption::Refused(why), _) => return Err(AdoptError::Refused(why, stage)),
            }
        }
        Err(AdoptError::Restless)
    }

    /// What is here by now. Where no move was nothing is written: a directory that isn't mounted stays as it is.
    fn looked_at(&self) -> Result<Arc<Snapshot>, TransactError> {
        let seen = self.snapshot()?;
        if seen.state.moving.is_none() { Ok(seen) } else { Ok(self.transact(&[])?.after) }
    }

    fn must_be_left(&self, here: &State, actor: &Actor) -> Result<(), AdoptError> {
        let mover = here.moving.as_ref().and_then(|moving| moving.actor.as_ref()).filter(|mover| *mover != actor);
        match mover {
            Some(mover) if self.store.is_alive(mover).map_err(|error| AdoptError::Here(error.into()))? => {
                Err(AdoptError::AtWork { pid: mover.pid })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a store is used that waits for no move, or for none any more: others may have forgotten what was here meanwhile.
fn is_used(state: &State, began: Option<Stage>) -> Result<bool, AdoptError> {
    match (began, state.moving.as_ref().map(|moving| moving.stage)) {
        (Some(began), Some(Stage::Gone | Stage::Withdrawn)) => Err(AdoptError::Refused(Answer::Used, began)),
        (began, _) => Ok(began.is_some()),
    }
}
