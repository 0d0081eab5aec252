//! A token in doubt that is presented again while the first request may still be in flight.

use credlatch_core::state::{Custody, Material, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// A dead actor's claim is simply free again.
#[derive(Debug)]
pub(super) struct NoQuarantine;

impl<S: Sim> Conduct<S> for NoQuarantine {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let mut state = state.clone();
        if let Event::ClaimRotation(_) = event {
            let entries = state.providers.values_mut().flat_map(|slot| &mut slot.entries);
            for entry in entries {
                if let Material::Oauth(grant) = &mut entry.material
                    && matches!(grant.custody, Custody::InDoubt(_))
                {
                    grant.custody = Custody::Settled;
                }
            }
        }
        apply(&state, now, event)
    }
}
