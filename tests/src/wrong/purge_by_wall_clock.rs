//! A purge that believes the wall clock, which somebody may set.

use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// The clock that counts since boot is not asked.
#[derive(Debug)]
pub(super) struct PurgeByWallClock;

impl<S: Sim> Conduct<S> for PurgeByWallClock {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        if *event == Event::Purge { apply(state, &Stamp { boot: 0, ..*now }, event) } else { apply(state, now, event) }
    }
}
