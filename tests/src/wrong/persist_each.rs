//! hermes-agent 8040: a pass over a pool that writes the file once for each entry.

use credlatch_core::Event;
use credlatch_core::engine::TransactError;

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// Every entry is a commit of its own.
#[derive(Debug)]
pub(super) struct PersistEach;

impl<S: Sim> Conduct<S> for PersistEach {
    fn import(&self, process: &Process<S>, puts: &[Event]) -> Result<(), TransactError> {
        for put in puts {
            process.engine.transact(std::slice::from_ref(put))?;
        }
        Ok(())
    }
}
