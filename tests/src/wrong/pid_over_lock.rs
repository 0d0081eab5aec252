//! An actor whose pid the process table doesn't list counts as dead although its lock is held.

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// In a pid namespace of its own it takes everybody for dead.
#[derive(Debug)]
pub(super) struct PidOverLock;

impl<S: Sim> Conduct<S> for PidOverLock {
    fn is_alive(&self, has_sign: bool, is_listed: bool) -> bool {
        has_sign && is_listed
    }
}
