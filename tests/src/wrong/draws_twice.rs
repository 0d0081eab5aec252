//! A pool that is used in turn, and drawn once to look and once more to renew: the spent entry is never the second.

use credlatch_core::engine::{NoToken, Chosen};
use credlatch_core::name::ProviderId;
use credlatch_core::pool::Choice;
use credlatch_core::state::Freshness;

use crate::conduct::{Conduct, Process};
use crate::run::stage::times;
use crate::world::sim::Sim;

/// What was chosen is forgotten when it turns out to be spent.
#[derive(Debug)]
pub(super) struct DrawsTwice;

impl<S: Sim> Conduct<S> for DrawsTwice {
    fn token(&self, process: &Process<S>, provider: &ProviderId) -> Result<Chosen, NoToken> {
        let (engine, choice) = (&process.engine, Choice::default());
        let chosen = engine.current(provider.as_str(), &choice)?;
        if engine.freshness(&chosen, times())? == Freshness::Good {
            return Ok(chosen);
        }
        engine.token(&process.issuer, provider, &choice, times(), 30_000)
    }
}
