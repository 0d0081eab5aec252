//! Counting how often readers used entries.

use std::collections::BTreeMap;

use crate::machine::outcome::{Output, Verdict};
use crate::state::name::{Label, ProviderId};
use crate::state::{Entry, State};

/// How often readers used entries.
#[derive(Clone, Debug, PartialEq)]
pub struct CountUses {
    /// The provider.
    pub provider: ProviderId,
    /// Uses by label.
    pub uses: BTreeMap<Label, u64>,
}

pub(crate) fn count_uses(state: &mut State, count: &CountUses) -> Output {
    let Some(slot) = state.providers.get_mut(&count.provider) else { return Verdict::Stale.into() };
    let mut found = false;
    let used = |entry: &Entry| count.uses.get(&entry.label).copied().unwrap_or(0);
    for entry in slot.entries.which_mut(|entry| used(entry) > 0) {
        entry.health.uses = entry.health.uses.saturating_add(used(entry));
        found = true;
    }
    if found { Verdict::Done.into() } else { Verdict::Nothing.into() }
}
