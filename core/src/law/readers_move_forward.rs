//! Law 7: readers see commits, and never an older one than they could know of.

use super::monitor::{Outlook, Reader, Watch};
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
    /// What was shown, as far as a read that is under way, or one that begins, may still see it.
    shown: Vec<Arc<State>>,
    /// The newest generation whose commit returned.
    returned: u64,
    /// What each reader knows of at least: who reads, and who has seen more than returned.
    floor: BTreeMap<Who, u64>,
    reading: BTreeSet<Who>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Shown { state, .. } => self.shown.push(Arc::clone(state)),
            Fact::Returned { generation, .. } => self.returned = self.returned.max(*generation),
            Fact::ReadBegan { who } => self.begins(*who),
            Fact::ReadEnded { who, saw } => {
                // Where nobody noted its beginning, it begins here.
                if !self.reading.remove(who) {
                    self.begins(*who);
                }
                self.ends(*who, saw)?;
            }
            _ => return Ok(()),
        }
        self.forget();
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, outlook: Outlook<'_>) {
        let Some(readers) = outlook.readers else {
            let shown: BTreeSet<u128> = self.shown.iter().map(outlook.digest).collect();
            return (shown, self.returned, &self.floor, &self.reading).hash(&mut into);
        };
        // What is shown later was committed, and is newer than whatever anybody knows of. So all that matters is what each reader may
        // see of what is there: whether it was committed, and whether it is older than what that reader knows of, or will where it
        // begins anew.
        for Reader { who, may_see } in readers {
            let known = self.floor.get(who).copied().unwrap_or_default();
            let is_reading = self.reading.contains(who);
            let is_old =
                |saw: &State| (is_reading && saw.generation < known, saw.generation < known.max(self.returned));
            let judged = |saw: &Arc<State>| ((outlook.digest)(saw), self.shown.contains(saw), is_old(saw));
            (who, is_reading, may_see.iter().map(judged).collect::<BTreeSet<_>>()).hash(&mut into);
        }
    }
}

impl Memory {
    fn begins(&mut self, who: Who) {
        let least = self.floor.entry(who).or_default();
        *least = (*least).max(self.returned);
        self.reading.insert(who);
    }

    fn ends(&mut self, who: Who, saw: &Arc<State>) -> Result<(), String> {
        self.reading.remove(&who);
        let least = self.floor.insert(who, saw.generation).unwrap_or_default();
        if saw.generation < least {
            return Err(format!("a reader saw generation {} after generation {least}", saw.generation));
        }
        if saw.generation > 0 && !self.shown.contains(saw) {
            return Err("a reader saw a state that was never committed".to_owned());
        }
        Ok(())
    }

    /// Whoever begins to read from now on knows what returned, so that less than that is nobody's floor but theirs who read.
    fn forget(&mut self) {
        let Self { shown, returned, floor, reading } = self;
        floor.retain(|who, least| reading.contains(who) || *least > *returned);
        let oldest = reading.iter().filter_map(|who| floor.get(who).copied()).chain([*returned]).min();
        shown.retain(|state| oldest.is_none_or(|oldest| state.generation >= oldest));
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
