//! What an exploration found, and when that is all there is.

use std::collections::BTreeSet;

use credlatch_core::law::{Broken, LAWS, Trace};

use super::end::End;
use crate::judging::Seen;
use crate::scenario::Scenario;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Exploration {
    /// How many situations there are.
    pub situations: usize,
    /// How many moves lead from one to another.
    pub transitions: usize,
    /// How many plays that took.
    pub plays: usize,
    /// The most moves from the start to an end.
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
            !self.ends.is_empty() && self.sampled.is_subset(&self.ends),
            "{name}: a branch that was taken for known isn't"
        );
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
