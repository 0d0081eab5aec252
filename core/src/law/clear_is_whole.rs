//! Law 1: a reader sees all of what a clear removes, or none of it; and nobody comes up with it after its drain.

use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::state::State;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    for (began, fact) in trace.0.iter().enumerate() {
        let Fact::ClearBegan { who, provider } = fact else { continue };
        let Some(start) = trace.shown_before(began) else { continue };
        let there: BTreeSet<_> = versions(start, provider.as_str());
        for (at, fact) in trace.0.iter().enumerate().skip(began) {
            let Fact::ReadEnded { saw, .. } = fact else { continue };
            let seen: BTreeSet<_> = versions(saw, provider.as_str()).intersection(&there).cloned().collect();
            let missing: Vec<_> = there.difference(&seen).collect();
            let explained =
                missing.iter().all(|(label, _)| changed_by_another(trace, at, *who, provider.as_str(), label));
            if !seen.is_empty() && !missing.is_empty() && !explained {
                return Err(format!("a reader saw {seen:?} of {provider} without {missing:?}"));
            }
        }
        held_after_drain(trace)?;
    }
    Ok(())
}

fn versions(state: &State, provider: &str) -> BTreeSet<(String, u64)> {
    let entries = state.slot(provider).map_or(&[][..], |slot| &slot.entries);
    entries.iter().map(|entry| (entry.label.as_str().to_owned(), entry.version)).collect()
}

/// Whether somebody else than the clearer changed this label before.
fn changed_by_another(trace: &Trace, at: usize, clearer: Who, provider: &str, label: &str) -> bool {
    trace.before(at).any(|fact| match fact {
        Fact::Stepped(step) if step.who != clearer => {
            let version = |state: &State| state.entry(provider, label).map(|entry| entry.version);
            version(&step.before) != version(&step.after)
        }
        _ => false,
    })
}

/// Once a drain said that nobody holds a version, nobody comes up with it.
fn held_after_drain(trace: &Trace) -> Result<(), String> {
    let mut holders: BTreeMap<u64, i64> = BTreeMap::new();
    let mut drained = BTreeSet::new();
    for fact in &trace.0 {
        match fact {
            Fact::Held { version, holds: true, .. } => {
                *holders.entry(*version).or_default() += 1;
                if drained.contains(version) {
                    return Err(format!("version {version} was handed out after its drain"));
                }
            }
            Fact::Held { version, holds: false, .. } => *holders.entry(*version).or_default() -= 1,
            Fact::Drained { versions } => {
                if let Some(held) = versions.iter().find(|version| holders.get(version).is_some_and(|count| *count > 0))
                {
                    return Err(format!("version {held} was still held when its drain said otherwise"));
                }
                drained.extend(versions.iter().copied());
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut clearing = 0_i32;
    let mut reading = 0_i32;
    let mut overlap = false;
    for fact in &trace.0 {
        match fact {
            Fact::ClearBegan { .. } => clearing += 1,
            Fact::ClearEnded { .. } => clearing -= 1,
            Fact::ReadBegan { .. } => reading += 1,
            Fact::ReadEnded { .. } => reading -= 1,
            _ => {}
        }
        overlap |= clearing > 0 && reading > 0;
    }
    overlap
}
