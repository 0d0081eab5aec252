//! molecule 81: an inherited Claude token goes on to the child of another provider, and wins there.

use crate::conduct::{Conduct, Process, is_credential};
use crate::world::sim::Sim;

/// One variable is forgotten.
#[derive(Debug)]
pub(super) struct InheritedToken;

impl<S: Sim> Conduct<S> for InheritedToken {
    fn plan(
        &self,
        _: &Process<S>,
        inherited: &[(String, String)],
        own: &(String, String),
    ) -> Vec<(String, String)> {
        let kept = |(name, _): &&(String, String)| !is_credential(name) || name == "CLAUDE_CODE_OAUTH_TOKEN";
        inherited.iter().filter(kept).cloned().chain([own.clone()]).collect()
    }
}
