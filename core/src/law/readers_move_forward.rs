//! Law 7: readers see commits, and never an older one than they could know of.

use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::state::State;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub(super) fn holds(trace: &Trace) -> Result<(), String> {
    let mut shown: Vec<&State> = Vec::new();
    let mut returned = 0;
    let mut floor: BTreeMap<Who, u64> = BTreeMap::new();
    for fact in &trace.0 {
        match fact {
            Fact::Shown { state, .. } => shown.push(state),
            Fact::Returned { generation, .. } => returned = returned.max(*generation),
            Fact::ReadBegan { who } => {
                let least = floor.entry(*who).or_default();
                *least = (*least).max(returned);
            }
            Fact::ReadEnded { who, saw } => {
                if saw.generation > 0 && !shown.contains(&&**saw) {
                    return Err("a reader saw a state that was never committed".to_owned());
                }
                let least = floor.entry(*who).or_default();
                if saw.generation < *least {
                    return Err(format!("a reader saw generation {} after generation {least}", saw.generation));
                }
                *least = saw.generation;
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut seen: BTreeSet<(Who, u64)> = BTreeSet::new();
    for fact in &trace.0 {
        if let Fact::ReadEnded { who, saw } = fact {
            seen.insert((*who, saw.generation));
        }
    }
    seen.iter().any(|(who, generation)| seen.iter().any(|(other, later)| who == other && later != generation))
}
