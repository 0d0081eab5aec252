//! hermes-webui 1736: a clear that takes one entry after the other.

use credlatch_core::clear::Clear;
use credlatch_core::engine::{Cleared, TransactError};

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// Each entry of a provider is removed by itself.
#[derive(Debug)]
pub(super) struct TwoPops;

impl<S: Sim> Conduct<S> for TwoPops {
    fn clear(&self, process: &Process<S>, clear: Clear) -> Result<Cleared, TransactError> {
        if let Clear::Provider(provider) = &clear {
            let snapshot = process.engine.snapshot()?;
            for live in snapshot.pool(provider.as_str()).iter().skip(1) {
                process.engine.remove(provider.clone(), live.label.clone())?;
            }
        }
        process.engine.clear(clear)
    }
}
