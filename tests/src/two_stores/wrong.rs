//! Movers with a mistake: each breaks law 19, or the harness is worth nothing.

use credlatch_core::custody::Nonce;
use credlatch_core::moving::{Next, Route, Stage, next};
use credlatch_core::state::State;

use super::LAW;
use super::part::{Cast, Person};
use super::world::Decide;

/// One of them.
#[derive(Clone, Copy)]
pub struct WrongMover {
    /// Its name.
    pub name: &'static str,
    /// Where the mistake was made, or would be.
    pub report: &'static str,
    /// The law that it breaks.
    pub law: u8,
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
        law: LAW,
        cast: ALONE,
        decide: copies_first,
        adopting_waits: true,
    },
    WrongMover {
        name: "lets_go_first",
        report: "design: moving",
        law: LAW,
        cast: ALONE,
        decide: lets_go_first,
        adopting_waits: true,
    },
    WrongMover {
        name: "activates_what_was_taken_back",
        report: "design: an older version beside a move",
        law: LAW,
        cast: BACK_AS_BEFORE,
        decide: activates_what_was_taken_back,
        adopting_waits: true,
    },
    WrongMover {
        name: "adopts_beside_a_mover",
        report: "design: moving",
        law: LAW,
        cast: BACK,
        decide: next,
        adopting_waits: false,
    },
    WrongMover {
        name: "sends_it_anew",
        report: "design: a target that moved on, or isn't mounted",
        law: LAW,
        cast: Cast { person: Some(Person::LosesTarget), ..ALONE },
        decide: sends_it_anew,
        adopting_waits: true,
    },
    WrongMover {
        name: "minds_no_copy",
        report: "design: a target that is restored in the middle of a move",
        law: 4,
        cast: Cast { rotates: [false, true], person: Some(Person::BringsTargetBack) },
        decide: minds_no_copy,
        adopting_waits: true,
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

/// Nothing is handed over, so that whatever stands at the target's address gets what an earlier one may be using.
fn sends_it_anew(source: &State, target: &State, route: Route<'_>) -> Next {
    match next(source, target, route) {
        Next::HandOver(id) => Next::Activate(id),
        other => other,
    }
}

/// A store that was copied or rolled back goes on as if nothing had happened.
fn minds_no_copy(source: &State, target: &State, route: Route<'_>) -> Next {
    let unminded = |state: &State| {
        let mut state = state.clone();
        if let Some(moving) = &mut state.moving {
            moving.shared = None;
        }
        state
    };
    next(&unminded(source), &unminded(target), route)
}
