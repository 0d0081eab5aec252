//! A group commit in which one that is refused fails all who share it, though what they stored stays.

use credlatch_core::Verdict;
use credlatch_core::engine::TransactError;
use credlatch_core::put::Put;

use super::own_group;
use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// All are told the first refusal.
#[derive(Debug)]
pub(super) struct OneFailsAll;

impl<S: Sim> Conduct<S> for OneFailsAll {
    fn put(&self, process: &Process<S>, put: Put) -> Result<Verdict, TransactError> {
        own_group::put(process, put, |verdicts| {
            if let Some(refusal) = verdicts.iter().find(|verdict| matches!(verdict, Verdict::Refused(_))).cloned() {
                verdicts.fill(refusal);
            }
        })
    }
}
