//! Law 14: a wall clock that is wrong changes nothing that the boot clock knows better, and ends no quarantine.
//!
//! It judges what is kept (ended flows, live ones, dead entries) and, in `ages`, what is waited for: quarantine, back-off,
//! the spacing after a 401, rest and token life, across boots and without a boot id.

mod ages;

use super::monitor::{Outlook, Watch};
use super::step;
use super::trace::{Fact, Stepped, Trace};
use crate::machine::Event;
use crate::state::Entry;
use crate::state::time::Stamp;
use std::hash::{Hash, Hasher};

/// How far the clocks may drift apart before one of them is called wrong, in milliseconds.
const DRIFT_MS: u64 = 60_000;

#[derive(Default, Hash)]
pub(super) struct Memory(ages::Truth);

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        self.0.see(fact)?;
        step(fact, keeps)
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

fn keeps(step: &Stepped) -> Result<(), String> {
    for (provider, before) in &step.before.providers {
        let Some(after) = step.after.providers.get(provider) else { continue };
        for ended in &before.ended {
            let young = stumbled_ms(&step.now, &ended.at).is_some_and(|age| age < 300_000);
            if young && !after.ended.contains(ended) {
                return Err(format!("flow {} was forgotten early because the wall clock was wrong", ended.id));
            }
        }
        let pruned = |entry: &&Entry| matches!(step.event, Event::Purge) && after.entry(entry.label.as_str()).is_none();
        for entry in before.entries.iter().filter(pruned) {
            let age = entry.health.dead.as_ref().and_then(|dead| stumbled_ms(&step.now, &dead.at));
            if age.is_some_and(|age| age < 86_400_000) {
                return Err(format!("{provider}/{} was pruned early because the wall clock was wrong", entry.label));
            }
        }
        if let (Some(live), None) = (&before.flow, &after.flow)
            && matches!(step.event, Event::Purge)
            && stumbled_ms(&step.now, &live.ends.from).is_some_and(|age| age < live.ends.after_ms)
        {
            return Err(format!("flow {} was ended early because the wall clock was wrong", live.id));
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.steps().any(|step| {
        if ages::witnessed(step) {
            return true;
        }
        let kept = step.before.providers.values().flat_map(|slot| slot.ended.iter().map(|ended| ended.at));
        let mut stamps =
            kept.chain(step.before.providers.values().filter_map(|slot| Some(slot.flow.as_ref()?.started)));
        stamps.any(|at| stumbled_ms(&step.now, &at).is_some())
    })
}

/// The age by the clock that can't be set, if both readings are of one boot and the wall clock was set between them.
fn stumbled_ms(now: &Stamp, at: &Stamp) -> Option<u64> {
    let up_ms = now.up_ms.saturating_sub(at.up_ms);
    let wall_ms = i128::from(now.wall_ms) - i128::from(at.wall_ms);
    let apart_ms = (wall_ms - i128::from(up_ms)).unsigned_abs();
    (now.boot != 0 && now.boot == at.boot && apart_ms > u128::from(DRIFT_MS)).then_some(up_ms)
}
