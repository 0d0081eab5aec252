//! Writing down where a grant came from.

use super::outcome::{Output, Verdict};
use crate::state::State;
use crate::state::name::{Label, ProviderId};
use crate::state::origin::Origins;

/// Write down where a grant came from. It is written once; only an accepted move changes it.
#[derive(Clone, Debug, PartialEq)]
pub struct NameOrigins {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// Its version.
    pub version: u64,
    /// Where it came from.
    pub origins: Origins,
}

pub(crate) fn name(state: &mut State, name: &NameOrigins) -> Output {
    let slot = state.providers.get_mut(&name.provider);
    let entry = slot.and_then(|slot| slot.entry_mut(name.label.as_str())).filter(|entry| entry.version == name.version);
    match entry.and_then(|entry| entry.grant_mut()) {
        Some(grant) if grant.origins.is_none() => {
            grant.origins = Some(name.origins.clone());
            Verdict::Done.into()
        }
        _ => Verdict::Stale.into(),
    }
}

#[cfg(test)]
mod tests;
