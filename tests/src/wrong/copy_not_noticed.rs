//! A store that takes whatever lies in its place for its own: copies, restores and roll-backs hold tokens that were spent.

use credlatch_core::shared::MarkShared;

use crate::conduct::Conduct;
use crate::world::sim::Sim;

/// Nothing that tells of a copy is marked.
#[derive(Debug)]
pub(super) struct CopyNotNoticed;

impl<S: Sim> Conduct<S> for CopyNotNoticed {
    fn shared(&self, _: Option<MarkShared>) -> Option<MarkShared> {
        None
    }
}
