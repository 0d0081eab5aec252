//! A refresh token that is presented first; the claim is written together with what came of it.

use credlatch_core::Event;
use credlatch_core::engine::{Rotation, TransactError, RotationRequest};
use credlatch_core::machine::Act;
use credlatch_core::port::{Alive, Issuer, Nonces, Store};
use credlatch_core::rotation::{ClaimRotation, Settle};

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// Nothing is durable before the act.
#[derive(Debug)]
pub(super) struct ActBeforeClaim;

impl<S: Sim> Conduct<S> for ActBeforeClaim {
    fn rotate(&self, process: &Process<S>, request: &RotationRequest) -> Result<Rotation, TransactError> {
        let RotationRequest { provider, label, version, cause, times } = request.clone();
        let engine = &process.engine;
        let snapshot = engine.snapshot()?;
        let entry = snapshot.state.entry(provider.as_str(), label.as_str()).filter(|entry| entry.version == version);
        let Some(refresh) = entry.and_then(|entry| entry.grant()?.refresh.clone()) else { return Ok(Rotation::Gone) };
        let alive = engine.store().enlist()?;
        let act = Act { attempt: engine.nonces().nonce(), actor: alive.actor().clone() };
        let attempt = act.attempt;
        alive.note(attempt)?;
        let outcome = process.issuer.refresh(&provider, &refresh, &[]);
        let (provider_of, watched) = (provider.clone(), None);
        let claim =
            ClaimRotation { provider: provider_of, label: label.clone(), version, cause, act, times, reach: None, watched };
        let settle = Settle { provider, label, attempt, outcome };
        engine.transact(&[Event::ClaimRotation(claim), Event::Settle(settle)])?;
        Ok(Rotation::Gone)
    }
}
