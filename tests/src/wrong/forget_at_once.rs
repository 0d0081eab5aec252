//! hermes-webui 3972: an ended login that the next purge takes away, before anybody saw how it ended.

use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, Verdict, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Ended flows are not kept.
#[derive(Debug)]
pub(super) struct ForgetAtOnce;

impl<S: Sim> Conduct<S> for ForgetAtOnce {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let mut step = apply(state, now, event);
        if *event == Event::Purge {
            for slot in step.state.providers.values_mut().filter(|slot| !slot.ended.is_empty()) {
                slot.ended.clear();
                step.verdict = Verdict::Done;
            }
        }
        step
    }
}
