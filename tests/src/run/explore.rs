//! Has loom explore every order of a scenario's turns.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::{Broken, judge};

use super::hand::Hand;
use super::play;
use super::stage::Stage;
use crate::conduct::Conduct;
use crate::scenario::Scenario;
use crate::world::here::{Here, Recorder};
use crate::world::loomed::{self, Loomed};
use crate::world::sim::Sim;

/// Turns that one execution may take; loom stops with an error beyond it.
const MAX_BRANCHES: usize = 20_000;

/// Ends an exploration that found a breach.
struct Found;

/// What an exploration saw.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many orders there were.
    pub executions: usize,
    /// In how many of them each law could have been broken.
    pub witnessed: BTreeMap<u8, usize>,
    /// In how many of them somebody died.
    pub deaths: usize,
    /// The first breach, with the scenario and the schedule that lead to it.
    pub broken: Option<(Broken, Scenario)>,
}

/// Explores a scenario, with so many preemptions at most if a bound is given.
///
/// # Panics
/// If the environment tells loom to stop before it is through: such a check would pass without having checked.
pub fn explore<C: Conduct>(scenario: &Scenario, preemption_bound: Option<usize>) -> Explored {
    for variable in ["LOOM_MAX_DURATION", "LOOM_MAX_PERMUTATIONS", "LOOM_MAX_PREEMPTIONS", "LOOM_CHECKPOINT_FILE"] {
        assert!(std::env::var_os(variable).is_none(), "{variable} would end the exploration early");
    }
    loomed::expect_participants(scenario.participants.len());
    let seen = Arc::new(Mutex::new(Explored::default()));
    let mut model = loom::model::Builder::new();
    model.max_branches = MAX_BRANCHES;
    model.preemption_bound = preemption_bound;
    let shared = (Arc::clone(&seen), scenario.clone());
    let checked = catch_unwind(AssertUnwindSafe(|| model.check(move || execute::<C>(&shared.1, &shared.0))));
    if let Err(panic) = checked
        && !panic.is::<Found>()
    {
        resume_unwind(panic);
    }
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

fn execute<C: Conduct>(scenario: &Scenario, seen: &Mutex<Explored>) {
    let recorder = Arc::new(Recorder::default());
    let mut stage = Stage::<Loomed, C>::set(scenario, &recorder);
    let mut threads = Vec::new();
    for (who, participant) in (0..).zip(&scenario.participants) {
        let here = Arc::new(Here::new(who, participant.process, participant.dies_at, Arc::clone(&recorder)));
        let process = stage.process(participant.process);
        let steps = participant.steps.clone();
        threads.push(loom::thread::spawn(move || {
            Loomed::enter(here);
            Hand::new(process).act(&steps);
        }));
    }
    stage.leave();
    for thread in threads {
        thread.join().expect("a participant's thread ends");
    }
    let path = recorder.path();
    let trace = stage.rest();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.executions += 1;
    seen.deaths += usize::from(trace.0.iter().any(|fact| matches!(fact, credlatch_core::law::Fact::Died { .. })));
    play::witnessed(&trace, &mut seen.witnessed);
    if let Err(broken) = judge(&trace) {
        let turns: Vec<_> = path.into_iter().filter(|who| (*who as usize) < scenario.participants.len()).collect();
        seen.broken = Some((broken, Scenario { schedule: play::schedule(&turns), ..scenario.clone() }));
        drop(seen);
        resume_unwind(Box::new(Found));
    }
}
