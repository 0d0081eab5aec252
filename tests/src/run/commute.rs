//! What a move touches, and so whether two moves commute: then both orders lead to the same situation, and one of them is enough.
//!
//! Two moves commute if neither changes what the other looks at or changes, and at most one of them tells a fact. Moves of threads of
//! one engine only do where what they share is told by what is in it (`Explorer::skips`).

use std::collections::HashMap;

use super::situations::{Explorer, Mistake};
use super::staged::Move;
use crate::scenario::Scenario;
use crate::world::situation::{self, Touch};

/// What a move touched, each place as a bit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Touched {
    looks: u64,
    changes: u64,
    tells: bool,
}

/// The bits of the places that were touched so far.
#[derive(Debug, Default)]
pub(super) struct Bits(HashMap<u128, u32>);

impl Bits {
    /// What was touched by the move that was just made.
    pub(super) fn touched(&mut self, tells: bool) -> Touched {
        let mut touched = Touched { tells, ..Touched::default() };
        situation::touched(|touch| {
            let (place, bits) = match touch {
                Touch::Look(place) => (place, &mut touched.looks),
                Touch::Change(place) => (place, &mut touched.changes),
            };
            let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
            // What comes after the others shares the last bit.
            *bits |= 1 << (*self.0.entry(*place).or_insert(next)).min(63);
        });
        touched
    }
}

/// A move that is not made where it sleeps, because it commutes with the move that led there and was made before that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sleeper {
    pub(super) by: Move,
    pub(super) touched: Touched,
}

impl Sleeper {
    /// Whether it commutes with this one.
    pub(super) fn commutes(&self, other: &Self, explorer: &Explorer, scenario: &Scenario) -> bool {
        let process = |one: &Self| scenario.participants[usize::from(one.by.who)].process;
        let is_told_apart = process(self) != process(other) || explorer.skips && self.by.who != other.by.who;
        let (one, two) = (&self.touched, &other.touched);
        let meets = one.changes & (two.looks | two.changes) | two.changes & one.looks;
        let is_apart = meets == 0 || explorer.mistake == Some(Mistake::CommutesAlways);
        let is_told = one.tells && two.tells && explorer.mistake != Some(Mistake::CommutesTelling);
        is_told_apart && is_apart && !is_told
    }

    /// Whether it may sleep: not if its process may die meanwhile, which only who makes it finds out.
    pub(super) fn may_sleep(&self, explorer: &Explorer, scenario: &Scenario) -> bool {
        explorer.sleeps && !explorer.may_die(scenario, scenario.participants[usize::from(self.by.who)].process)
    }
}
