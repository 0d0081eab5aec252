//! Law 20: what is sealed says nothing to whoever lacks the key, and nobody without the key can say anything in its place.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};

use super::monitor::{Outlook, Watch};
use super::trace::{Fact, Trace};

#[derive(Default, Hash)]
pub(super) struct Memory {
    /// What somebody with the key sealed, with the place that it is for.
    sealed: BTreeSet<(String, String)>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Sealed { place, content } => drop(self.sealed.insert((place.clone(), content.clone()))),
            Fact::Left { text, secrets } if secrets.iter().any(|secret| text.contains(secret.as_str())) => {
                return Err("what a sealed store left where others can read it says a secret".to_owned());
            }
            Fact::Opened { place, content } if !self.sealed.contains(&(place.clone(), content.clone())) => {
                return Err(format!("somebody took for {place} what nobody with the key sealed for it"));
            }
            _ => {}
        }
        Ok(())
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

/// Somebody is told that what a stranger put in a place can't be opened.
pub(super) fn witnessed(trace: &Trace) -> bool {
    let mut forged = BTreeSet::new();
    trace.0.iter().any(|fact| match fact {
        Fact::Forged { place } => {
            forged.insert(place);
            false
        }
        Fact::Sealed { place, .. } => {
            forged.remove(place);
            false
        }
        Fact::Unopened { place } => forged.contains(place),
        _ => false,
    })
}
