//! Law 8: a pass is one write, and what disk shows moves forward.

use super::monitor::{Outlook, Watch};
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

#[derive(Default, Hash)]
pub(super) struct Memory {
    /// How often each pass that is under way has written.
    writes: BTreeMap<Who, usize>,
    /// The generation that disk showed last.
    last: u64,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::PassBegan { who, .. } => drop(self.writes.insert(*who, 0)),
            Fact::PassEnded { who } => drop(self.writes.remove(who)),
            Fact::Shown { who, state } => {
                if let Some(count) = self.writes.get_mut(who) {
                    *count += 1;
                    if *count > 1 {
                        return Err("one pass made more than one write".to_owned());
                    }
                }
                if state.generation <= self.last {
                    return Err(format!("disk showed generation {} after {}", state.generation, self.last));
                }
                self.last = state.generation;
            }
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut passing = false;
    for fact in &trace.0 {
        match fact {
            Fact::PassBegan { pass, .. } if *pass > 1 => passing = true,
            Fact::PassEnded { .. } => passing = false,
            Fact::ReadEnded { .. } | Fact::ReadBegan { .. } if passing => return true,
            _ => {}
        }
    }
    false
}
