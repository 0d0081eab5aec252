//! hermes-webui 3961: a profile's credentials travel through the environment of the process, which all share.

use std::sync::PoisonError;

use credlatch_core::scrub::{PlanError, Wanted};

use crate::conduct::{Conduct, Process, Right};
use crate::world::sim::Sim;

/// What one mirrored, the next one's child gets.
#[derive(Debug)]
pub(super) struct EnvMirror;

impl<S: Sim> Conduct<S> for EnvMirror {
    fn plan(&self, process: &Process<S>, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, PlanError> {
        let planned = Right.plan(process, wanted)?;
        let mut environment = process.world.environment.lock().unwrap_or_else(PoisonError::into_inner);
        environment.extend(planned);
        Ok(environment.clone().into_iter().collect())
    }
}
