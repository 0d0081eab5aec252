//! A token that is stored again while somebody presents it, and counts as free from then on.

use credlatch_core::put::{PutMode, Put};
use credlatch_core::state::{Custody, Material, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Whatever is put is put as settled.
#[derive(Debug)]
pub(super) struct PutForgetsClaim;

impl<S: Sim> Conduct<S> for PutForgetsClaim {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let Event::Put(put) = event else { return apply(state, now, event) };
        let mut step = apply(state, now, &Event::Put(Put { how: PutMode::Again, ..put.clone() }));
        let slot = step.state.providers.get_mut(&put.provider);
        let entry = slot.and_then(|slot| slot.entries.iter_mut().find(|entry| entry.label == put.label));
        if let Some(Material::Oauth(grant)) = entry.map(|entry| &mut entry.material)
            && grant.custody != Custody::Settled
        {
            grant.custody = Custody::Settled;
            step.verdict = credlatch_core::Verdict::Done;
        }
        step
    }
}
