//! Plays at random, to hold situations to what they promise: whoever makes a move in a situation that is equal to one in which it was
//! made before comes to the same situation by it, and the same is told.

use std::collections::HashMap;

use super::situations::{Explorer, Subject};
use super::staged::Move;
use crate::conduct::Conduct;
use crate::scenario::Scenario;
use crate::world::digest::digest;
use crate::world::scripted::Scripted;

/// What random plays came by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Strolls {
    /// How many moves were made again, in a situation in which they had been made on another way.
    pub again: usize,
    /// How many of them led elsewhere, or something else was told: then a situation isn't all that the future hangs on.
    pub astray: usize,
}

/// Plays so often at random, which is the same each time. One of the dying dies in about every second play.
pub fn stroll(explorer: Explorer, scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>, plays: u32) -> Strolls {
    let mut subject = Subject::new(explorer, scenario, conduct);
    let (mut known, mut strolls) = (HashMap::new(), Strolls::default());
    for play in 0..plays {
        let mut drawn = digest(("stroll", play));
        let mut below = |end: usize| {
            drawn = digest(drawn);
            usize::try_from(drawn % end.max(1) as u128).unwrap_or(0)
        };
        let dies_after = explorer.dying.map(|who| (who, below(60)));
        let (mut staged, mut moves) = (subject.stage(), 0);
        loop {
            let choices = staged.choices();
            if choices.is_empty() {
                staged.rest();
                break;
            }
            let who = choices[below(choices.len())];
            let dies = u8::from(dies_after.is_some_and(|(dying, after)| dying == who && moves >= after));
            let (before, facts) = (staged.situation(), staged.told());
            staged.make(Move { who, dies });
            // A breach is somebody else's to find.
            let _ = staged.judge();
            let after = (staged.situation(), staged.told_since(facts));
            moves += 1;
            if let Some(other) = known.insert((before, who, dies), after) {
                strolls.again += 1;
                strolls.astray += usize::from(other != after);
            }
        }
    }
    strolls
}
