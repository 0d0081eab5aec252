//! A group commit that hands its verdicts out in the order in which its members woke, and not in the order of their events.

use credlatch_core::Verdict;
use credlatch_core::engine::TransactError;
use credlatch_core::put::Put;

use super::own_group;
use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// The first is told what the last is to be told.
#[derive(Debug)]
pub(super) struct MixesVerdicts;

impl<S: Sim> Conduct<S> for MixesVerdicts {
    fn put(&self, process: &Process<S>, put: Put) -> Result<Verdict, TransactError> {
        own_group::put(process, put, <[Verdict]>::reverse)
    }
}
