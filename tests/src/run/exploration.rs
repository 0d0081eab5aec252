//! What an exploration found, and when that is all there is.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use credlatch_core::law::{Broken, LAWS, Trace};

use super::end::End;
use super::staged::Staged;
use crate::judging::Seen;
use crate::scenario::Scenario;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Exploration {
    /// How many situations there are.
    pub situations: usize,
    /// How many moves lead from one to another.
    pub transitions: usize,
    /// How many of them were turns for what, and how many of these led to a situation that was known.
    pub accesses: BTreeMap<&'static str, [usize; 2]>,
    /// How many plays that took.
    pub plays: usize,
    /// The most moves that a play made.
    pub longest: usize,
    /// How it can end.
    pub ends: BTreeSet<End>,
    /// How known branches ended that were played to their ends all the same.
    pub sampled: BTreeSet<End>,
    /// What was seen of the laws on the ways to these situations: of each law, in how many it could have been broken by then.
    pub seen: Seen,
    /// The first breach, which took fewest moves, with the scenario and the schedule that lead to it.
    pub broken: Option<(Broken, Scenario)>,
    /// How many moves that took.
    pub moves: usize,
    /// The situations that these came to.
    passed: HashSet<u128>,
    /// Whether a move that was made before led somewhere else this time, or a branch that was taken for known to a situation that was
    /// not entered: then a situation isn't all that the future depends on.
    pub has_strayed: bool,
    /// Whether there are more situations than were to be entered.
    pub is_cut: bool,
    /// Whether a clock goes on while somebody moves.
    pub(super) has_time_passed: bool,
}

impl Exploration {
    /// It found no breach, went through all situations, and ended in no way by a branch that it took for known that it didn't
    /// come to by the others.
    ///
    /// # Panics
    /// If not.
    pub fn assert_whole(&self, name: &str) {
        if let Some((broken, scenario)) = &self.broken {
            panic!("{broken}\n{}", scenario.to_json());
        }
        assert!(!self.is_cut, "{name} has more than {} situations: it isn't explored", self.situations);
        assert!(
            !self.ends.is_empty() && self.sampled.is_subset(&self.ends) && !self.has_strayed,
            "{name}: a branch that was taken for known isn't"
        );
    }

    /// Plays a known branch to its end.
    pub(super) fn samples(&mut self, staged: Staged<'_>) {
        let Self { passed, sampled, .. } = self;
        let trace = staged.to_the_end(|situation| _ = passed.insert(situation));
        sampled.insert(End::new(&trace));
    }

    /// If all there is was entered, such a branch leads nowhere else.
    pub(super) fn holds_samples_to(&mut self, is_known: impl Fn(u128) -> bool) {
        let is_whole = !self.is_cut && self.broken.is_none() && !self.has_time_passed;
        self.has_strayed |= is_whole && !self.passed.iter().all(|situation| is_known(*situation));
        self.passed = HashSet::new();
    }

    /// Judges what is seen only at rest.
    pub(super) fn ends_with(&mut self, trace: &Trace, alone: Option<u8>, (so_far, moves): (Scenario, usize)) {
        let end = End::new(trace);
        let mut broken = LAWS.iter().filter(|law| end.broken.contains(&law.number));
        let broken = broken.find(|law| alone.is_none_or(|alone| alone == law.number));
        if let (Some(Err(broken)), None) = (broken.map(|law| law.judge(trace)), &self.broken) {
            (self.broken, self.moves) = (Some((broken, so_far)), moves);
        }
        self.ends.insert(end);
    }
}
