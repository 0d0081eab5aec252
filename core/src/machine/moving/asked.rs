//! Whether a store whose move was cut off may be used again, as the other store answers.

use crate::state::moving::{Moving, Stage};
use crate::state::{Entry, State};

/// What the other store says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It doesn't use what was moved.
    Unused,
    /// It uses it, or has moved it on.
    Used,
    /// It can't say: it knows nothing of this move, or is a copy, which tells what was so once.
    Unknown,
}

/// What the other store says to the one that wants to be used again; none if that waits for no move. The mover has ended.
pub fn asked(here: &State, there: &State) -> Option<Answer> {
    let moving = here.moving.as_ref().filter(|moving| moving.stage.is_frozen())?;
    Some(match &there.moving {
        Some(Moving { shared: Some(_), .. }) => Answer::Unknown,
        Some(word) if word.id == moving.id => match word.stage {
            Stage::Active | Stage::Done => Answer::Used,
            // A source that is gone was cleared, or this target is a backup: nobody else has it.
            Stage::SetAside | Stage::HandedOver | Stage::Gone | Stage::Arrived | Stage::Withdrawn => Answer::Unused,
        },
        // What came from there is used there again. A login that is in the target says nothing of this one.
        _ if moving.stage == Stage::Arrived && uses_the_same(here, there) => Answer::Used,
        _ => Answer::Unknown,
    })
}

/// Whether the other store has a login of its own where there is one here.
fn uses_the_same(here: &State, there: &State) -> bool {
    here.providers.iter().any(|(provider, slot)| {
        let is_used = |entry: &Entry| {
            let other = there.entry(provider.as_str(), entry.label.as_str()).and_then(Entry::grant);
            entry.grant().is_some() && other.is_some_and(|grant| grant.shared.is_none())
        };
        slot.entries.iter().any(is_used)
    })
}
