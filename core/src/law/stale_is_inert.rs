//! Law 6: what comes too late changes nothing. A version tells what is late, so it changes with every secret.

use super::kind;
use super::monitor::Each;
use super::step;
use super::trace::{Fact, Trace};
use crate::machine::flow::Step;
use crate::machine::{Event, Verdict};
use crate::state::name::ProviderId;
use crate::state::{Nonce, State};

pub(super) fn watch() -> Each {
    Each(holds)
}

fn holds(fact: &Fact) -> Result<(), String> {
    step(fact, |step| {
        let same = step.before == step.after;
        if step.verdict != Verdict::Done && !same {
            return Err(format!("{:?} was answered {:?} and changed the state", kind(&step.event), step.verdict));
        }
        if superseded(&step.before, &step.event) && !same {
            return Err(format!("{:?} was superseded and changed the state", kind(&step.event)));
        }
        if let Event::Settle(settle) = &step.event
            && !entry_awaits(&step.before, settle.attempt)
            && step.before.providers != step.after.providers
        {
            return Err("\"Settle\" was superseded and changed an entry".to_owned());
        }
        renamed(&step.before, &step.after)
    })
}

/// Whether an entry still waits for this attempt, or was taken from it when its actor died, and not replaced.
fn entry_awaits(before: &State, attempt: Nonce) -> bool {
    let mut entries = before.providers.values().flat_map(|slot| &slot.entries);
    entries.any(|entry| entry.custody_attempt() == Some(attempt))
}

/// A new secret under an old version could be hit by a report about the old one.
fn renamed(before: &State, after: &State) -> Result<(), String> {
    for (provider, slot) in &after.providers {
        for entry in &slot.entries {
            let old = before.entry(provider.as_str(), entry.label.as_str());
            if old.is_some_and(|old| old.version == entry.version && old.secret() != entry.secret()) {
                return Err(format!("{provider}/{} has a new secret under an old version", entry.label));
            }
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.steps().any(|step| {
        let deserted =
            |provider: &ProviderId| step.before.slot(provider.as_str()).is_none_or(|slot| slot.entries.is_empty());
        let late = match &step.event {
            Event::Settle(settle) => deserted(&settle.provider),
            Event::FlowSucceeded(success) => deserted(&success.step.provider),
            Event::Report(report) => deserted(&report.provider),
            _ => false,
        };
        late && superseded(&step.before, &step.event)
    })
}

/// Whether what the event is about is no longer what the state holds.
fn superseded(before: &State, event: &Event) -> bool {
    let held = |step: &Step| {
        let live = before.slot(step.provider.as_str()).and_then(|slot| slot.flow.as_ref());
        let holder = live.filter(|live| live.id == step.flow).and_then(|live| live.holder.as_ref());
        holder.is_some_and(|claim| claim.attempt == step.attempt)
    };
    match event {
        Event::Settle(settle) => !before.awaits(settle.attempt),
        Event::Report(report) => {
            let entry = before.entry(report.provider.as_str(), report.label.as_str());
            entry.map(|entry| entry.version) != Some(report.version)
        }
        Event::ClaimRotation(claim) => {
            let entry = before.entry(claim.provider.as_str(), claim.label.as_str());
            entry.map(|entry| entry.version) != Some(claim.version)
        }
        Event::FlowPrompted(prompted) => !held(&prompted.step),
        Event::FlowSlowedDown(step) => !held(step),
        Event::ClaimCode(claim) => !held(&claim.step),
        Event::FlowSucceeded(success) => !held(&success.step),
        Event::FlowFailed(failed) => !held(&failed.step),
        _ => false,
    }
}
