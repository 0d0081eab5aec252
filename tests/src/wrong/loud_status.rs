//! A status that prints what it should only name.

use credlatch_core::state::State;
use credlatch_core::time::Stamp;

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// The stored form goes to the terminal.
#[derive(Debug)]
pub(super) struct LoudStatus;

impl<S: Sim> Conduct<S> for LoudStatus {
    fn print(&self, state: &State, _: &Stamp) -> Vec<String> {
        vec![serde_json::to_string(state).unwrap_or_default()]
    }
}
