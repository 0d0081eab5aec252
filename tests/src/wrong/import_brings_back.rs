//! An import that brings back what was cleared.

use credlatch_core::put::{PutMode, Put};
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Whatever is swept up is taken for named.
#[derive(Debug)]
pub(super) struct ImportBringsBack;

impl<S: Sim> Conduct<S> for ImportBringsBack {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        match event {
            Event::Put(put) => apply(state, now, &Event::Put(Put { how: PutMode::Named, ..put.clone() })),
            _ => apply(state, now, event),
        }
    }
}
