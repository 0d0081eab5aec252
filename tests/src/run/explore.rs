//! Has loom explore every order of a scenario's turns.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::Broken;

use super::end::End;
use super::hand::Hand;
use super::play;
use super::stage::Stage;
use crate::conduct::{Conduct, Right};
use crate::judging::{Seen, laws};
use crate::scenario::Scenario;
use crate::world::here::Recorder;
use crate::world::loomed::{self, Loomed};
use crate::world::sim::Sim;

/// Turns that one execution may take; loom stops with an error beyond it.
const MAX_BRANCHES: usize = 20_000;

/// Ends an exploration that found a breach.
struct BreachFound;

/// When an exploration ends before its end.
#[derive(Clone, Copy)]
enum Stop {
    Never,
    AtAny,
    /// At the first breach of this law.
    At(u8),
    /// At the first breach, or when there are more orders than this.
    Beyond(usize),
}

impl Stop {
    fn is_reached(self, seen: &Explored) -> bool {
        match self {
            Self::Never => false,
            Self::AtAny => !seen.broken.is_empty(),
            Self::At(law) => seen.broken.contains_key(&law),
            Self::Beyond(most) => seen.executions > most || !seen.broken.is_empty(),
        }
    }
}

/// What an exploration saw.
#[derive(Clone, Debug, Default)]
pub struct Explored {
    /// How many orders there were.
    pub executions: usize,
    /// What was seen of the laws.
    pub seen: Seen,
    keeps_ends: bool,
    /// How they ended, if that was asked for.
    pub ends: BTreeSet<End>,
    /// In how many of them somebody died.
    pub deaths: usize,
    /// The first breach of each law, with the scenario and the schedule that lead to it.
    pub broken: BTreeMap<u8, (Broken, Scenario)>,
}

/// Explores a scenario, with so many preemptions at most if a bound is given.
///
/// # Panics
/// If the environment tells loom to stop before it is through: such a check would pass without having checked.
pub fn explore(scenario: &Scenario, preemption_bound: Option<usize>) -> Explored {
    run(scenario, &Right, preemption_bound, Stop::AtAny)
}

/// In how many ways a scenario ends, in every order.
///
/// # Panics
/// As [`explore`]; or if a law is broken.
pub fn ends(scenario: &Scenario) -> BTreeSet<End> {
    let explored = run_as(scenario, &Right, None, Stop::AtAny, true);
    assert!(explored.broken.is_empty(), "{:?}", explored.broken);
    explored.ends
}

/// The same, unless there are more orders than this: then none.
///
/// # Panics
/// As [`ends`].
pub fn ends_within(scenario: &Scenario, most: usize) -> Option<BTreeSet<End>> {
    let explored = run_as(scenario, &Right, None, Stop::Beyond(most), true);
    assert!(explored.broken.is_empty(), "{:?}", explored.broken);
    (explored.executions <= most).then_some(explored.ends)
}

/// Explores it, unless there are more orders than this: then none.
pub fn explore_within(scenario: &Scenario, preemption_bound: Option<usize>, most: usize) -> Option<Explored> {
    let explored = run(scenario, &Right, preemption_bound, Stop::Beyond(most));
    (explored.executions <= most || !explored.broken.is_empty()).then_some(explored)
}

/// Explores a scenario of a wrong engine to its end, and collects every law that it breaks.
pub fn explore_all(scenario: &Scenario, conduct: &'static dyn Conduct<Loomed>) -> Explored {
    run(scenario, conduct, Some(2), Stop::Never)
}

/// How many orders of a wrong engine's scenario loom plays until it finds the first breach of this law.
///
/// # Panics
/// If it finds none.
pub fn executions_until(scenario: &Scenario, conduct: &'static dyn Conduct<Loomed>, law: u8) -> usize {
    let explored = run(scenario, conduct, Some(2), Stop::At(law));
    assert!(explored.broken.contains_key(&law), "{} never breaks law {law}", scenario.name);
    explored.executions
}

fn run(
    scenario: &Scenario,
    conduct: &'static dyn Conduct<Loomed>,
    preemption_bound: Option<usize>,
    stop: Stop,
) -> Explored {
    run_as(scenario, conduct, preemption_bound, stop, false)
}

fn run_as(
    scenario: &Scenario,
    conduct: &'static dyn Conduct<Loomed>,
    preemption_bound: Option<usize>,
    stop: Stop,
    keeps_ends: bool,
) -> Explored {
    for variable in ["LOOM_MAX_DURATION", "LOOM_MAX_PERMUTATIONS", "LOOM_MAX_PREEMPTIONS", "LOOM_CHECKPOINT_FILE"] {
        assert!(std::env::var_os(variable).is_none(), "{variable} would end the exploration early");
    }
    loomed::expect_participants(scenario.participants.len());
    let seen = Arc::new(Mutex::new(Explored { keeps_ends, ..Explored::default() }));
    let mut model = loom::model::Builder::new();
    model.max_branches = MAX_BRANCHES;
    model.preemption_bound = preemption_bound;
    let shared = (Arc::clone(&seen), scenario.clone());
    let checked = catch_unwind(AssertUnwindSafe(|| model.check(move || execute(&shared.1, conduct, &shared.0, stop))));
    if let Err(panic) = checked
        && !panic.is::<BreachFound>()
    {
        resume_unwind(panic);
    }
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

fn execute(scenario: &Scenario, conduct: &'static dyn Conduct<Loomed>, seen: &Mutex<Explored>, stop: Stop) {
    let recorder = Arc::new(Recorder::default());
    let mut stage = Stage::<Loomed>::set(scenario, conduct, &recorder);
    let cast: Vec<_> = (0..)
        .zip(&scenario.participants)
        .map(|(who, one)| (stage.participant(who, one), stage.process(one.process), one.steps.clone()))
        .collect();
    stage.leave();
    let perform = |(here, process, steps): (_, _, Vec<_>)| {
        loom::thread::spawn(move || {
            Loomed::enter(here);
            Hand::new(process).act(&steps);
        })
    };
    let threads: Vec<_> = cast.into_iter().map(perform).collect();
    for thread in threads {
        thread.join().expect("a participant's thread ends");
    }
    let path = recorder.path();
    let trace = stage.rest();
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.executions += 1;
    seen.deaths += usize::from(trace.0.iter().any(|fact| matches!(fact, credlatch_core::law::Fact::Died { .. })));
    seen.seen.look(&trace);
    if seen.keeps_ends {
        seen.ends.insert(End::new(&trace));
    }
    for law in laws() {
        let Err(broken) = law.judge(&trace) else { continue };
        let turns: Vec<_> = path.iter().copied().filter(|who| (*who as usize) < scenario.participants.len()).collect();
        let (schedule, looks_at_once) = (play::schedule(&turns), scenario.has_drain());
        let found = || (broken, Scenario { schedule, looks_at_once, ..scenario.clone() });
        seen.broken.entry(law.number).or_insert_with(found);
    }
    if stop.is_reached(&seen) {
        drop(seen);
        resume_unwind(Box::new(BreachFound));
    }
}
