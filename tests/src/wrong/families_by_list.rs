//! credlatch: a table of names. A switch that a tool got with its last release is in no table, and passes.

use credlatch_core::scrub::{PlanError, Wanted};

use crate::conduct::{Conduct, Process, Right};
use crate::world::child::inherited;
use crate::world::sim::Sim;

/// What no row names passes.
#[derive(Debug)]
pub(super) struct FamiliesByList;

impl<S: Sim> Conduct<S> for FamiliesByList {
    fn plan(&self, process: &Process<S>, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, PlanError> {
        let planned = Right.plan(process, wanted)?;
        let kept = inherited().into_iter().filter(|(name, _)| name == "CLAUDE_CODE_USE_WHAT_COMES_NEXT" || name == "ANTHROPIC_PROFILE");
        let kept = kept.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Ok(kept.chain(planned).collect())
    }
}
