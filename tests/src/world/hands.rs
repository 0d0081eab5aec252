//! What participants have in hand of the store: words, documents and what their process has published. What lies in the memory of a process
//! can matter only to who has something in hand that it is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Weak};

use credlatch_core::engine::{Live, Snapshot, acts, acts_of};
use credlatch_core::state::time::Stamp;
use credlatch_core::state::{Entry, Nonce, State};

use super::digest::digest;
use super::holds::Holds;

/// A state, and the id of the commit that wrote it.
type Written = (Arc<State>, Option<u64>);

/// What one participant has read of the store, and may still go by.
#[derive(Default)]
pub(super) struct Hand {
    process: u32,
    is_through: bool,
    states: Vec<Written>,
    words: Vec<Option<u64>>,
    acts: Vec<Nonce>,
    /// The record that it holds between two steps.
    record: Option<Weak<Live>>,
    /// How many of each it had when it had observed so much.
    then: BTreeMap<u128, [usize; 3]>,
}

impl Hand {
    pub(super) fn takes(&mut self, state: &Arc<State>, id: Option<u64>) {
        if !self.states.iter().any(|(held, _)| Arc::ptr_eq(held, state)) {
            self.states.push((Arc::clone(state), id));
        }
    }

    pub(super) fn takes_word(&mut self, word: Option<u64>) {
        self.words.push(word);
    }

    /// It keeps an entry, and so the acts that this tells of.
    pub(super) fn takes_entry(&mut self, entry: &Entry) {
        self.acts.extend(acts_of(entry));
    }

    /// It holds this record from now on, or none.
    pub(super) fn holds(&mut self, record: Option<&Arc<Live>>) {
        self.record = record.map(Arc::downgrade);
    }

    /// It has observed so much, and may say later that it keeps nothing of what it comes by from now on.
    pub(super) fn notes(&mut self, observed: u128) {
        self.then.insert(observed, self.count());
    }

    /// It keeps nothing of what it came by since then.
    pub(super) fn lets_go(&mut self, since: u128) {
        let Some(held @ [states, words, acts]) = self.then.get(&since).copied() else { return };
        self.states.truncate(states);
        self.words.truncate(words);
        self.acts.truncate(acts);
        self.then.retain(|_, then| then.iter().zip(held).all(|(then, held)| *then <= held));
    }

    fn count(&self) -> [usize; 3] {
        [self.states.len(), self.words.len(), self.acts.len()]
    }

    /// It does nothing more.
    pub(super) fn ends(&mut self) {
        *self = Self { process: self.process, is_through: true, ..Self::default() };
    }
}

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
}

/// Which words, and what in the memory of a process, can make a difference to it.
struct Matters {
    /// A word may be compared with the ids of these.
    words: BTreeSet<u64>,
    /// The id of what is published may be compared with these.
    ids: BTreeSet<u64>,
    acts: BTreeSet<Nonce>,
}

impl Hands {
    pub(super) fn new(processes: &[u32], counting: &[u32]) -> Self {
        let of = processes.iter().map(|process| Hand { process: *process, ..Hand::default() }).collect();
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
        self.document = Some((Arc::clone(state), id));
    }

    /// The memory of a process holds this now; or a sign of life says it.
    pub(super) fn remembers(&mut self, process: Option<u32>, holds: Holds) {
        let memory = process.map(|process| self.memory.entry(process).or_default());
        match (holds, memory) {
            (Holds::Sign { name, is_over, told, seen }, _) => {
                self.signs.insert(name, Sign { is_over, told, seen });
            }
            (Holds::Published(snapshot, state, id, told), Some(memory)) => {
                (memory.snapshot, memory.published, memory.told) = (snapshot, Some((state, id)), told);
            }
            (Holds::Ledger { watched, records }, Some(memory)) => (memory.watched, memory.records) = (watched, records),
            _ => (),
        }
    }

    /// The states that somebody in this process may still come up with, of those that are there.
    pub(super) fn states(&self, process: u32) -> impl Iterator<Item = &Written> {
        let published = self.published(process).filter(|(_, id)| self.may_be_looked_at(process, *id));
        self.in_hand(process).chain(&self.document).chain(published)
    }

    /// Whether somebody in the process of this one may find that what is published under this id is what it looks for.
    pub(super) fn may_find(&self, who: usize, id: Option<u64>) -> bool {
        self.of.get(who).is_some_and(|hand| self.may_be_looked_at(hand.process, id))
    }

    /// The words that this participant has in hand, as far as they can make a difference: a word, or an id, that is no more never comes
    /// back.
    pub(super) fn words(&self, who: usize) -> Vec<Option<u64>> {
        let Some(hand) = self.of.get(who).filter(|hand| !hand.words.is_empty()) else { return Vec::new() };
        let matters = self.matters(hand.process);
        hand.words.iter().map(|word| word.filter(|word| matters.words.contains(word))).collect()
    }

    /// What can make a difference of what the process of this one has published.
    pub(super) fn told_of_published(&self, who: usize) -> Option<u128> {
        let process = self.of.get(who)?.process;
        let (_, id) = self.published(process)?;
        self.may_be_looked_at(process, *id).then(|| self.memory(process).map(|memory| memory.told)).flatten()
    }

    /// What can make a difference of what the process of this one has noted: the acts that it has watched, and where uses are counted,
    /// each record that somebody holds, in the order in which they are shown again: a commit finds what is published.
    pub(super) fn told_of_ledger(&self, who: usize) -> Option<u128> {
        let process = self.of.get(who)?.process;
        let Memory { watched, records, snapshot, .. } = self.memory(process)?;
        let acts = if watched.is_empty() { BTreeSet::new() } else { self.matters(process).acts };
        let watched = watched.iter().filter(|(act, _)| acts.contains(act)).map(|it| format!("{it:?}"));
        let held: Vec<Arc<Live>> = records.iter().filter_map(Weak::upgrade).collect();
        let published = snapshot.upgrade();
        let tell = |live: &Arc<Live>| {
            let is_published = published.as_ref().is_some_and(|snapshot| snapshot.shows(live));
            let holds = |hand: &&Hand| hand.record.as_ref().is_some_and(|record| record.as_ptr() == Arc::as_ptr(live));
            let holders: Vec<usize> =
                (0..self.of.len()).filter(|who| self.of.get(*who).is_some_and(|hand| holds(&hand))).collect();
            let Live { provider, label, version, expiry, .. } = &**live;
            format!("{provider} {label} {version} {expiry:?} {} {is_published} {holders:?}", live.uses())
        };
        let counts = self.counting.contains(&process);
        let told: Vec<String> = held.iter().filter(|_| counts).map(tell).collect();
        Some(digest((watched.collect::<Vec<_>>(), told)))
    }

    /// What can make a difference of a sign of life. Who looks after one that is over does so for a claim, or has waited for its end.
    pub(super) fn told_of_sign(&self, name: Nonce) -> Option<u128> {
        let sign = self.signs.get(&name)?;
        self.may_be_asked_for(name, sign).then_some(sign.told)
    }

    /// What whoever looks at a sign of life sees of it.
    pub(super) fn seen_of_sign(&self, name: Nonce) -> Option<u128> {
        let sign = self.signs.get(&name)?;
        self.may_be_asked_for(name, sign).then_some(sign.seen)
    }

    fn may_be_asked_for(&self, name: Nonce, sign: &Sign) -> bool {
        let there = self.of.iter().flat_map(|hand| &hand.states).chain(&self.document);
        let mut claims = there.flat_map(|(state, _)| state.claims());
        !sign.is_over || claims.any(|claim| claim.actor.name == name)
    }

    /// What can make a difference of all that is in hands, of signs of life, and of what the memory of processes holds in which somebody
    /// isn't through.
    pub(super) fn told(&self) -> u128 {
        let signs = self.signs.keys().filter_map(|name| Some((name.0, self.told_of_sign(*name)?)));
        let all = (0..self.of.len()).filter(|who| !self.of[*who].is_through);
        let all = all.map(|who| (who, self.words(who), self.told_of_published(who), self.told_of_ledger(who)));
        digest((signs.collect::<Vec<_>>(), all.collect::<Vec<_>>()))
    }

    fn in_hand(&self, process: u32) -> impl Iterator<Item = &Written> {
        self.of.iter().filter(move |hand| hand.process == process).flat_map(|hand| &hand.states)
    }

    fn memory(&self, process: u32) -> Option<&Memory> {
        self.memory.get(&process)
    }

    fn published(&self, process: u32) -> Option<&Written> {
        self.memory(process)?.published.as_ref()
    }

    fn may_be_looked_at(&self, process: u32, id: Option<u64>) -> bool {
        id.is_some_and(|id| self.matters(process).ids.contains(&id))
    }

    fn matters(&self, process: u32) -> Matters {
        let words = self.of.iter().filter(|hand| hand.process == process).flat_map(|hand| &hand.words);
        let in_hand = self.of.iter().filter(|hand| hand.process == process).flat_map(|hand| &hand.acts);
        let there: Vec<&Written> = self.in_hand(process).chain(&self.document).collect();
        let ids = |all: &[&Written]| all.iter().filter_map(|(_, id)| *id).collect::<BTreeSet<u64>>();
        let published: Vec<&Written> = self.published(process).into_iter().collect();
        Matters {
            words: ids(&there).into_iter().chain(ids(&published)).collect(),
            ids: ids(&there).into_iter().chain(words.copied().flatten()).collect(),
            acts: there.iter().flat_map(|(state, _)| acts(state)).chain(in_hand.copied()).collect(),
        }
    }
}
