//! Law 16: a damaged store is neither empty nor free to be overwritten.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use super::monitor::{Outlook, Watch};
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;

#[derive(Default, Hash)]
pub(super) struct Memory {
    is_damaged: bool,
    /// Who began to read since then: a read that began before may have found what was there before.
    began_since: BTreeSet<Who>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Damaged => self.is_damaged = true,
            _ if !self.is_damaged => {}
            Fact::Shown { .. } => return Err("an unreadable store was overwritten".to_owned()),
            Fact::ReadBegan { who } => drop(self.began_since.insert(*who)),
            Fact::ReadEnded { who, saw } if self.began_since.contains(who) && saw.generation == 0 => {
                return Err("an unreadable store was taken for empty".to_owned());
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
    let damaged = trace.0.iter().position(|fact| matches!(fact, Fact::Damaged));
    damaged.is_some_and(|at| trace.0[at..].iter().any(|fact| matches!(fact, Fact::Refused { .. })))
}
