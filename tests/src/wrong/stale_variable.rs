//! astral-sh/uv: the token is read again under the lock, and the one that was read before is presented.

use credlatch_core::Event;
use credlatch_core::engine::{Rotation, TransactError, RotationRequest};
use credlatch_core::machine::{Act, Verdict};
use credlatch_core::port::{Alive, Issuer, Nonces, Store};
use credlatch_core::rotation::{ClaimRotation, Settle};

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// The claim is right and the bytes are old.
#[derive(Debug)]
pub(super) struct StaleVariable;

impl<S: Sim> Conduct<S> for StaleVariable {
    fn rotate(&self, process: &Process<S>, request: &RotationRequest) -> Result<Rotation, TransactError> {
        let RotationRequest { provider, label, cause, times, .. } = request.clone();
        let engine = &process.engine;
        let before = engine.snapshot()?;
        let entry = before.state.entry(provider.as_str(), label.as_str());
        let Some(stale) = entry.and_then(|entry| entry.grant()?.refresh.clone()) else { return Ok(Rotation::Gone) };
        let alive = engine.store().enlist()?;
        let act = Act { attempt: engine.nonces().nonce(), actor: alive.actor().clone() };
        let attempt = act.attempt;
        let again = engine.snapshot()?;
        let Some(version) = again.live(provider.as_str(), label.as_str()).map(|live| live.version) else {
            return Ok(Rotation::Gone);
        };
        let (provider_of, watched) = (provider.clone(), None);
        let claim =
            ClaimRotation { provider: provider_of, label: label.clone(), version, cause, act, times, reach: None, watched };
        if *engine.transact(&[Event::ClaimRotation(claim)])?.verdict() == Verdict::Done {
            alive.note(attempt)?;
            let outcome = process.issuer.refresh(&provider, &stale, &[]);
            engine.transact(&[Event::Settle(Settle { provider, label, attempt, outcome })])?;
        }
        Ok(Rotation::Gone)
    }
}
