//! The absence of a note, taken for proof that nothing was sent, whether its actor writes notes or not.

use credlatch_core::machine::Sent;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// An older version's act, or one of another boot, left no note: the next presents the token at once.
#[derive(Debug)]
pub(super) struct NoNoteIsProof;

pub(super) fn decide(state: &State, now: &Stamp, event: &Event) -> Step {
    match event {
        Event::ActorGone { attempt, sent: Sent::UNKNOWN } => {
            apply(state, now, &Event::ActorGone { attempt: *attempt, sent: Sent::Nothing })
        }
        event => apply(state, now, event),
    }
}

impl<S: Sim> Conduct<S> for NoNoteIsProof {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        decide(state, now, event)
    }
}
