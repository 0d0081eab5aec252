//! What no sequence of events can make, and no reader should accept.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher};

use crate::machine::flow::LIVE_MAX_MS;
use crate::state::allowlist::MAX_ALLOWED;
use crate::state::moving::MAX_ADDRESS;
use crate::state::{MAX_COUNT, MAX_ENTRIES, State};

/// What was met. Each load and each commit asks this of each entry, and nobody but the user chooses what is in a profile.
type Seen<T> = HashSet<T, BuildHasherDefault<DefaultHasher>>;

pub(super) fn holds(state: &State) -> Result<(), String> {
    if state.generation.max(state.last_version).max(state.last_move) > MAX_COUNT {
        return Err("it counts further than anybody can".to_owned());
    }
    if state.moving.as_ref().is_some_and(|moving| moving.other.len() > MAX_ADDRESS) {
        return Err(format!("the address of another store is longer than {MAX_ADDRESS} bytes"));
    }
    let mut versions = Seen::default();
    if state.allowed.len() > MAX_ALLOWED {
        return Err(format!("more than {MAX_ALLOWED} variables are allowed"));
    }
    for (provider, slot) in &state.providers {
        if slot.entries.len() > MAX_ENTRIES {
            return Err(format!("{provider} has more than {MAX_ENTRIES} entries"));
        }
        let mut labels = Seen::with_capacity_and_hasher(slot.entries.len(), BuildHasherDefault::new());
        for entry in &slot.entries {
            if !labels.insert(&entry.label) {
                return Err(format!("{provider} has two entries of the label {:?}", entry.label.as_str()));
            }
            if entry.version > state.last_version || !versions.insert(entry.version) {
                return Err(format!(
                    "version {} of {provider}/{} was never given, or twice",
                    entry.version, entry.label
                ));
            }
        }
        if let Some(live) = &slot.flow
            && live.ends.from.age_ms(&live.started).saturating_add(live.ends.after_ms) > LIVE_MAX_MS
        {
            return Err(format!("the flow {} of {provider} would live longer than 900 s", live.id));
        }
    }
    Ok(())
}
