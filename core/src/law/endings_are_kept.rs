//! Law 9: ended flows are kept 300 s, live ones end by 900 s, and a dead actor blocks nobody.

use super::monitor::Each;
use super::step;
use super::trace::Stepped;
use super::trace::{Fact, Trace};
use crate::machine::Event;
use crate::state::Slot;
use crate::state::flow::{FlowKind, LiveFlow, Phase};
use crate::state::time::Stamp;

const KEPT_MS: u64 = 300_000;

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    step(fact, |step| {
        let empty = Slot::default();
        for (provider, before) in &step.before.providers {
            let after = step.after.providers.get(provider).unwrap_or(&empty);
            kept(step, before, after)?;
            dead_is_released(step, before, after)?;
        }
        let purged = matches!(step.event, Event::Purge);
        let overdue = |slot: &Slot| {
            let ended = slot.ended.iter().any(|ended| step.now.age_ms(&ended.at) >= KEPT_MS);
            ended || slot.flow.as_ref().is_some_and(|live| live.ends.is_reached(&step.now))
        };
        if purged && step.after.providers.values().any(overdue) {
            return Err("a purge left what is past its time".to_owned());
        }
        Ok(())
    })
}

/// What ended, or was live, is still there to be seen.
fn kept(step: &Stepped, before: &Slot, after: &Slot) -> Result<(), String> {
    let young = before.ended.iter().filter(|ended| step.now.age_ms(&ended.at) < KEPT_MS);
    for ended in young {
        if !after.ended.contains(ended) {
            return Err(format!("flow {} ended less than 300 s ago and is forgotten or changed", ended.id));
        }
    }
    if let Some(live) = &before.flow {
        let goes_on = after.flow.as_ref().is_some_and(|other| other.id == live.id);
        if !goes_on && !after.ended.iter().any(|ended| ended.id == live.id) {
            return Err(format!("flow {} vanished without an end", live.id));
        }
    }
    Ok(())
}

fn dead_is_released(step: &Stepped, before: &Slot, after: &Slot) -> Result<(), String> {
    let Event::ActorGone { attempt, .. } = &step.event else { return Ok(()) };
    let held =
        before.flow.as_ref().and_then(|live| live.holder.as_ref()).is_some_and(|claim| claim.attempt == *attempt);
    let stuck = |live: &LiveFlow| {
        live.holder.is_some() || live.kind != FlowKind::Device || !matches!(live.phase, Phase::Pending(_))
    };
    if held && after.flow.as_ref().is_some_and(stuck) {
        return Err("a dead actor's flow can neither be adopted nor was it released".to_owned());
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let edge = |now: &Stamp, slot: &Slot| slot.ended.iter().any(|ended| now.age_ms(&ended.at) == KEPT_MS);
    trace.steps().any(|step| step.before.providers.values().any(|slot| edge(&step.now, slot)))
}
