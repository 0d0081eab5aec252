//! Plays a scenario by its schedule: the same file gives the same history, on stable and without loom.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use credlatch_core::law::{Trace, Who};

use super::hand::Hand;
use super::stage::Stage;
use crate::conduct::{Conduct, Process};
use crate::scenario::{Participant, Scenario};
use crate::world::here::{Here, Recorder};
use crate::world::scripted::{Script, Scripted};
use crate::world::sim::Sim;

/// Plays it, and gives what was observed.
pub fn play<C: Conduct>(scenario: &Scenario) -> Trace {
    let recorder = Arc::new(Recorder::default());
    let mut stage = Stage::<Scripted, C>::set(scenario, &recorder);
    let script = Script::new(scenario.participants.len(), scenario.schedule.clone());
    std::thread::scope(|scope| {
        let mut threads = Vec::new();
        for (who, participant) in (0..).zip(&scenario.participants) {
            let here =
                Arc::new(Here::new(who, participant.process, participant.dies_at, Arc::clone(&stage.world.recorder)));
            let process = stage.process(participant.process);
            let script = Arc::clone(&script);
            threads.push(scope.spawn(move || perform(&script, here, process, participant)));
        }
        stage.leave();
        for thread in threads {
            if let Err(panic) = thread.join() {
                resume_unwind(panic);
            }
        }
    });
    stage.rest()
}

fn perform<C: Conduct>(
    script: &Arc<Script>,
    here: Arc<Here>,
    process: Arc<Process<Scripted, C>>,
    participant: &Participant,
) {
    let who: Who = here.who;
    Scripted::enter(here);
    script.join();
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

/// Which laws a trace could have broken.
pub fn witnessed(trace: &Trace, seen: &mut BTreeMap<u8, usize>) {
    for law in credlatch_core::law::LAWS.iter().filter(|law| law.is_witnessed(trace)) {
        *seen.entry(law.number).or_default() += 1;
    }
}
