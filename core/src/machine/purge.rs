//! Forgetting what is past its time.

use super::flow;
use super::outcome::{Output, Verdict};
use crate::state::time::Stamp;
use crate::state::{Entry, Slot, Source, State};

/// How long a dead entry that a person set is kept, so that its verdict can be read.
pub const DEAD_KEPT_MS: u64 = 86_400_000;

/// Ends logins whose time is up, and forgets those that ended long ago and entries that are long dead; what stands against
/// the token of one that goes is remembered.
pub(super) fn purge(state: &mut State, now: &Stamp) -> Output {
    let mut found = false;
    let mut pruned = Vec::new();
    for slot in state.providers.values_mut() {
        found |= flow::lapse(slot, now);
        found |= flow::forget_ended(slot, now);
        pruned.extend(prune(slot, now));
    }
    for entry in &pruned {
        state.retire(entry);
    }
    if found || !pruned.is_empty() { Verdict::Done.into() } else { Verdict::Nothing.into() }
}

/// Takes out the entries that a person set and a provider declared dead a day ago.
fn prune(slot: &mut Slot, now: &Stamp) -> Vec<Entry> {
    let is_over = |entry: &Entry| {
        let expired = entry.health.dead.as_ref().is_some_and(|dead| now.age_ms(&dead.at) >= DEAD_KEPT_MS);
        expired && entry.source == Source::Manual
    };
    slot.entries.extract(is_over)
}
