//! An answer that lies beside another act's sign of life, settled as the one that is waited for.

use credlatch_core::port::{Answer, Left};
use credlatch_core::state::Claim;

use crate::conduct::Conduct;
use crate::world::signs::{Signs, Trail};
use crate::world::sim::Sim;

/// It doesn't ask to which attempt an answer was given.
#[derive(Debug)]
pub(super) struct AnswerOfAnotherClaim;

impl<S: Sim> Conduct<S> for AnswerOfAnotherClaim {
    fn left(&self, signs: &Signs<S>, trail: Trail, claim: &Claim) -> Left {
        match trail.left(claim) {
            Left::Answer(answer) => Left::Answer(answer),
            right => match signs.any_other_answer(claim.actor.name) {
                Some(written) => Left::Answer(Box::new(Answer { attempt: claim.attempt, ..written.answer })),
                None => right,
            },
        }
    }
}
