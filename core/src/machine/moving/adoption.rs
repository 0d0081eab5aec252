//! How a store whose move was cut off comes to be used again, because a person wants that: at no time may the other one use it too.
//!
//! What was not handed over was never used in the target, so the source is taken back, and who hands it over comes too late. What was
//! handed over is used in the target or forgotten there, and the target alone decides which comes first. A copy of either store
//! tells what was so once, and neither it nor its original hangs on it.

use super::plan::is_taken_back;
use super::{MoveStep, Resume};
use crate::state::moving::{Moving, Stage};
use crate::state::{Actor, Entry, Grant, State};

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Adoption {
    /// This step, in the other store.
    There(MoveStep),
    /// This step, here.
    Here(MoveStep),
    /// This step, here, and from then on it is used.
    Last(MoveStep),
    /// Here it isn't used, because of what the other store says.
    Refused(Answer),
}

/// Why a store isn't used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The other one uses it, or has moved it on.
    Used,
    /// The other one can't say, or one of the two is a copy, which tells what was so once.
    Unknown,
    /// The other one can't be read.
    Unread,
}

/// What comes next for this actor, which has waited until nobody moves any more; none if this store waits for no move. The other
/// store is none if it can't be read.
pub fn adoption(here: &State, there: Option<&State>, actor: &Actor) -> Option<Adoption> {
    let moving = here.moving.as_ref().filter(|moving| moving.stage.is_frozen())?;
    let word = there.and_then(|there| there.moving.as_ref()).filter(|word| word.id == moving.id);
    let is_copy = word.is_some_and(|word| word.shared.is_some());
    if there.is_some_and(|there| !is_copy && uses(here, moving, there, word)) {
        return Some(Adoption::Refused(Answer::Used));
    }
    if moving.shared.is_some() {
        return Some(Adoption::Refused(Answer::Unknown));
    }
    if moving.stage == Stage::SetAside {
        return Some(taken_back(moving, actor));
    }
    let Some(Moving { stage, shared: None, .. }) = word else {
        return Some(Adoption::Refused(if there.is_some() { Answer::Unknown } else { Answer::Unread }));
    };
    Some(match (moving.stage, stage) {
        // Whoever goes on with the move meanwhile would send it again.
        (Stage::HandedOver, Stage::Arrived | Stage::Withdrawn) if moving.actor.as_ref() != Some(actor) => {
            taken_back(moving, actor)
        }
        (Stage::HandedOver, Stage::Arrived) => Adoption::There(MoveStep::Withdraw(moving.id)),
        (Stage::HandedOver, Stage::Withdrawn) => taken_back(moving, actor),
        (Stage::Arrived, Stage::SetAside) => Adoption::There(MoveStep::HandOver(moving.id)),
        // A source that is gone was cleared: what lets go has seen this one in use.
        (Stage::Arrived, Stage::HandedOver | Stage::Gone) => Adoption::Last(MoveStep::Activate(moving.id)),
        _ => Adoption::Refused(Answer::Unknown),
    })
}

/// The source is used again, by who goes on in the place of who moved it.
fn taken_back(moving: &Moving, actor: &Actor) -> Adoption {
    if moving.actor.as_ref() == Some(actor) {
        Adoption::Last(MoveStep::Adopt(moving.id, moving.stage, actor.clone()))
    } else {
        Adoption::Here(MoveStep::Resume(Resume::of(moving, actor)))
    }
}

/// Whether the other store uses what was moved.
fn uses(here: &State, moving: &Moving, there: &State, word: Option<&Moving>) -> bool {
    match (moving.stage, word.map(|word| word.stage)) {
        (Stage::SetAside | Stage::HandedOver, Some(Stage::Active | Stage::Done)) => true,
        // A program that knows no moves was told that it lives on there.
        (Stage::SetAside | Stage::HandedOver, Some(Stage::Arrived)) => {
            grants(there).any(|grant| grant.refresh.is_some() && grant.shared.is_none())
        }
        (Stage::Arrived, Some(Stage::SetAside | Stage::HandedOver)) => {
            word.is_some_and(|word| is_taken_back(there, word))
        }
        // What came from there is used there again. A login that is in the target says nothing of this one.
        (Stage::Arrived, None) => uses_the_same(here, there),
        _ => false,
    }
}

fn grants(state: &State) -> impl Iterator<Item = &Grant> {
    state.grants()
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
