//! Where grants came from: written down by the commit that stores them, and asked before one is named to an issuer.

use super::Engine;
use crate::machine::origins::NameOrigins;
use crate::machine::{Effect, Event};
use crate::port::{Answer, Ports};
use crate::state::name::ProviderId;
use crate::state::origin::{Origin, Reach};
use crate::state::{Entry, State};

/// A revocation that isn't asked for, because it would name a grant to another origin than it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withheld {
    /// The provider.
    pub provider: ProviderId,
    /// Where the grant would have been revoked when it came.
    pub from: Option<Origin>,
    /// Where its provider's row would send it now.
    pub to: Option<Origin>,
}

impl<P: Ports> Engine<P> {
    pub(super) fn reach(&self, provider: &ProviderId) -> Option<Reach> {
        self.rows.as_ref()?.reach(provider)
    }

    /// What is to be written down beside a change. What was there before comes from an older version, and from the row that
    /// ships as far as anybody knows; what is new comes from the row in use.
    pub(super) fn unnamed(&self, before: &State, after: &State) -> Vec<Event> {
        let mut events = Vec::new();
        for (provider, slot) in &after.providers {
            let is_unnamed = |entry: &&Entry| entry.grant().is_some_and(|grant| grant.origins.is_none());
            let mut unnamed = slot.entries.iter().filter(is_unnamed).peekable();
            if unnamed.peek().is_none() {
                continue;
            }
            let Some(reach) = self.reach(provider) else { continue };
            events.extend(unnamed.map(|entry| {
                let old = before.entry(provider.as_str(), entry.label.as_str());
                let was_there = old.is_some_and(|old| old.version == entry.version);
                let origins = if was_there { reach.usual.clone() } else { reach.present.clone() };
                let (provider, label) = (provider.clone(), entry.label.clone());
                Event::NameOrigins(NameOrigins { provider, label, version: entry.version, origins })
            }));
        }
        events
    }

    /// Takes out the revocations that would go to another origin than the grant's, and returns them: of grants that are
    /// stored, and of those that others wrote down. What this process was granted has just come from the row in use.
    pub(super) fn withhold_revocations(
        &self,
        stored: &[&State],
        written: &[Answer],
        effects: &mut Vec<Effect>,
    ) -> Vec<Withheld> {
        let mut withheld = Vec::new();
        effects.retain(|effect| {
            let held_back = self.held_back(stored, written, effect);
            let goes = held_back.is_none();
            withheld.extend(held_back);
            goes
        });
        withheld
    }

    fn held_back(&self, stored: &[&State], written: &[Answer], effect: &Effect) -> Option<Withheld> {
        let Effect::Revoke { provider, token } = effect else { return None };
        let slots = stored.iter().filter_map(|state| state.slot(provider.as_str()));
        let grants = slots.flat_map(|slot| slot.entries.iter().filter_map(Entry::grant));
        let of_grants = grants.filter(|grant| grant.revocable() == token).map(|grant| grant.origins.as_ref());
        let answers = written.iter().filter(|answer| answer.fresh.revocable() == token);
        let remembered = of_grants.chain(answers.map(|answer| answer.origins.as_ref())).collect::<Vec<_>>();
        let reach = self.reach(provider)?;
        let from = remembered.into_iter().find(|from| !reach.admits_revocation(*from))?;
        let from = from.unwrap_or(&reach.usual).revocation.clone();
        Some(Withheld { provider: provider.clone(), from, to: reach.present.revocation })
    }
}
