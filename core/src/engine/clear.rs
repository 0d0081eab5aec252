//! Clearing, and waiting until nobody holds what was cleared.

use super::Engine;
use super::ledger::Key;
use super::origins::Withheld;
use super::transact::TransactError;
use crate::machine::clear::{Clear, Remove};
use crate::machine::{Effect, Event};
use crate::port::{Cell, Clock, Ports};
use crate::state::State;
use crate::state::name::{Label, ProviderId};
use crate::state::rewrite::Rewrite;

/// What a clear took away.
#[derive(Clone, Debug)]
pub struct Cleared {
    /// The entries that are gone: provider and label.
    pub entries: Vec<(ProviderId, Label)>,
    /// Grants to revoke at their issuers.
    pub effects: Vec<Effect>,
    /// Grants that may not be named to the issuer, because its row names another origin than the grant came from.
    pub withheld: Vec<Withheld>,
    /// The entries that stay and hold the same secret or link as one that is gone: so it is not revoked.
    pub held: Vec<(ProviderId, Label)>,
    /// Whether a grant among them is not to be revoked, because another copy of the store may live on it.
    pub has_shared: bool,
    /// The generation from which on readers see nothing of it.
    pub generation: u64,
    keys: Vec<Key>,
    readers: Vec<u64>,
}

impl<P: Ports> Engine<P> {
    /// Clears a provider, or everything, in one commit.
    ///
    /// # Errors
    /// The store can't be locked, read or written; then nothing is cleared.
    pub fn clear(&self, clear: Clear) -> Result<Cleared, TransactError> {
        self.take_away(&[Event::Clear(clear)])
    }

    /// The same, and in that commit it is written down which lines of a `.env` file are to go with it.
    ///
    /// # Errors
    /// As [`Engine::clear`].
    pub fn clear_owing(&self, clear: Clear, owed: Rewrite) -> Result<Cleared, TransactError> {
        self.take_away(&[Event::Clear(clear), Event::OweRewrite(owed)])
    }

    /// Removes one entry.
    ///
    /// # Errors
    /// The store can't be locked, read or written; then nothing is removed.
    pub fn remove(&self, provider: ProviderId, label: Label) -> Result<Cleared, TransactError> {
        self.take_away(&[Event::Remove(Remove { provider, label })])
    }

    fn take_away(&self, events: &[Event]) -> Result<Cleared, TransactError> {
        let done = self.transact(events)?;
        let keys = gone(&done.before, &done.after.state);
        let entries = keys.iter().map(|(provider, label, _)| (provider.clone(), label.clone())).collect();
        let is_shared = |(provider, label, _): &Key| {
            let entry = done.before.entry(provider.as_str(), label.as_str());
            let grant = entry.and_then(|entry| entry.grant());
            grant.is_some_and(|grant| grant.refresh.is_some() && (done.shared.is_some() || grant.shared.is_some()))
        };
        let has_shared = keys.iter().any(is_shared);
        let held = holders(&done.before, &done.after.state, &keys);
        // What was replaced in this very transaction is held by readers who know nothing of that.
        let replaced = gone(&done.loaded, &done.after.state).into_iter().filter(|key| !keys.contains(key));
        let keys = keys.iter().cloned().chain(replaced).collect();
        // Whoever registers from now on reads the store after the commit.
        let readers = self.readers();
        let (effects, withheld, generation) = (done.effects, done.withheld, done.after.state.generation);
        Ok(Cleared { entries, effects, withheld, held, has_shared, generation, keys, readers })
    }

    /// Whether nobody in this process holds a cleared version any more, and no reader can still come up with one. Copies
    /// that a caller made of the bytes are the caller's.
    pub fn is_drained(&self, cleared: &Cleared) -> bool {
        self.is_free_of(cleared, &cleared.readers)
    }

    /// Who is reading at this moment, by number.
    pub fn readers(&self) -> Vec<u64> {
        self.ledger.read(|ledger| ledger.readers().to_vec())
    }

    /// The same for what another engine on this store has cleared: whether nobody holds it here, and none of these readers
    /// can come up with it. Asked right after the clear, [`Engine::readers`] are all that could.
    pub fn is_free_of(&self, cleared: &Cleared, readers: &[u64]) -> bool {
        self.ledger.read(|ledger| {
            let reading = readers.iter().any(|ticket| ledger.readers().contains(ticket));
            !reading && !cleared.keys.iter().any(|key| ledger.is_held(key))
        })
    }

    /// Waits until [`Engine::is_drained`], at most so long. Returns whether it is.
    pub fn drain(&self, cleared: &Cleared, timeout_ms: u64) -> bool {
        let began = self.clock.now();
        loop {
            if self.is_drained(cleared) {
                return true;
            }
            let spent_ms = self.clock.now().since_ms(&began);
            if spent_ms >= timeout_ms {
                return false;
            }
            self.clock.pause((timeout_ms - spent_ms).min(5));
        }
    }
}

/// The entries that stay and hold what one of those that are gone held.
fn holders(before: &State, after: &State, gone: &[Key]) -> Vec<(ProviderId, Label)> {
    let entry = |(provider, label, _): &Key| before.entry(provider.as_str(), label.as_str());
    let prints: Vec<_> = gone.iter().filter_map(entry).map(|entry| entry.material.fingerprint()).collect();
    let staying =
        after.providers.iter().flat_map(|(provider, slot)| slot.entries.iter().map(move |entry| (provider, entry)));
    let holding = staying.filter(|(_, entry)| prints.contains(&entry.material.fingerprint()));
    holding.map(|(provider, entry)| (provider.clone(), entry.label.clone())).collect()
}

/// The versions that were there before, of entries that are not there any more.
fn gone(before: &State, after: &State) -> Vec<Key> {
    let keys = before.providers.iter().flat_map(|(provider, slot)| {
        slot.entries.iter().map(move |entry| (provider.clone(), entry.label.clone(), entry.version))
    });
    keys.filter(|(provider, label, _)| after.entry(provider.as_str(), label.as_str()).is_none()).collect()
}
