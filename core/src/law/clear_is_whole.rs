//! Law 1: a reader sees all of what a clear removes, or none of it; and nobody comes up with it after its drain.

use super::monitor::{Outlook, Watch};
use super::trace::Fact;
use super::trace::Trace;
use super::trace::Who;
use crate::state::State;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

/// Labels with the versions under them.
type Versions = BTreeSet<(String, u64)>;

#[derive(Default, Hash)]
pub(super) struct Memory {
    clears: Vec<Clearing>,
    /// How many hold each version in each process.
    holders: BTreeMap<(u32, u64), i64>,
    drained: BTreeSet<(u32, u64)>,
}

/// A clear, and what readers saw of its provider since it began.
#[derive(Hash)]
struct Clearing {
    who: Who,
    provider: String,
    has_ended: bool,
    /// What was there when it first removed something.
    there: Option<Versions>,
    /// The first generation without it all. A clear that died before anything was shown removed nothing.
    first: Option<u64>,
    /// What it removed, and nobody was shown yet.
    pending: Versions,
    removed: Versions,
    /// What readers saw, and of which generation, while it may still remove more.
    seen: BTreeSet<(u64, Versions)>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        self.holds(fact)?;
        if let Fact::ClearBegan { who, provider } = fact {
            self.clears.push(Clearing::new(*who, provider.as_str()));
        }
        self.clears.iter_mut().try_for_each(|clear| clear.see(fact))?;
        // One that ended and removed nothing says nothing of what follows.
        self.clears.retain(|clear| !clear.has_ended || clear.first.is_some());
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, outlook: Outlook<'_>) {
        // One that ended says something of readers alone.
        let says = |clear: &&Clearing| !clear.has_ended || outlook.readers.is_none_or(|readers| !readers.is_empty());
        self.clears.iter().filter(says).for_each(|clear| clear.hash(&mut into));
        (&self.holders, &self.drained).hash(&mut into);
    }
}

impl Clearing {
    fn new(who: Who, provider: &str) -> Self {
        Self {
            who,
            provider: provider.to_owned(),
            has_ended: false,
            there: None,
            first: None,
            pending: Versions::new(),
            removed: Versions::new(),
            seen: BTreeSet::new(),
        }
    }

    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::ClearEnded { who } if *who == self.who => self.has_ended = true,
            Fact::Stepped(step) if step.who == self.who && !self.has_ended => {
                let before = versions(&step.before, &self.provider);
                self.pending.extend(before.difference(&versions(&step.after, &self.provider)).cloned());
                if !self.pending.is_empty() {
                    self.there.get_or_insert(before);
                }
            }
            Fact::Shown { who, state } if *who == self.who && !self.has_ended && !self.pending.is_empty() => {
                self.first.get_or_insert(state.generation);
                self.removed.append(&mut self.pending);
            }
            Fact::ReadEnded { saw, .. } => drop(self.seen.insert((saw.generation, versions(saw, &self.provider)))),
            _ => return Ok(()),
        }
        self.is_whole()?;
        if self.has_ended {
            self.seen.clear();
        }
        Ok(())
    }

    fn is_whole(&self) -> Result<(), String> {
        let (Some(there), Some(first)) = (&self.there, self.first) else { return Ok(()) };
        for (generation, saw) in &self.seen {
            let (seen, missing): (Vec<_>, Vec<_>) =
                self.removed.intersection(there).partition(|version| saw.contains(version));
            if *generation >= first && !seen.is_empty() && !missing.is_empty() {
                return Err(format!("a reader saw {seen:?} of {} without {missing:?}", self.provider));
            }
        }
        Ok(())
    }
}

impl Memory {
    /// Once a drain said that nobody holds a version, nobody comes up with it.
    fn holds(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Held { process, version, holds: true, .. } => {
                *self.holders.entry((*process, *version)).or_default() += 1;
                if self.drained.contains(&(*process, *version)) {
                    return Err(format!("version {version} was handed out after its drain"));
                }
            }
            Fact::Held { process, version, holds: false, .. } => {
                *self.holders.entry((*process, *version)).or_default() -= 1;
            }
            Fact::Drained { process, versions } => {
                let is_held = |version: &&u64| self.holders.get(&(*process, **version)).is_some_and(|count| *count > 0);
                if let Some(held) = versions.iter().find(is_held) {
                    return Err(format!("version {held} was still held when its drain said otherwise"));
                }
                self.drained.extend(versions.iter().map(|version| (*process, *version)));
            }
            _ => {}
        }
        Ok(())
    }
}

fn versions(state: &State, provider: &str) -> Versions {
    state.pool(provider).iter().map(|entry| (entry.label.as_str().to_owned(), entry.version)).collect()
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
