//! A pool that hands out its first entry, though it was benched a moment ago.

use std::sync::Arc;

use credlatch_core::engine::{NoToken, Chosen};
use credlatch_core::name::ProviderId;

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// Rest is not looked at.
#[derive(Debug)]
pub(super) struct FirstAnyway;

impl<S: Sim> Conduct<S> for FirstAnyway {
    fn current(&self, process: &Process<S>, provider: &ProviderId) -> Result<Chosen, NoToken> {
        process.engine.read(|snapshot| {
            let first = snapshot.pool(provider.as_str()).first().ok_or(NoToken::Empty)?;
            Ok(Chosen { live: Arc::clone(first), generation: snapshot.state.generation, at: None, turn: 0 })
        })?
    }
}
