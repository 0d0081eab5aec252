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
        let Some((base, removed)) = removal(&trace.0[began..], *who, provider.as_str()) else { continue };
        for fact in &trace.0[began..] {
            let Fact::ReadEnded { saw, .. } = fact else { continue };
            let (seen, missing): (Vec<_>, Vec<_>) =
                removed.iter().partition(|version| versions(saw, provider.as_str()).contains(version));
            if saw.generation > base && !seen.is_empty() && !missing.is_empty() {
                return Err(format!("a reader saw {seen:?} of {provider} without {missing:?}"));
            }
        }
    }
    held_after_drain(trace)
}

/// What a clear removed of that which was there when it first removed something, and the generation it found.
fn removal(since: &[Fact], clearer: Who, provider: &str) -> Option<(u64, BTreeSet<(String, u64)>)> {
    let ended = since.iter().position(|fact| matches!(fact, Fact::ClearEnded { who } if *who == clearer));
    let during = &since[..ended.unwrap_or(since.len())];
    let steps = during.iter().filter_map(|fact| match fact {
        Fact::Stepped(step) if step.who == clearer => Some(step),
        _ => None,
    });
    let mut found: Option<(u64, BTreeSet<_>, BTreeSet<_>)> = None;
    for step in steps {
        let (before, after) = (versions(&step.before, provider), versions(&step.after, provider));
        let gone: Vec<_> = before.difference(&after).cloned().collect();
        if !gone.is_empty() {
            let (_, there, removed) =
                found.get_or_insert_with(|| (step.before.generation, before.clone(), BTreeSet::new()));
            removed.extend(gone.into_iter().filter(|version| there.contains(version)));
        }
    }
    found.map(|(generation, _, removed)| (generation, removed))
}

fn versions(state: &State, provider: &str) -> BTreeSet<(String, u64)> {
    let entries = state.slot(provider).map_or(&[][..], |slot| &slot.entries);
    entries.iter().map(|entry| (entry.label.as_str().to_owned(), entry.version)).collect()
}

/// Once a drain said that nobody holds a version, nobody comes up with it.
fn held_after_drain(trace: &Trace) -> Result<(), String> {
    let mut holders: BTreeMap<(u32, u64), i64> = BTreeMap::new();
    let mut drained = BTreeSet::new();
    for fact in &trace.0 {
        match fact {
            Fact::Held { process, version, holds: true, .. } => {
                *holders.entry((*process, *version)).or_default() += 1;
                if drained.contains(&(*process, *version)) {
                    return Err(format!("version {version} was handed out after its drain"));
                }
            }
            Fact::Held { process, version, holds: false, .. } => {
                *holders.entry((*process, *version)).or_default() -= 1;
            }
            Fact::Drained { process, versions } => {
                let is_held = |version: &&u64| holders.get(&(*process, **version)).is_some_and(|count| *count > 0);
                if let Some(held) = versions.iter().find(is_held) {
                    return Err(format!("version {held} was still held when its drain said otherwise"));
                }
                drained.extend(versions.iter().map(|version| (*process, *version)));
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut clearing = BTreeSet::new();
    let mut reading = BTreeSet::new();
    trace.0.iter().any(|fact| {
        match fact {
            Fact::ClearBegan { who, .. } => drop(clearing.insert(*who)),
            Fact::ClearEnded { who } => drop(clearing.remove(who)),
            Fact::ReadBegan { who } => drop(reading.insert(*who)),
            Fact::ReadEnded { who, .. } | Fact::Refused { who } => drop(reading.remove(who)),
            Fact::Died { who } => {
                clearing.remove(who);
                reading.remove(who);
            }
            _ => {}
        }
        !clearing.is_empty() && !reading.is_empty()
    })
}
