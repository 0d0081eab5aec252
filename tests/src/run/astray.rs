//! Plays at random, to hold situations to what they promise: whoever makes a move in a situation that is equal to one in which it was
//! made before comes to the same situation by it, and the same is told.

use std::collections::HashMap;
use std::sync::Arc;

use credlatch_core::law::{Fact, Reader, Who};
use credlatch_core::state::State;

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
    /// How often somebody saw, or came to a place where it may see, what it was not to see any more.
    pub unforeseen: usize,
}

/// How many of these facts tell that somebody saw what it couldn't by what was told of it `before`, and how many may see `after` them what
/// they couldn't. What was shown meanwhile anybody can see.
fn unforeseen(facts: &[Fact], before: Option<&[Reader]>, after: Option<&[Reader]>) -> usize {
    let Some(before) = before else { return 0 };
    let shown =
        |state: &Arc<State>| facts.iter().any(|fact| matches!(fact, Fact::Shown { state: one, .. } if one == state));
    let could = |who: Who, state: &Arc<State>| {
        let seen = before.iter().find(|reader| reader.who == who).map(|reader| reader.may_see.contains(state));
        seen.unwrap_or(false) || shown(state) || state.generation == 0
    };
    let saw = facts.iter().filter(|fact| matches!(fact, Fact::ReadEnded { who, saw } if !could(*who, saw))).count();
    let comes = |reader: &&Reader| reader.may_see.iter().any(|state| !could(reader.who, state));
    saw + after.unwrap_or_default().iter().filter(comes).count()
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
            let (before, facts, readers) = (staged.situation(), staged.told(), staged.readers());
            staged.make(Move { who, dies });
            // A breach is somebody else's to find.
            let _ = staged.judge();
            let after = (staged.situation(), staged.told_since(facts));
            strolls.unforeseen +=
                staged.look_since(facts, |facts| unforeseen(facts, readers.as_deref(), staged.readers().as_deref()));
            moves += 1;
            if let Some(other) = known.insert((before, who, dies), after) {
                strolls.again += 1;
                strolls.astray += usize::from(other != after);
            }
        }
    }
    strolls
}
