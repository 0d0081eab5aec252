//! A late grant that is revoked though a newer login is stored: an issuer that revokes per account takes both.

use credlatch_core::rotation::Exchanged;
use credlatch_core::state::{Custody, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Effect, Event, Step, apply};

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Every grant that came too late is revoked.
#[derive(Debug)]
pub(super) struct RevokeLateGrant;

impl<S: Sim> Conduct<S> for RevokeLateGrant {
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        let mut step = apply(state, now, event);
        if let Event::Settle(settle) = event
            && !entries(state).any(|custody| custody.attempt() == Some(settle.attempt))
            && let Exchanged::Granted(fresh) = &settle.outcome
        {
            let token = fresh.refresh.clone().unwrap_or_else(|| fresh.access.clone());
            step.effects = vec![Effect::Revoke { provider: settle.provider.clone(), token }];
        }
        step
    }
}

fn entries(state: &State) -> impl Iterator<Item = &Custody> {
    let entries = state.providers.values().flat_map(|slot| &slot.entries);
    entries.filter_map(|entry| entry.grant().map(|grant| &grant.custody))
}
