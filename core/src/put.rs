//! Storing an entry: by its name, or as one of many that an import brings.

use crate::machine::{Outcome, Refusal, Verdict};
use crate::name::{Label, ProviderId};
use crate::pool::Health;
use crate::secret::Fingerprint;
use crate::state::{Custody, Entry, Grant, MAX_ENTRIES, Material, Slot, Source, State, Tombstone};

/// Store an entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// The provider.
    pub provider: ProviderId,
    /// The label; an entry of the same label is replaced.
    pub label: Label,
    /// The credential; a grant is put as settled, whatever custody it names.
    pub material: Material,
    /// Where it comes from.
    pub source: Source,
    /// Digest of what identifies it.
    pub fingerprint: Fingerprint,
    /// Whether somebody named this very entry.
    pub how: How,
}

/// How an entry came to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// A person or a program named it: it replaces what has its label, and comes back even if it was cleared.
    Named,
    /// An import swept it up: it replaces nothing, and what was cleared stays cleared.
    Bulk,
}

/// Another account appeared behind a link.
#[derive(Clone, Debug, PartialEq)]
pub struct SuspendLink {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The version that was seen.
    pub version: u64,
}

pub(crate) fn put(state: &mut State, put: &Put) -> Outcome {
    if let Some(slot) = state.slot(put.provider.as_str()) {
        if let Some(refusal) = objection(slot, put) {
            return refusal.into();
        }
        if is_there_already(slot, put) {
            return Verdict::Nothing.into();
        }
    }
    store(state, put);
    Verdict::Done.into()
}

fn objection(slot: &Slot, put: &Put) -> Option<Refusal> {
    let same_label = slot.entry(put.label.as_str());
    if put.how == How::Bulk {
        let is_link = matches!(put.material, Material::Link(_));
        let buried = |grave: &Tombstone| {
            grave.fingerprint == put.fingerprint || (grave.source == put.source && (grave.link || is_link))
        };
        if slot.cleared.iter().any(buried) {
            return Some(Refusal::Cleared);
        }
        if same_label.is_some_and(|entry| entry.fingerprint != put.fingerprint) {
            return Some(Refusal::LabelTaken);
        }
    }
    match same_label {
        // These bytes were rejected by the issuer; putting them back would only present them again.
        Some(entry) if entry.is_lost() && entry.fingerprint == put.fingerprint => Some(Refusal::Lost),
        None if slot.entries.len() >= MAX_ENTRIES => Some(Refusal::Full),
        _ => None,
    }
}

/// The same secret put again changes nothing as long as nothing is held against it: a claim on it goes on.
fn is_there_already(slot: &Slot, put: &Put) -> bool {
    let same = |entry: &&Entry| entry.fingerprint == put.fingerprint && same_secret(&entry.material, &put.material);
    match put.how {
        How::Bulk => slot.entries.iter().any(|entry| same(&entry)),
        How::Named => slot.entry(put.label.as_str()).filter(same).is_some_and(|entry| entry.health.is_clean()),
    }
}

fn same_secret(a: &Material, b: &Material) -> bool {
    match (a, b) {
        (Material::ApiKey(a), Material::ApiKey(b)) => a == b,
        (Material::Oauth(a), Material::Oauth(b)) => a.access == b.access && a.refresh == b.refresh,
        (Material::Link(a), Material::Link(b)) => a == b,
        _ => false,
    }
}

/// Writes the entry over the one of its label, or at the end of the pool, and forgets that it was ever cleared.
pub(crate) fn store(state: &mut State, put: &Put) {
    let known = state.entry(put.provider.as_str(), put.label.as_str());
    let kept = known.filter(|entry| same_secret(&entry.material, &put.material)).cloned();
    let entry = match kept {
        // The secret is the same, so its version stays; what was held against it is forgiven.
        Some(entry) => Entry { source: put.source.clone(), health: Health::default(), ..entry },
        None => Entry {
            label: put.label.clone(),
            version: state.next_version(),
            source: put.source.clone(),
            fingerprint: put.fingerprint,
            material: settled(&put.material),
            health: Health::default(),
            extra: crate::extra::Extra::default(),
        },
    };
    let slot = state.slot_mut(&put.provider);
    slot.cleared
        .retain(|grave| grave.fingerprint != entry.fingerprint && !(grave.link && grave.source == entry.source));
    match slot.entry_mut(put.label.as_str()) {
        Some(place) => *place = entry,
        None => slot.entries.push(entry),
    }
}

fn settled(material: &Material) -> Material {
    match material {
        Material::Oauth(grant) => Material::Oauth(Box::new(Grant { custody: Custody::Settled, ..Grant::clone(grant) })),
        other => other.clone(),
    }
}

pub(crate) fn suspend_link(state: &mut State, suspend: &SuspendLink) -> Outcome {
    let Some(slot) = state.providers.get_mut(&suspend.provider) else { return Verdict::Stale.into() };
    let Some(entry) = slot.entry_mut(suspend.label.as_str()) else { return Verdict::Stale.into() };
    match &mut entry.material {
        Material::Link(link) if entry.version == suspend.version && !link.suspended => {
            link.suspended = true;
            Verdict::Done.into()
        }
        _ => Verdict::Stale.into(),
    }
}

#[cfg(test)]
mod tests;
