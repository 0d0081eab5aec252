//! hermes-webui 3972: a login that was cancelled is stored all the same when its tokens arrive.

use credlatch_core::flow::FlowEnd;
use credlatch_core::put::{PutMode, Put};
use credlatch_core::state::State;
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, Verdict, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// The check and the success are two steps; a cancel between them is overwritten.
#[derive(Debug)]
pub(super) struct SuccessOverCancel;

impl<S: Sim> Conduct<S> for SuccessOverCancel {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let step = apply(state, now, event);
        let (Event::FlowSucceeded(success), Verdict::Stale) = (event, &step.verdict) else { return step };
        let put = Put {
            provider: success.step.provider.clone(),
            label: credlatch_core::name::Label::default(),
            material: success.material.clone(),
            source: success.source.clone(),
            how: PutMode::Named,
        };
        let mut step = apply(state, now, &Event::Put(put));
        if let Some(slot) = step.state.providers.get_mut(&success.step.provider) {
            for ended in slot.ended.iter_mut().filter(|ended| ended.id == success.step.flow) {
                ended.end = FlowEnd::Succeeded;
            }
        }
        step
    }
}
