//! What participants have in hand of the store: words, documents and what their process has published. What lies in the memory of a process
//! can matter only to who has something in hand that it is compared with.

use std::collections::BTreeMap;
use std::hash::Hash;
use std::sync::{Arc, Weak};

use credlatch_core::engine::{Live, Snapshot};
use credlatch_core::state::time::Stamp;
use credlatch_core::state::{Nonce, State};

use super::digest::digest_fed;
use super::hand::{Hand, Written};
use super::holds::Holds;

/// What the memory of a process holds that may be old.
#[derive(Clone, Default)]
struct Memory {
    snapshot: Weak<Snapshot>,
    published: Option<Written>,
    /// What tells it apart.
    told: u128,
    watched: Vec<(Nonce, Stamp)>,
    records: Vec<Weak<Live>>,
}

/// A sign of life.
struct Sign {
    /// Whether it is over and has no answer.
    is_over: bool,
    told: u128,
    /// What somebody sees who looks at it now.
    seen: u128,
}

/// All that is in hands, the document, and what the memory of processes holds that may be old.
#[derive(Default)]
pub(super) struct Hands {
    of: Vec<Hand>,
    /// In these processes somebody uses credentials, which is counted in their records.
    counting: Vec<u32>,
    document: Option<Written>,
    memory: BTreeMap<u32, Memory>,
    signs: BTreeMap<Nonce, Sign>,
    /// What the clocks say for as long as anybody plays; nothing if they may go on.
    stand: Option<Stamp>,
}

impl Hands {
    pub(super) fn new(processes: &[u32], counting: &[u32]) -> Self {
        let of = processes.iter().copied().map(Hand::of).collect();
        Self { of, counting: counting.to_vec(), ..Self::default() }
    }

    pub(super) fn hand(&mut self, who: usize) -> Option<&mut Hand> {
        self.of.get_mut(who)
    }

    pub(super) fn process(&self, who: usize) -> Option<u32> {
        self.of.get(who).map(|hand| hand.process)
    }

    /// This document is there.
    pub(super) fn stands(&mut self, state: &Arc<State>, id: Option<u64>) {
        self.document = Some(Written::new(state, id));
    }

    /// The memory of a process holds this now; or a sign of life says it.
    pub(super) fn remembers(&mut self, process: Option<u32>, holds: Holds) {
        let memory = process.map(|process| self.memory.entry(process).or_default());
        match (holds, memory) {
            (Holds::Sign { name, is_over, told, seen }, _) => {
                self.signs.insert(name, Sign { is_over, told, seen });
            }
            (Holds::Published(snapshot, state, id, told), Some(memory)) => {
                (memory.snapshot, memory.published, memory.told) = (snapshot, Some(Written::new(&state, id)), told);
            }
            (Holds::Ledger { watched, records }, Some(memory)) => (memory.watched, memory.records) = (watched, records),
            _ => (),
        }
    }

    /// Whether nobody else is in the process of this one.
    pub(super) fn is_alone(&self, who: usize) -> bool {
        self.process(who).is_some_and(|process| self.of(process).count() == 1)
    }

    /// Whether somebody in the process of this one uses credentials.
    pub(super) fn is_counting(&self, who: usize) -> bool {
        self.process(who).is_some_and(|process| self.counting.contains(&process))
    }

    /// The clocks say this, and go on no more.
    pub(super) fn stand(&mut self, at: Stamp) {
        self.stand = Some(at);
    }

    /// Whether anybody in the process of this one can tell what a place in its memory held from what it holds now. Of an act that is watched
    /// since now nothing else is known than of one that isn't.
    pub(super) fn can_tell(&self, who: usize, before: &Holds, now: &Holds) -> bool {
        match (before, now) {
            (Holds::Told(before), Holds::Told(now)) => before != now,
            (Holds::Published(before, ..), Holds::Published(now, ..)) => !Weak::ptr_eq(before, now),
            (Holds::Ledger { watched: before, .. }, Holds::Ledger { watched: now, .. }) => {
                self.is_counting(who) || before.iter().chain(now).any(|(_, since)| Some(since) != self.stand.as_ref())
            }
            _ => true,
        }
    }

    /// The states that somebody in this process may still come up with, of those that are there.
    pub(super) fn states(&self, process: u32) -> impl Iterator<Item = &Written> {
        let published = self.published(process).filter(|published| self.may_be_looked_at(process, published.id));
        self.there(process).chain(published)
    }

    /// Whether this one may find that what is published under this id is what it looks for: the commit that its word names.
    pub(super) fn may_find(&self, who: usize, id: Option<u64>) -> bool {
        id.is_some() && self.of.get(who).is_some_and(|hand| hand.words.contains(&id))
    }

    /// What can make a difference to this one of what its process has published: whether it is what its word names, or what it has loaded.
    pub(super) fn told_of_published(&self, who: usize) -> Option<u128> {
        let hand = self.of.get(who)?;
        let memory = self.memory.get(&hand.process)?;
        let id = memory.published.as_ref()?.id;
        let is_known = hand.words.contains(&id) || hand.states.iter().any(|one| one.id == id);
        (id.is_some() && is_known).then_some(memory.told)
    }

    /// What can make a difference of what the process of this one has noted: the acts that it has watched, and where uses are counted,
    /// each record that may be shown, in the order in which they are: a commit finds what is published.
    pub(super) fn told_of_ledger(&self, who: usize) -> Option<u128> {
        self.ledger_in(self.of.get(who)?.process)
    }

    /// What whoever looks at a sign of life sees of it.
    pub(super) fn seen_of_sign(&self, name: Nonce) -> Option<u128> {
        let sign = self.signs.get(&name)?;
        self.may_be_asked_for(name, sign).then_some(sign.seen)
    }

    /// What can make a difference of all that is in hands, of signs of life, and of what the memory of processes holds in which somebody
    /// isn't through.
    pub(super) fn told(&self) -> u128 {
        digest_fed(|mut into| {
            for (name, sign) in self.signs.iter().filter(|(name, sign)| self.may_be_asked_for(**name, sign)) {
                ("sign", name.0, sign.told).hash(&mut into);
            }
            let all = || self.of.iter().enumerate().filter(|(_, hand)| !hand.is_through);
            for (who, hand) in all() {
                ("hand", who, hand.words.len()).hash(&mut into);
                self.words(hand).for_each(|word| word.hash(&mut into));
                // Two of one process are told alike of its memory.
                if all().all(|(other, one)| other >= who || one.process != hand.process) {
                    (self.published_in(hand.process), self.ledger_in(hand.process)).hash(&mut into);
                }
            }
        })
    }

    /// The words in this hand, as far as they can make a difference: a word, or an id, that is no more never comes back.
    fn words(&self, hand: &Hand) -> impl Iterator<Item = Option<u64>> {
        hand.words.iter().map(|word| word.filter(|_| self.is_compared(hand, *word)))
    }

    /// Whether whoever has this word in hand may find it to be the id of what it has loaded, of what it may load, or of what is
    /// published: that is never again a commit that others replaced.
    fn is_compared(&self, hand: &Hand, word: Option<u64>) -> bool {
        hand.states.iter().chain(&self.document).chain(self.published(hand.process)).any(|one| one.id == word)
    }

    fn may_be_looked_at(&self, process: u32, id: Option<u64>) -> bool {
        let mut words = self.of(process).flat_map(|hand| &hand.words);
        id.is_some() && (self.document.iter().any(|one| one.id == id) || words.any(|word| *word == id))
    }

    fn may_be_asked_for(&self, name: Nonce, sign: &Sign) -> bool {
        let mut there = self.of.iter().flat_map(|hand| &hand.states).chain(&self.document);
        // Who looks after one that is over does so for a claim, or has waited for its end.
        !sign.is_over || there.any(|one| one.about.claimants.contains(&name))
    }

    /// Whether somebody in this process may go by what was noted of this act.
    fn is_watched(&self, process: u32, act: Nonce) -> bool {
        let in_hand = self.of(process).any(|hand| hand.acts.contains(&act));
        in_hand || self.there(process).any(|one| one.about.acts.contains(&act))
    }

    fn published_in(&self, process: u32) -> Option<u128> {
        let memory = self.memory.get(&process)?;
        self.may_be_looked_at(process, memory.published.as_ref()?.id).then_some(memory.told)
    }

    fn ledger_in(&self, process: u32) -> Option<u128> {
        let Memory { watched, records, snapshot, .. } = self.memory.get(&process)?;
        Some(digest_fed(|mut into| {
            let makes_difference =
                |(act, since): &&(Nonce, Stamp)| Some(since) != self.stand.as_ref() && self.is_watched(process, *act);
            for (act, since) in watched.iter().filter(makes_difference) {
                ("watched", act.0, since).hash(&mut into);
            }
            if !self.counting.contains(&process) {
                return;
            }
            let published = snapshot.upgrade();
            for live in records.iter().filter_map(Weak::upgrade) {
                let is_published = published.as_ref().is_some_and(|snapshot| snapshot.shows(&live));
                if !is_published && !self.may_be_shown(&live) {
                    continue;
                }
                let Live { provider, label, version, expiry, .. } = &*live;
                ("record", provider, label, version, expiry, live.uses(), is_published).hash(&mut into);
                self.of.iter().for_each(|hand| hand.has(&live).hash(&mut into));
            }
        }))
    }

    /// Whether what is published some time may show this record: a version that the document doesn't have any more never comes back. Who
    /// still holds one of its records nothing tells, nor which.
    fn may_be_shown(&self, live: &Live) -> bool {
        let entry = self.document.as_ref().and_then(|one| one.state.entry(live.provider.as_str(), live.label.as_str()));
        entry.is_some_and(|entry| entry.version == live.version)
    }

    /// What somebody in this process has in hand, and the document.
    fn there(&self, process: u32) -> impl Iterator<Item = &Written> {
        self.of(process).flat_map(|hand| &hand.states).chain(&self.document)
    }

    fn of(&self, process: u32) -> impl Iterator<Item = &Hand> {
        self.of.iter().filter(move |hand| hand.process == process)
    }

    fn published(&self, process: u32) -> Option<&Written> {
        self.memory.get(&process)?.published.as_ref()
    }
}
