//! Law 7: readers see commits, and never an older one than they could know of.

use super::monitor::{StateDigest, Watch};
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::state::State;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Memory {
    /// What was shown, by generation.
    shown: Vec<Arc<State>>,
    /// The newest generation whose commit returned.
    returned: u64,
    /// What each reader knows of at least.
    floor: BTreeMap<Who, u64>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Shown { state, .. } => self.shown.push(Arc::clone(state)),
            Fact::Returned { generation, .. } => self.returned = self.returned.max(*generation),
            Fact::ReadBegan { who } => {
                let least = self.floor.entry(*who).or_default();
                *least = (*least).max(self.returned);
            }
            Fact::ReadEnded { who, saw } => {
                if saw.generation > 0 && !self.shown.contains(saw) {
                    return Err("a reader saw a state that was never committed".to_owned());
                }
                let least = self.floor.entry(*who).or_default();
                if saw.generation < *least {
                    return Err(format!("a reader saw generation {} after generation {least}", saw.generation));
                }
                *least = saw.generation;
            }
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, digest: StateDigest<'_>) {
        let shown: BTreeSet<u128> = self.shown.iter().map(|state| digest(state)).collect();
        (shown, self.returned, &self.floor).hash(&mut into);
    }
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
