//! That a request leaves, noted when it has left: whoever dies between the two is believed to have sent nothing.

use credlatch_core::Event;
use credlatch_core::engine::{Rotation, TransactError, RotationRequest};
use credlatch_core::machine::{Act, Effect, Verdict};
use credlatch_core::port::{Alive, Issuer, Nonces, Store};
use credlatch_core::rotation::{ClaimRotation, Settle};

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// It notes what it did, and not what it is about to do.
#[derive(Debug)]
pub(super) struct NoteAfterSend;

impl<S: Sim> Conduct<S> for NoteAfterSend {
    fn rotate(&self, process: &Process<S>, request: &RotationRequest) -> Result<Rotation, TransactError> {
        let RotationRequest { provider, label, version, cause, times } = request.clone();
        let engine = &process.engine;
        let alive = engine.store().enlist()?;
        let act = Act { attempt: engine.nonces().nonce(), actor: alive.actor().clone() };
        let attempt = act.attempt;
        let (provider_of, watched) = (provider.clone(), None);
        let claim =
            ClaimRotation { provider: provider_of, label: label.clone(), version, cause, act, times, reach: None, watched };
        let claimed = engine.transact(&[Event::ClaimRotation(claim)])?;
        let refresh = claimed.effects.iter().find_map(|effect| match effect {
            Effect::Refresh { refresh, attempt: of, .. } if *of == attempt => Some(refresh.clone()),
            _ => None,
        });
        if let (Verdict::Done, Some(refresh)) = (claimed.verdict(), refresh) {
            let outcome = process.issuer.refresh(&provider, &refresh, &[]);
            alive.note(attempt)?;
            engine.transact(&[Event::Settle(Settle { provider, label, attempt, outcome })])?;
        }
        Ok(Rotation::Gone)
    }
}
