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
        let Some((first, removed)) = removal(&trace.0[began..], *who, provider.as_str()) else { continue };
        for fact in &trace.0[began..] {
            let Fact::ReadEnded { saw, .. } = fact else { continue };
            let (seen, missing): (Vec<_>, Vec<_>) =
                removed.iter().partition(|version| versions(saw, provider.as_str()).contains(version));
            if saw.generation >= first && !seen.is_empty() && !missing.is_empty() {
                return Err(format!("a reader saw {seen:?} of {provider} without {missing:?}"));
            }
        }
    }
    held_after_drain(trace)
}

/// What a clear removed of that which was there when it first removed something, and the first generation without it all.
/// A clear that died before anything was shown removed nothing.
fn removal(since: &[Fact], clearer: Who, provider: &str) -> Option<(u64, BTreeSet<(String, u64)>)> {
    let ended = since.iter().position(|fact| matches!(fact, Fact::ClearEnded { who } if *who == clearer));
    let mut there = None;
    let mut first = None;
    let (mut pending, mut removed) = (BTreeSet::new(), BTreeSet::new());
    for fact in &since[..ended.unwrap_or(since.len())] {
        match fact {
            Fact::Stepped(step) if step.who == clearer => {
                let before = versions(&step.before, provider);
                pending.extend(before.difference(&versions(&step.after, provider)).cloned());
                if !pending.is_empty() {
                    there.get_or_insert(before);
                }
            }
            Fact::Shown { who, state } if *who == clearer && !pending.is_empty() => {
                first.get_or_insert(state.generation);
                removed.append(&mut pending);
            }
            _ => {}
        }
    }
    let there = there?;
    Some((first?, removed.intersection(&there).cloned().collect()))
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
