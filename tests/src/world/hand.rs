//! What one participant has in hand of the store.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};

use credlatch_core::engine::{Live, acts_of};
use credlatch_core::state::{Entry, Nonce, State};

use super::states::{About, about};

/// A state that was read or written.
#[derive(Clone)]
pub(super) struct Written {
    pub(super) state: Arc<State>,
    pub(super) about: Rc<About>,
    /// The id of the commit that wrote it.
    pub(super) id: Option<u64>,
}

impl Written {
    pub(super) fn new(state: &Arc<State>, id: Option<u64>) -> Self {
        Self { state: Arc::clone(state), about: about(state), id }
    }
}

/// What one participant has read of the store, and may still go by.
#[derive(Default)]
pub(super) struct Hand {
    pub(super) process: u32,
    pub(super) is_through: bool,
    pub(super) states: Vec<Written>,
    pub(super) words: Vec<Option<u64>>,
    pub(super) acts: Vec<Nonce>,
    /// The record that it holds between two steps.
    record: Option<Weak<Live>>,
    /// How many of each it had when it had observed so much.
    then: BTreeMap<u128, [usize; 3]>,
}

impl Hand {
    /// That of somebody in this process, with nothing in it.
    pub(super) fn of(process: u32) -> Self {
        Self { process, ..Self::default() }
    }

    pub(super) fn takes(&mut self, state: &Arc<State>, id: Option<u64>) {
        if !self.states.iter().any(|held| Arc::ptr_eq(&held.state, state)) {
            self.states.push(Written::new(state, id));
        }
    }

    pub(super) fn takes_word(&mut self, word: Option<u64>) {
        self.words.push(word);
    }

    /// It keeps an entry, and so the acts that this tells of.
    pub(super) fn takes_entry(&mut self, entry: &Entry) {
        self.acts.extend(acts_of(entry));
    }

    /// Whether it holds this record.
    pub(super) fn has(&self, live: &Arc<Live>) -> bool {
        self.record.as_ref().is_some_and(|held| held.as_ptr() == Arc::as_ptr(live))
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
