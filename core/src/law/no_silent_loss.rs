//! Law 5: what is called settled is alive at the issuer, what is called lost is dead, and what was written down is stored.

mod written_down;

use super::monitor::{Outlook, Watch};
use super::trace::Deed;
use super::trace::Fact;
use super::trace::Trace;
use crate::machine::Event;
use crate::state::{Custody, State};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

#[derive(Default, Hash)]
pub(super) struct Memory {
    written: written_down::Memory,
    revoked: BTreeSet<String>,
    /// The tokens that each one succeeded, one after the other: one that was on its way to the issuer while an older one was
    /// revoked is revoked with it.
    before: BTreeMap<String, BTreeSet<String>>,
    /// What was called settled at rest and is dead at the issuer: a token, and the label of its entry.
    dead: BTreeMap<String, String>,
}

pub(super) fn watch() -> Memory {
    Memory::default()
}

impl Watch for Memory {
    fn see(&mut self, fact: &Fact) -> Result<(), String> {
        self.written.see(fact)?;
        match fact {
            Fact::ActBegan { deed: Deed::Revoke { token }, .. } => drop(self.revoked.insert(token.clone())),
            Fact::Succession { old, new } => {
                let of_old = self.before.get(old).cloned().unwrap_or_default();
                self.before.entry(new.clone()).or_default().extend(of_old.into_iter().chain([old.clone()]));
            }
            Fact::Rested { state, live } => return self.rests(state, live),
            _ => {}
        }
        Ok(())
    }

    /// Whoever stores again what was revoked by a person's wish was not robbed of it.
    fn end(&self) -> Result<(), String> {
        match self.dead.iter().find(|(token, _)| !self.is_revoked(token)) {
            Some((_, label)) => Err(format!("{label} is called settled and is dead at the issuer")),
            None => Ok(()),
        }
    }

    fn keep(&self, mut into: &mut dyn Hasher, _: Outlook<'_>) {
        self.hash(&mut into);
    }
}

impl Memory {
    fn rests(&mut self, state: &State, live: &[String]) -> Result<(), String> {
        for entry in state.providers.values().flat_map(|slot| &slot.entries) {
            let Some(grant) = entry.grant() else { continue };
            let Some(refresh) = &grant.refresh else { continue };
            let is_live = live.iter().any(|token| token == refresh.expose_secret());
            if grant.custody == Custody::Settled && !is_live {
                self.dead.insert(refresh.expose_secret().to_owned(), entry.label.to_string());
            }
            if matches!(grant.custody, Custody::Lost(_)) && is_live {
                return Err(format!("{} is called lost and is the issuer's live one", entry.label));
            }
        }
        Ok(())
    }

    fn is_revoked(&self, token: &str) -> bool {
        let before = self.before.get(token);
        self.revoked.contains(token) || before.is_some_and(|before| !before.is_disjoint(&self.revoked))
    }
}

pub(super) fn witnessed(trace: &Trace) -> bool {
    trace.0.iter().enumerate().any(|(at, fact)| match fact {
        Fact::Died { who } => {
            let presented = trace
                .before(at)
                .any(|fact| matches!(fact, Fact::ActBegan { who: actor, deed: Deed::Present { .. } } if actor == who));
            let settled = trace.before(at).any(|fact| match fact {
                Fact::Stepped(step) => step.who == *who && matches!(step.event, Event::Settle(_)),
                _ => false,
            });
            presented && !settled
        }
        _ => false,
    })
}
