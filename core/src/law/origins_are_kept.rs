//! Law 17: a grant is sent to the origins that its row named when it came, and elsewhere only once a person agreed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use super::monitor::{Outlook, Watch};
use super::trace::{Fact, Trace};
use crate::state::origin::Origin;

#[derive(Default, Hash)]
pub(super) struct Memory {
    /// Where each token came from.
    homes: BTreeMap<String, BTreeSet<Origin>>,
    agreed: BTreeSet<Origin>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        match fact {
            Fact::Came { token, from } => {
                let homes = self.homes.entry(token.clone()).or_default();
                homes.extend(from.token.iter().chain(&from.revocation).cloned());
            }
            // Whoever was given the one token gave the other.
            Fact::Succession { old, new } => {
                let of_old = self.homes.get(old).cloned().unwrap_or_default();
                self.homes.entry(new.clone()).or_default().extend(of_old);
            }
            Fact::Agreed { to } => self.agreed.extend(to.token.iter().chain(&to.revocation).cloned()),
            Fact::Sent { token, to } => {
                let is_home = self.homes.get(token).is_none_or(|homes| homes.contains(to));
                if !is_home && !self.agreed.contains(to) {
                    return Err(format!("a grant was sent to {to}, where it doesn't come from, and nobody had agreed"));
                }
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
    trace.0.iter().any(|fact| matches!(fact, Fact::Withheld { .. }))
}
