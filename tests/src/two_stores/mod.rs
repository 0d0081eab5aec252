//! A login that moves from one store to another, in every order of all who may be at work there meanwhile: movers that die,
//! rotations in both stores, and a person who clears, stores or takes back.
//!
//! What each step decides is the core's own ([`moving`](credlatch_core::moving)), and what it changes is the machine's. A store
//! here is a state that is replaced as a whole; that stores are, their own harnesses show.

mod explore;
mod part;
mod world;
mod wrong;

pub use explore::{Explored, explore};
pub use part::{Cast, Person};
pub use world::Decide;
pub use wrong::{WRONG, WrongMover};

/// The law that this is about.
pub const LAW: u8 = 19;

/// Each person beside a rotation in one of the stores, and nobody beside one in both.
pub fn casts() -> Vec<Cast> {
    let beside = |rotates| Person::ALL.iter().map(move |person| Cast { rotates, person: Some(*person) });
    let none = Cast { rotates: [true, true], person: None };
    // A target that comes back multiplies the situations; that somebody presents is tried at each end anyway.
    let is_twice = |person: Person| person == Person::LosesTargetForAWhile;
    let behind_backs =
        Person::BEHIND_BACKS.iter().map(|person| Cast { rotates: [false, !is_twice(*person)], person: Some(*person) });
    beside([true, false]).chain(beside([false, true])).chain([none]).chain(behind_backs).collect()
}

/// Each person beside a rotation in both: minutes.
pub fn larger_casts() -> Vec<Cast> {
    let all = Person::ALL.iter().chain(Person::BEHIND_BACKS);
    all.map(|person| Cast { rotates: [true, true], person: Some(*person) }).collect()
}
