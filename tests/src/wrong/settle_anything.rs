//! A settlement that doesn't say which attempt it is of: the loser's failure condemns the winner's tokens.

use credlatch_core::rotation::{Exchanged, Settle};
use credlatch_core::state::{Custody, Lost, Material, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, Verdict, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// A rejection counts against whatever is stored.
#[derive(Debug)]
pub(super) struct SettleAnything;

impl<S: Sim> Conduct<S> for SettleAnything {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let mut step = apply(state, now, event);
        let Event::Settle(Settle { provider, label, outcome: Exchanged::Rejected { code }, .. }) = event else {
            return step;
        };
        let slot = step.state.providers.get_mut(provider);
        let entry = slot.and_then(|slot| slot.entries.iter_mut().find(|entry| entry.label == *label));
        if let Some(Material::Oauth(grant)) = entry.map(|entry| &mut entry.material) {
            grant.custody = Custody::Lost(Lost { at: *now, code: code.clone(), after_doubt: false });
            step.verdict = Verdict::Done;
        }
        step
    }
}
