//! What one participant goes by: what it has observed and may still need, and what the memory of its process holds.

use std::collections::BTreeMap;
use std::hash::Hash;

use super::digest::digest;

/// All that a participant's future hangs on beside what is shared.
#[derive(Hash)]
pub(super) struct Mind {
    observed: u128,
    /// How many nonces it has drawn: the next one is called by that.
    nonces: u32,
    /// How many places it has made.
    places: u32,
    /// What the memory of its process holds, by the place, if it is alone in it.
    memory: BTreeMap<u128, u128>,
    /// What it did outside: others may learn of that when it is through.
    deeds: u128,
}

impl Mind {
    /// One that has observed nothing. Two that have observed alike are two.
    pub(super) fn new(who: usize) -> Self {
        Self { observed: digest(("who", who)), nonces: 0, places: 0, memory: BTreeMap::new(), deeds: 0 }
    }

    pub(super) fn observed(&self) -> u128 {
        self.observed
    }

    pub(super) fn observes(&mut self, what: impl Hash) {
        self.observed = digest((self.observed, what));
    }

    /// Of what it has observed since then it keeps only this.
    pub(super) fn keeps_only(&mut self, since: u128, what: u128) {
        self.observed = digest(("keeps", since, what));
    }

    pub(super) fn draws(&mut self) {
        self.nonces += 1;
    }

    /// The name of a place that it makes. Two that it makes without a look between them are told apart by their number.
    pub(super) fn makes_place(&mut self) -> u128 {
        self.places += 1;
        digest(("made", self.observed, self.places))
    }

    /// Where it can't be told what a place in memory holds, that is told by how it came to be.
    pub(super) fn remembers(&mut self, at: u128, holds: Option<u128>) {
        let before = self.memory.get(&at).copied();
        let holds = holds.unwrap_or_else(|| digest((before, self.observed)));
        self.memory.insert(at, holds);
    }

    pub(super) fn acts(&mut self, what: &str) {
        self.deeds = digest((self.deeds, what));
    }

    pub(super) fn deeds(&self) -> u128 {
        self.deeds
    }

    /// It is through, and nobody comes by what it knew, but for this.
    pub(super) fn ends(&mut self, with: u128) {
        let observed = digest(("through", with));
        *self = Self { observed, nonces: 0, places: 0, memory: BTreeMap::new(), deeds: 0 };
    }
}
