//! Law 19: a login that moves to another store is used from one of them at most, and never lost between them.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use super::monitor::{Outlook, Watch};
use super::trace::{Fact, Stepped, Trace};
use crate::machine::Event;
use crate::state::{Grant, State};

/// The refresh tokens in a store, and whether it would present them.
type Tokens = BTreeMap<String, bool>;

#[derive(Default, Hash)]
pub(super) struct Memory {
    /// What each store holds.
    stores: BTreeMap<u32, Tokens>,
    /// Tokens that may be gone: their issuer replaced them, or a person cleared them.
    over: BTreeSet<String>,
    /// Tokens of which a person said that this copy lives on while another store used them: that is for the person to see to.
    adopted: BTreeSet<String>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Succession { old, .. } => drop(self.over.insert(old.clone())),
            Fact::Stepped(step) => self.steps(step),
            Fact::Stands { store, state } => return self.stands(*store, tokens(state)),
            // What a copy is put over is gone.
            Fact::BroughtBack => self.over.extend(self.stores.values().flat_map(BTreeMap::keys).cloned()),
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

impl Memory {
    fn steps(&mut self, step: &Stepped) {
        let (before, after) = (tokens(&step.before), tokens(&step.after));
        match step.event {
            Event::Clear(_) | Event::Remove(_) | Event::Put(_) => {
                self.over.extend(before.into_keys().filter(|token| !after.contains_key(token)));
            }
            Event::AdoptCopy => {
                let used = |token: &String| self.stores.values().any(|tokens| tokens.get(token) == Some(&true));
                self.adopted.extend(after.into_keys().filter(used));
            }
            _ => {}
        }
    }

    fn stands(&mut self, store: u32, now: Tokens) -> Result<(), String> {
        let before = self.stores.insert(store, now).unwrap_or_default();
        let is_anywhere = |token: &String| self.stores.values().any(|tokens| tokens.contains_key(token));
        if before.keys().any(|token| !is_anywhere(token) && !self.over.contains(token)) {
            return Err("a refresh token is in neither store any more".to_owned());
        }
        let mut free = BTreeSet::new();
        let all = self.stores.values().flatten().filter(|(token, is_free)| **is_free && !self.adopted.contains(*token));
        for (token, _) in all {
            if !free.insert(token) {
                return Err("two stores would present one refresh token".to_owned());
            }
        }
        Ok(())
    }
}

fn tokens(state: &State) -> Tokens {
    let entries = state.providers.values().flat_map(|slot| &slot.entries);
    let grants = entries.filter(|entry| !entry.is_lost()).filter_map(|entry| entry.grant());
    // A program that knows no moves minds the mark alone.
    let of = |grant: &Grant| Some((grant.refresh.as_ref()?.expose_secret().to_owned(), grant.shared.is_none()));
    grants.filter_map(of).collect()
}

/// Somebody dies while both stores hold a token.
pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut memory = Memory::default();
    trace.0.iter().any(|fact| {
        let _ = memory.see(fact);
        let mut all = memory.stores.values().flat_map(BTreeMap::keys).collect::<Vec<_>>();
        let count = all.len();
        all.sort();
        all.dedup();
        matches!(fact, Fact::Died { .. }) && all.len() < count
    })
}
