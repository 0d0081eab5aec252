//! Storing an entry: by its name, or as one of many that an import brings.

use super::outcome::{Output, Refusal, Verdict};
use crate::state::extra::Extra;
use crate::state::health::EntryHealth;
use crate::state::known::Fate;
use crate::state::mark::Recognised;
use crate::state::name::{Label, ProviderId};
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
    /// Whether somebody named this very entry.
    pub how: PutMode,
}

/// How an entry came to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PutMode {
    /// A person or a program named it: it replaces what has its label, and comes back even if it was cleared.
    Named,
    /// The same, though its issuer rejected its refresh token or gave another for it: a person knows better.
    Again,
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

pub(crate) fn put(state: &mut State, put: &Put) -> Output {
    if let Some(slot) = state.slot(put.provider.as_str()) {
        if let Some(refusal) = objection(state, slot, put) {
            return refusal.into();
        }
        if put.how == PutMode::Bulk && slot.entries.iter().any(|entry| same_secret(&entry.material, &put.material)) {
            return Verdict::Nothing.into();
        }
    }
    // Putting dead bytes back would only present them again.
    match fate(state, put) {
        Some(Fate::Lost(_)) if put.how != PutMode::Again => return Refusal::Lost.into(),
        Some(Fate::Spent) if put.how != PutMode::Again => return Refusal::Spent.into(),
        _ => {}
    }
    let before = state.clone();
    store(state, put, Voucher::Nobody);
    // The same again changes nothing as long as nothing is held against it: a claim on it goes on.
    let known = before.entry(put.provider.as_str(), put.label.as_str());
    let is_same = |entry: &&Entry| same_secret(&entry.material, &put.material);
    if known.is_some_and(|entry| is_same(&entry) && entry.health.is_clean() && says_the_same(entry, state, put)) {
        *state = before;
        return Verdict::Nothing.into();
    }
    Verdict::Done.into()
}

/// Who says that a refresh token is the issuer's live one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Voucher {
    /// Nobody: it was read somewhere.
    Nobody,
    /// The issuer, which gave it just now.
    Issuer,
}

/// What stands against the refresh token that is put.
fn fate(state: &State, put: &Put) -> Option<Fate> {
    state.fate_of(put.material.refresh()?)
}

/// Whether storing it changed nothing of the credential itself.
fn says_the_same(before: &Entry, after: &State, put: &Put) -> bool {
    after.entry(put.provider.as_str(), put.label.as_str()).is_some_and(|entry| {
        match (&before.material, &entry.material) {
            // When a token was received says nothing of what it is good for.
            (Material::Oauth(a), Material::Oauth(b)) => Grant { issued: b.issued, ..Grant::clone(a) } == **b,
            (a, b) => a == b,
        }
    })
}

fn objection(state: &State, slot: &Slot, put: &Put) -> Option<Refusal> {
    let same_label = slot.entry(put.label.as_str());
    if put.how == PutMode::Bulk {
        let print = put.material.fingerprint();
        let sought = state.seek(print);
        let is_link = matches!(put.material, Material::Link(_));
        let of_source = |tombstone: &&Tombstone| tombstone.source == put.source;
        if slot
            .cleared
            .iter()
            .any(|tombstone| sought.is(&tombstone.mark) || (of_source(&tombstone) && (tombstone.link || is_link)))
        {
            return Some(Refusal::Cleared);
        }
        // Whether it was this can't be told any more, so it may have been.
        let is_unknown = |tombstone: &Tombstone| sought.recognised(&tombstone.mark) == Recognised::Unknown;
        if slot.cleared.iter().filter(of_source).any(is_unknown) {
            return Some(Refusal::MayBeCleared);
        }
        if same_label.is_some_and(|entry| entry.fingerprint != print) {
            return Some(Refusal::LabelTaken);
        }
    }
    match same_label {
        None if slot.entries.len() >= MAX_ENTRIES => Some(Refusal::Full),
        _ => None,
    }
}

/// Whether the provider's pool has no place for one more entry, and this would be one.
pub(crate) fn is_full(state: &State, put: &Put) -> bool {
    let slot = state.slot(put.provider.as_str());
    slot.is_some_and(|slot| slot.entry(put.label.as_str()).is_none() && slot.entries.len() >= MAX_ENTRIES)
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
pub(crate) fn store(state: &mut State, put: &Put, voucher: Voucher) {
    let custody = custody(state, put, voucher);
    // What the issuer gave just now is in no copy; what anybody else brings may be.
    let brought = put.material.refresh().filter(|_| voucher == Voucher::Nobody);
    let shared = brought.and_then(|refresh| state.shared_of(refresh));
    let known = state.entry(put.provider.as_str(), put.label.as_str());
    let kept = known.filter(|entry| same_secret(&entry.material, &put.material)).cloned();
    let entry = match kept {
        // The secret is the same, so its version stays; what was held against it is forgiven.
        Some(entry) => {
            let material = renewed(&entry.material, &put.material);
            Entry { source: put.source.clone(), health: EntryHealth::default(), material, ..entry }
        }
        None => Entry {
            label: put.label.clone(),
            version: state.next_version(),
            source: put.source.clone(),
            fingerprint: put.material.fingerprint(),
            material: settled(&put.material),
            health: EntryHealth::default(),
            extra: Extra::default(),
        },
    };
    let sought = state.seek(put.material.fingerprint());
    let slot = state.slot_mut(&put.provider);
    // Naming what comes from a source also lifts what can't be told from it.
    let may_be = |tombstone: &Tombstone| tombstone.link || sought.recognised(&tombstone.mark) == Recognised::Unknown;
    slot.cleared
        .retain(|tombstone| !(sought.is(&tombstone.mark) || tombstone.source == entry.source && may_be(tombstone)));
    let replaced = slot.entry_mut(put.label.as_str()).map(|place| std::mem::replace(place, entry.clone()));
    if replaced.is_none() {
        slot.entries.push(entry);
    }
    if let Some(refresh) = put.material.refresh() {
        state.forget_token(refresh);
        state.set_custody(refresh, &custody);
        state.set_shared(refresh, shared);
    }
    if let Some(replaced) = replaced {
        state.retire(&replaced);
    }
}

/// Whose a refresh token is that is put. A living actor's claim on it goes on whoever brings it; a doubt, and a rejection, end
/// when the issuer itself gives it, and a person who insists ends a rejection.
fn custody(state: &State, put: &Put, voucher: Voucher) -> Custody {
    match fate(state, put) {
        Some(Fate::Rotating(claim)) => Custody::Rotating(claim),
        Some(Fate::InDoubt(doubt)) if voucher == Voucher::Nobody => Custody::InDoubt(doubt),
        _ => Custody::Settled,
    }
}

fn settled(material: &Material) -> Material {
    match material {
        Material::Oauth(grant) => {
            Material::Oauth(Box::new(Grant { custody: Custody::Settled, shared: None, ..Grant::clone(grant) }))
        }
        other => other.clone(),
    }
}

/// The same tokens with the terms that were given now: their end, and what they may do and where they may go if that was said.
fn renewed(known: &Material, put: &Material) -> Material {
    match (known, put) {
        (Material::Oauth(known), Material::Oauth(put)) => {
            let mut grant = known.clone();
            (grant.expiry, grant.issued) = (put.expiry, put.issued);
            if !put.scopes.is_empty() {
                grant.scopes.clone_from(&put.scopes);
            }
            if put.origins.is_some() {
                grant.origins.clone_from(&put.origins);
            }
            Material::Oauth(grant)
        }
        _ => known.clone(),
    }
}

pub(crate) fn suspend_link(state: &mut State, suspend: &SuspendLink) -> Output {
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
