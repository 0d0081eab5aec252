//! Movers with a mistake: each breaks law 19, or the harness is worth nothing.

use credlatch_core::custody::Nonce;
use credlatch_core::moving::{Next, Route, Stage, next};
use credlatch_core::state::State;

use super::part::{Cast, Person};
use super::world::Decide;

/// One of them.
#[derive(Clone, Copy)]
pub struct WrongMover {
    /// Its name.
    pub name: &'static str,
    /// Where the mistake was made, or would be.
    pub report: &'static str,
    /// Among whom it shows.
    pub cast: Cast,
    /// How it decides.
    pub decide: Decide,
    /// Whether who adopts waits until nobody moves any more.
    pub adopting_waits: bool,
}

const ALONE: Cast = Cast { rotates: [false, false], person: None };
const BACK: Cast = Cast { person: Some(Person::AdoptsSource), ..ALONE };
const BACK_AS_BEFORE: Cast = Cast { person: Some(Person::AdoptsSourceAsBefore), ..ALONE };

/// All of them.
pub const WRONG: &[WrongMover] = &[
    WrongMover {
        name: "copies_first",
        report: "sqlite, keyring and dotfile migrations: copy, then delete",
        cast: ALONE,
        decide: copies_first,
        adopting_waits: true,
    },
    WrongMover {
        name: "lets_go_first",
        report: "design: moving",
        cast: ALONE,
        decide: lets_go_first,
        adopting_waits: true,
    },
    WrongMover {
        name: "activates_what_was_taken_back",
        report: "design: an older version beside a move",
        cast: BACK_AS_BEFORE,
        decide: activates_what_was_taken_back,
        adopting_waits: true,
    },
    WrongMover {
        name: "adopts_beside_a_mover",
        report: "design: moving",
        cast: BACK,
        decide: next,
        adopting_waits: false,
    },
];

/// Nothing is set aside: the source goes on as if nothing were.
fn copies_first(source: &State, target: &State, route: Route<'_>) -> Next {
    match target.moving.as_ref().map(|there| (there.id, there.stage)) {
        None if source.moving.is_none() => Next::Receive(Nonce(77)),
        Some((id, Stage::Arrived)) => Next::Activate(id),
        _ => next(source, target, route),
    }
}

/// The source forgets before the target has anything.
fn lets_go_first(source: &State, target: &State, route: Route<'_>) -> Next {
    match next(source, target, route) {
        Next::Receive(id) => Next::LetGo(id),
        other => other,
    }
}

/// What a program that knows no moves took back is activated all the same.
fn activates_what_was_taken_back(source: &State, target: &State, route: Route<'_>) -> Next {
    match next(source, target, route) {
        Next::Withdraw(id) => Next::Activate(id),
        other => other,
    }
}
