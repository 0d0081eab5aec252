//! credlatch: names decide. A key under a name that nobody knows passes.

use credlatch_core::scrub::{PlanError, Wanted};

use crate::conduct::{Conduct, Process, Right};
use crate::world::child::inherited;
use crate::world::sim::Sim;

/// What a variable holds is not looked at.
#[derive(Debug)]
pub(super) struct ValuesUnseen;

impl<S: Sim> Conduct<S> for ValuesUnseen {
    fn plan(&self, process: &Process<S>, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, PlanError> {
        let planned = Right.plan(process, wanted)?;
        let unseen = ["NOTES", "GATEWAY", "QUOTED", "SOCKET", "BASIC", "OLD"];
        let kept = inherited().into_iter().filter(|(name, _)| unseen.iter().any(|own| name == own));
        let kept = kept.map(|(name, value)| (name.to_string_lossy().into_owned(), value.to_string_lossy().into_owned()));
        Ok(kept.chain(planned).collect())
    }
}
