//! hermes-webui 3972: look whether a login is in progress, ask for a code, then write it down.

use credlatch_core::Event;
use credlatch_core::engine::{Login, TransactError};
use credlatch_core::flow::{FlowKind, Start};
use credlatch_core::machine::Act;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::{Alive, Issuer, Nonces, Store};

use crate::conduct::{Conduct, Process};
use crate::world::ports::SimPorts;
use crate::world::sim::Sim;

/// The code is requested between the look and the reservation.
#[derive(Debug)]
pub(super) struct CheckThenAct;

impl<S: Sim> Conduct<S> for CheckThenAct {
    fn login(
        &self,
        process: &Process<S>,
        provider: &ProviderId,
        label: &Label,
    ) -> Result<Login<SimPorts<S>>, TransactError> {
        let engine = &process.engine;
        let live = engine.read(|seen| Some(seen.state.slot(provider.as_str())?.flow.as_ref()?.id))?;
        if let Some(flow) = live {
            return Ok(Login { flow, poller: None, started: false });
        }
        process.issuer.prompt(provider, FlowKind::Device);
        let alive = engine.store().enlist()?;
        let act = Act { attempt: engine.nonces().nonce(), actor: alive.actor().clone() };
        let flow = engine.nonces().nonce();
        let start = Start { provider: provider.clone(), label: label.clone(), flow, kind: FlowKind::Device, act };
        engine.transact(&[Event::StartFlow(start)])?;
        Ok(Login { flow, poller: None, started: true })
    }
}
