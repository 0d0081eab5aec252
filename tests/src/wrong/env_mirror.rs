//! hermes-webui 3961: a profile's credentials travel through the environment of the process, which all share.

use std::sync::PoisonError;

use crate::conduct::{Conduct, Process, is_credential};
use crate::world::sim::Sim;

/// What one mirrored, the next one's child gets.
#[derive(Debug)]
pub(super) struct EnvMirror;

impl<S: Sim> Conduct<S> for EnvMirror {
    fn plan(
        &self,
        process: &Process<S>,
        inherited: &[(String, String)],
        own: &(String, String),
    ) -> Vec<(String, String)> {
        let mut environment = process.world.environment.lock().unwrap_or_else(PoisonError::into_inner);
        environment.extend(inherited.iter().filter(|(name, _)| !is_credential(name)).cloned());
        environment.insert(own.0.clone(), own.1.clone());
        environment.clone().into_iter().collect()
    }
}
