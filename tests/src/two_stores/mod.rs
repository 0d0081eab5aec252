//! A login that moves from one store to another, in every order of all who may be at work there meanwhile: movers that die,
//! rotations in both stores, and a person who clears, stores or takes back.
//!
//! What each step decides is the core's own ([`moving`](credlatch_core::moving)), and what it changes is the machine's. A store
//! here is a state that is replaced as a whole; that stores are, their own harnesses show.

mod adopter;
mod cast;
mod explore;
mod given;
mod part;
mod person;
mod rotation;
mod world;
mod wrong;

pub use adopter::Adopting;
pub use cast::{Cast, Person};
pub use explore::{Explored, explore};
pub use world::Decide;
pub use wrong::{WRONG, WrongMover};

/// The law that this is about.
pub const LAW: u8 = 19;

/// Each person beside a rotation in one of the stores, and nobody beside one in both.
pub fn casts() -> Vec<Cast> {
    let beside =
        |rotates| Person::ALL.iter().map(move |person| Cast { rotates, person: Some(*person), ..Cast::MOVERS });
    let none = Cast { rotates: [true, true], ..Cast::MOVERS };
    // A target that comes back multiplies the situations; that somebody presents is tried at each end anyway.
    let is_twice = |person: Person| person == Person::LosesTargetForAWhile;
    let behind_backs = Person::BEHIND_BACKS.iter().map(|person| Cast {
        rotates: [false, !is_twice(*person)],
        person: Some(*person),
        ..Cast::MOVERS
    });
    let in_both = Cast { adopts: [true, true, false], ..Cast::MOVERS };
    let all = beside([true, false]).chain(beside([false, true])).chain([none]).chain(behind_backs);
    all.chain(adopting(1)).chain([in_both]).collect()
}

/// Who says that a store lives on, and what happened to the stores behind the backs of whoever moves.
pub fn adopting(movers: usize) -> impl Iterator<Item = Cast> {
    let stores = [[true, false, false], [false, true, false], [true, true, false]];
    let alone = stores.into_iter().map(move |adopts| Cast { movers, adopts, ..Cast::MOVERS });
    let behind_backs = Person::BEHIND_BACKS.iter().chain(Person::COPIES).flat_map(move |person| {
        let cast = move |adopts| Cast { movers, adopts, person: Some(*person), ..Cast::MOVERS };
        match person {
            Person::CopiesSource | Person::CopiesTarget => vec![cast([false, false, true])],
            _ => vec![cast([true, false, false]), cast([false, true, false])],
        }
    });
    alone.chain(behind_backs)
}

/// Each person beside a rotation in both, and two movers beside who adopts: minutes.
pub fn larger_casts() -> Vec<Cast> {
    let all = Person::ALL.iter().chain(Person::BEHIND_BACKS);
    let all = all.map(|person| Cast { rotates: [true, true], person: Some(*person), ..Cast::MOVERS });
    adopting(2).chain(all).collect()
}
