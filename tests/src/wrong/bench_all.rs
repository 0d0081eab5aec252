//! A failure of one entry that rests the whole pool.

use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, Verdict, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// The neighbours rest too.
#[derive(Debug)]
pub(super) struct BenchAll;

impl<S: Sim> Conduct<S> for BenchAll {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let mut step = apply(state, now, event);
        if let (Event::Report(report), Verdict::Done) = (event, &step.verdict) {
            let rest =
                step.state.entry(report.provider.as_str(), report.label.as_str()).and_then(|entry| entry.health.rest);
            if let Some(slot) = step.state.providers.get_mut(&report.provider) {
                slot.entries.iter_mut().for_each(|entry| entry.health.rest = rest);
            }
        }
        step
    }
}
