//! An answer whose end is missing, because its actor died while it wrote, taken for a whole one.

use credlatch_core::port::Left;
use credlatch_core::state::Claim;

use crate::conduct::Conduct;
use crate::world::signs::{Signs, Trail};
use crate::world::sim::Sim;

/// It settles whatever can be read.
#[derive(Debug)]
pub(super) struct TrustsATornAnswer;

impl<S: Sim> Conduct<S> for TrustsATornAnswer {
    fn left(&self, _: &Signs<S>, mut trail: Trail, claim: &Claim) -> Left {
        if let Some(written) = &mut trail.answer {
            written.is_whole = true;
        }
        trail.left(claim)
    }
}
