//! A grant that is sent wherever its provider's row points by now, though it came from somewhere else.

use credlatch_core::rotation::ClaimRotation;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Nobody asks where the row points.
#[derive(Debug)]
pub(super) struct FollowsTheRow;

impl<S: Sim> Conduct<S> for FollowsTheRow {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        match event {
            Event::ClaimRotation(claim) => {
                apply(state, now, &Event::ClaimRotation(ClaimRotation { reach: None, ..claim.clone() }))
            }
            _ => apply(state, now, event),
        }
    }
}
