//! What an engine's cells hold, as far as anybody's future hangs on it: for an explorer of situations.

use std::any::Any;
use std::sync::Weak;

use super::group::Group;
use super::ledger::Ledger;
use super::snapshot::Live;
use super::unsaved::Unsaved;
use crate::port::Ports;
use crate::state::time::Stamp;
use crate::state::{Entry, Nonce, State};

/// What a cell of an engine holds beside what it publishes.
#[derive(Clone, Debug)]
pub enum Held {
    /// This.
    Told(String),
    /// What is noted beside the snapshots.
    Ledger {
        /// Since when the process has watched acts: that of an act that no state tells of is forgotten at the next load.
        watched: Vec<(Nonce, Stamp)>,
        /// The records that somebody holds. Whoever shows one of these versions again shows the same one.
        records: Vec<Weak<Live>>,
    },
}

/// What a cell of an engine holds; none if it isn't such a cell, or if only how it came to be tells it. Who holds a version is told by those
/// who do, and who reads by nothing: that is for where nobody waits for their end.
pub fn held<P: Ports>(value: &dyn Any) -> Option<Held> {
    let ledger = || value.downcast_ref::<Ledger>()?.told();
    let unsaved = || value.downcast_ref::<Vec<Unsaved<P>>>()?.is_empty().then(|| Held::Told(String::new()));
    let group = || value.downcast_ref::<Group<P>>()?.told().map(Held::Told);
    ledger().or_else(unsaved).or_else(group)
}

/// The acts of a state that a process watches.
pub fn acts(state: &State) -> impl Iterator<Item = Nonce> {
    state.entries().flat_map(acts_of)
}

/// The acts of an entry that a process watches.
pub fn acts_of(entry: &Entry) -> impl Iterator<Item = Nonce> {
    entry.grant().into_iter().flat_map(|grant| grant.custody.attempts())
}
