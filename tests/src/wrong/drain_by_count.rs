//! A drain that counts holders, though a reader holds what it loaded before it is counted.

use credlatch_core::engine::Cleared;
use credlatch_core::law::Fact;

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// Nobody is registered before it has what it came for.
#[derive(Debug)]
pub(super) struct DrainByCount;

impl<S: Sim> Conduct<S> for DrainByCount {
    fn drain(&self, process: &Process<S>, _: &Cleared) -> bool {
        process.world.recorder.look(|facts| {
            let held = |fact: &Fact| match fact {
                Fact::Held { holds, .. } => {
                    if *holds {
                        1
                    } else {
                        -1
                    }
                }
                _ => 0_i32,
            };
            facts.iter().map(held).sum::<i32>() == 0
        })
    }
}
