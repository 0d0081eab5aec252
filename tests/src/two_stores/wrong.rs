//! Movers with a mistake: each breaks law 19, or the harness is worth nothing.

use credlatch_core::custody::Nonce;
use credlatch_core::moving::{Next, Route, Stage, next};
use credlatch_core::state::State;

use super::LAW;
use super::adopter::Adopting;
use super::cast::{Cast, Person};
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
    /// How who adopts decides.
    pub adopting: Adopting,
}

const BACK_AS_BEFORE: Cast = Cast { person: Some(Person::AdoptsSourceAsBefore), ..Cast::MOVERS };

/// All of them.
pub const WRONG: &[WrongMover] = &[
    WrongMover {
        name: "copies_first",
        report: "sqlite, keyring and dotfile migrations: copy, then delete",
        law: LAW,
        cast: Cast::MOVERS,
        decide: copies_first,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "lets_go_first",
        report: "design: moving",
        law: LAW,
        cast: Cast::MOVERS,
        decide: lets_go_first,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "activates_what_was_taken_back",
        report: "design: an older version beside a move",
        law: LAW,
        cast: BACK_AS_BEFORE,
        decide: activates_what_was_taken_back,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "sends_it_anew",
        report: "design: a target that moved on, or isn't mounted",
        law: LAW,
        cast: Cast { person: Some(Person::LosesTarget), ..Cast::MOVERS },
        decide: sends_it_anew,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "sends_twice_by_one_name",
        report: "design: a target that is away for a while, and had forgotten what was handed over",
        law: LAW,
        cast: Cast { adopts: [true, false, false], person: Some(Person::LosesTargetForAWhile), ..Cast::MOVERS },
        decide: sends_twice_by_one_name,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "minds_no_copy",
        report: "design: a target that is restored in the middle of a move",
        law: 4,
        cast: Cast { rotates: [false, true], person: Some(Person::BringsTargetBack), ..Cast::MOVERS },
        decide: minds_no_copy,
        adopting: Adopting::Right,
    },
    WrongMover {
        name: "asks_and_takes",
        report: "design: two people who adopt at one time",
        law: LAW,
        cast: Cast { movers: 1, adopts: [true, true, false], ..Cast::MOVERS },
        decide: next,
        adopting: Adopting::AsksAndTakes,
    },
    WrongMover {
        name: "adopts_a_copy",
        report: "design: a copy of the target, after the move went through",
        law: LAW,
        cast: Cast { movers: 1, adopts: [false, false, true], person: Some(Person::CopiesTarget), ..Cast::MOVERS },
        decide: next,
        adopting: Adopting::MindsNoCopy,
    },
    WrongMover {
        name: "withdraws_by_address",
        report: "design: another store at the source's address",
        law: LAW,
        cast: Cast { movers: 1, person: Some(Person::ReplacesSource), ..Cast::MOVERS },
        decide: withdraws_by_address,
        adopting: Adopting::Right,
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

/// What was handed over, and forgotten in the target, is sent again as it was.
fn sends_twice_by_one_name(source: &State, target: &State, route: Route<'_>) -> Next {
    match next(source, target, route) {
        Next::Recall(id) => Next::Receive(id),
        other => other,
    }
}

/// Whatever arrived from the source's address is forgotten where the source is used.
fn withdraws_by_address(source: &State, target: &State, route: Route<'_>) -> Next {
    let left = target.moving.as_ref().filter(|there| there.stage == Stage::Arrived && there.other == route.from);
    match left.filter(|_| source.moving.is_none()) {
        Some(there) => Next::Withdraw(there.id),
        None => next(source, target, route),
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
