//! A failure that is held against whatever has the label now, as when the wrong entry is benched.

use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// The version that was used is not looked at.
#[derive(Debug)]
pub(super) struct ReportByLabel;

impl<S: Sim> Conduct<S> for ReportByLabel {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let Event::Report(report) = event else { return apply(state, now, event) };
        let mut current = report.clone();
        if let Some(entry) = state.entry(report.provider.as_str(), report.label.as_str()) {
            current.version = entry.version;
        }
        apply(state, now, &Event::Report(current))
    }
}
