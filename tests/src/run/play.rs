//! Plays a scenario by its schedule: the same file gives the same history, on stable and without loom.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use credlatch_core::law::{Broken, Trace, Who};

use super::hand::Hand;
use super::stage::Stage;
use crate::conduct::{Conduct, Process};
use crate::judging::{Seen, laws};
use crate::scenario::{Participant, Scenario};
use crate::world::here::{Here, Recorder};
use crate::world::scripted::{Script, Scripted};
use crate::world::sim::Sim;

/// What came of a play.
#[derive(Clone, Debug)]
pub struct History {
    /// What was observed.
    pub trace: Trace,
    /// Who took each turn.
    pub turns: Vec<Who>,
}

/// Plays it, and gives what was observed.
pub fn play(scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> History {
    let recorder = Arc::new(Recorder::default());
    let mut stage = Stage::<Scripted>::set(scenario, conduct, &recorder);
    let script = Script::new(scenario.participants.len(), scenario.schedule.clone());
    let cast: Vec<_> = (0..)
        .zip(&scenario.participants)
        .map(|(who, one)| (stage.participant(who, one), stage.process(one.process), one))
        .collect();
    stage.leave();
    std::thread::scope(|scope| {
        let perform = |(here, process, one)| {
            let script = Arc::clone(&script);
            scope.spawn(move || perform(&script, here, process, one))
        };
        let threads: Vec<_> = cast.into_iter().map(perform).collect();
        for thread in threads {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
    });
    let turns = recorder.path();
    History { trace: stage.rest(), turns }
}

fn perform(script: &Arc<Script>, here: Arc<Here>, process: Arc<Process<Scripted>>, participant: &Participant) {
    let who: Who = here.who;
    Scripted::enter(here);
    script.join(who);
    let done = catch_unwind(AssertUnwindSafe(|| Hand::new(process).act(&participant.steps)));
    script.leave(who);
    if let Err(panic) = done {
        resume_unwind(panic);
    }
}

/// Who took each turn, as a schedule: runs are counted.
pub fn schedule(path: &[Who]) -> Vec<(Who, u32)> {
    let mut runs: Vec<(Who, u32)> = Vec::new();
    for who in path {
        match runs.last_mut() {
            Some((last, count)) if last == who => *count += 1,
            _ => runs.push((*who, 1)),
        }
    }
    runs
}

/// What a systematic play of a scenario saw.
#[derive(Clone, Debug, Default)]
pub struct Played {
    /// How many orders were played.
    pub orders: usize,
    /// What was seen of the laws.
    pub seen: Seen,
    /// The first breach of each law.
    pub broken: BTreeMap<u8, (Broken, Scenario)>,
}

/// Plays a scenario in every order in which one participant is interrupted once, by all the others to their ends.
pub fn play_interrupted(scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>) -> Played {
    play_interrupted_until(scenario, conduct, |_| false)
}

/// How many of these orders are played until the first breach of this law.
pub fn orders_until(scenario: &Scenario, conduct: &'static dyn Conduct<Scripted>, law: u8) -> usize {
    play_interrupted_until(scenario, conduct, |played| played.broken.contains_key(&law)).orders
}

fn play_interrupted_until(
    scenario: &Scenario,
    conduct: &'static dyn Conduct<Scripted>,
    is_enough: impl Fn(&Played) -> bool,
) -> Played {
    let mut played = Played::default();
    for first in (0..).take(scenario.participants.len()) {
        for turns in 1.. {
            let others = (0..).take(scenario.participants.len()).filter(|who| *who != first);
            let others = others.map(|who| (who, ALL_TURNS));
            let schedule: Vec<_> = std::iter::once((first, turns)).chain(others).collect();
            let scenario = Scenario { schedule, ..scenario.clone() };
            let history = play(&scenario, conduct);
            played.judge(&history.trace, &scenario);
            if is_enough(&played) {
                return played;
            }
            let taken = history.turns.iter().take_while(|who| **who == first).count();
            if u32::try_from(taken).is_ok_and(|taken| taken < turns) {
                break;
            }
        }
    }
    played
}

/// More turns than any participant takes.
const ALL_TURNS: u32 = 100_000;

impl Played {
    /// Judges one more trace.
    pub fn judge(&mut self, trace: &Trace, scenario: &Scenario) {
        self.orders += 1;
        self.seen.look(trace);
        for broken in laws().filter_map(|law| law.judge(trace).err()) {
            self.broken.entry(broken.number).or_insert_with(|| (broken, scenario.clone()));
        }
    }
}
