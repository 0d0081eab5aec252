//! Explores scenarios as deep as there is time for, and says how deep that was.

use std::collections::BTreeMap;
use std::fmt;

use super::explore::{Explored, explore, explore_within};
use crate::judging::Seen;
use crate::scenario::Scenario;

/// Beyond so many preemptions, every order is tried at once.
const MOST_PREEMPTIONS: usize = 8;

/// How many orders of one scenario may be tried beyond what is always tried: `CREDLATCH_LOOM`, and without it none.
///
/// # Panics
/// If that isn't a number: such a run would be the short one.
fn budget() -> Option<usize> {
    let said = std::env::var("CREDLATCH_LOOM").ok()?;
    Some(said.parse().unwrap_or_else(|_| panic!("CREDLATCH_LOOM is a number of executions, not {said:?}")))
}

/// Whether more is explored than in every run of the tests.
pub fn is_long() -> bool {
    budget().is_some()
}

/// Every order that has so many preemptions at most; all if there is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// So many.
    Preemptions(usize),
    /// All.
    None,
}

impl Bound {
    fn number(self) -> Option<usize> {
        match self {
            Self::Preemptions(most) => Some(most),
            Self::None => None,
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Preemptions(0) => f.write_str("without preemption"),
            Self::Preemptions(1) => f.write_str("with 1 preemption"),
            Self::Preemptions(most) => write!(f, "with {most} preemptions"),
            Self::None => f.write_str("in every order"),
        }
    }
}

/// Explores a scenario in every order if the budget lets, or else with as many preemptions as it lets, and with `least` in
/// any case. What was begun and not ended counts for nothing, unless it found a breach.
pub fn deepen(scenario: &Scenario, least: Bound) -> (Bound, Explored) {
    let explored = explore(scenario, least.number());
    let (Bound::Preemptions(fewest), Some(most)) = (least, budget()) else { return (least, explored) };
    if explored.executions > most {
        return (least, explored);
    }
    let mut deepest = (least, explored);
    if let Some(all) = explore_within(scenario, None, most) {
        return (Bound::None, all);
    }
    for bound in (fewest + 1..=MOST_PREEMPTIONS).map(Bound::Preemptions) {
        if !deepest.1.broken.is_empty() {
            break;
        }
        let Some(deeper) = explore_within(scenario, bound.number(), most) else { break };
        deepest = (bound, deeper);
    }
    deepest
}

/// What was tried of a kind of scenarios.
#[derive(Default)]
pub struct Tally {
    models: BTreeMap<Bound, usize>,
    executions: usize,
    deaths: usize,
    /// What was seen of the laws.
    pub seen: Seen,
}

impl Tally {
    /// Explores one more.
    ///
    /// # Panics
    /// If a law is broken, with the scenario as JSON; or if there was only one order.
    pub fn check(&mut self, scenario: &Scenario, least: Bound) {
        let explored = self.add(scenario, least);
        assert!(explored.executions > 1, "{} has only one order", scenario.name);
    }

    /// Explores one more as it is, as processes, and as threads of one.
    ///
    /// # Panics
    /// As [`Tally::check`].
    pub fn check_both(&mut self, scenario: &Scenario, least: Bound) {
        self.check(scenario, least);
        self.check(&scenario.clone().as_threads(), least);
    }

    /// Explores it once for each operation before which its first participant may die.
    ///
    /// # Panics
    /// If a law is broken, or if nobody died.
    pub fn check_deaths(&mut self, scenario: &Scenario, least: Bound) {
        for at in 1.. {
            let mut scenario = scenario.clone();
            scenario.participants[0].dies_at = Some(at);
            if self.add(&scenario, least).deaths == 0 {
                assert!(at > 2, "{} never saw a death", scenario.name);
                return;
            }
        }
    }

    fn add(&mut self, scenario: &Scenario, least: Bound) -> Explored {
        let (bound, explored) = deepen(scenario, least);
        if let Some((broken, scenario)) = explored.broken.values().next() {
            panic!("{broken}\n{}", scenario.to_json());
        }
        *self.models.entry(bound).or_default() += 1;
        self.executions += explored.executions;
        self.deaths += explored.deaths;
        self.seen.add(&explored.seen);
        explored
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models: Vec<_> = self.models.iter().map(|(bound, count)| format!("{count} {bound}")).collect();
        write!(f, "{} executions", self.executions)?;
        if self.deaths > 0 {
            write!(f, ", {} of them with a death", self.deaths)?;
        }
        write!(f, "; models: {}", models.join(", "))
    }
}
