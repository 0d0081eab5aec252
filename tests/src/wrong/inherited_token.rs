//! molecule 81: an inherited Claude token goes on to the child of another provider, and wins there.

use credlatch_core::scrub::{PlanError, Wanted};

use crate::conduct::{Conduct, Process, Right};
use crate::world::child::inherited;
use crate::world::sim::Sim;

/// One variable is forgotten.
#[derive(Debug)]
pub(super) struct InheritedToken;

impl<S: Sim> Conduct<S> for InheritedToken {
    fn plan(&self, process: &Process<S>, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, PlanError> {
        let planned = Right.plan(process, wanted)?;
        let kept = inherited().into_iter().filter(|(name, _)| name == "CLAUDE_CODE_OAUTH_TOKEN");
        let kept = kept.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Ok(kept.chain(planned).collect())
    }
}
