//! A quarantine that is measured by the wall clock wherever the clock since boot doesn't tell: somebody may set it.

use credlatch_core::custody::Watched;
use credlatch_core::state::{Custody, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// What the wall clock says counts as watched.
#[derive(Debug)]
pub(super) struct WaitsByWallClock;

impl<S: Sim> Conduct<S> for WaitsByWallClock {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        decide(state, now, event)
    }
}

/// The machine of this engine, for the harness that has only a machine.
pub(crate) fn decide(state: &State, now: &Stamp, event: &Event) -> Step {
    let mut event = event.clone();
    if let Event::ClaimRotation(claim) = &mut event {
        let entry = state.entry(claim.provider.as_str(), claim.label.as_str());
        if let Some(Custody::InDoubt(doubt)) = entry.and_then(|entry| entry.grant()).map(|grant| &grant.custody) {
            let for_ms = now.wall_ms.saturating_sub(doubt.claimed.wall_ms);
            claim.watched = Some(Watched { attempt: doubt.attempt, for_ms });
        }
    }
    apply(state, now, &event)
}
