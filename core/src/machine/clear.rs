//! Taking away: one entry, one provider, or everything. What goes, goes in one step and is remembered.

use super::outcome::{Effect, Output, Verdict};
use super::{flow, moving};
use crate::state::flow::FlowEnd;
use crate::state::mark::AtHand;
use crate::state::name::{Label, ProviderId};
use crate::state::secret::Secret;
use crate::state::time::Stamp;
use crate::state::{Entry, MAX_TOMBSTONES, Material, Slot, State, Tombstone};

/// Remove one entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Remove {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
}

/// Remove every entry of a provider or of all, and end what is in progress.
#[derive(Clone, Debug, PartialEq)]
pub enum Clear {
    /// One provider.
    Provider(ProviderId),
    /// All providers of the profile.
    Everything,
}

pub(crate) fn remove(state: &mut State, remove: &Remove) -> Output {
    let at_hand = state.at_hand.clone();
    let Some(slot) = state.providers.get_mut(&remove.provider) else { return Verdict::Nothing.into() };
    let Some(at) = slot.entries.iter().position(|entry| entry.label == remove.label) else {
        return Verdict::Nothing.into();
    };
    let entry = slot.entries.remove(at);
    remember(slot, &entry, &at_hand);
    Output { verdict: Verdict::Done, effects: let_go(state, &[(remove.provider.clone(), entry)]) }
}

pub(crate) fn clear(state: &mut State, now: &Stamp, clear: &Clear) -> Output {
    let mut gone = Vec::new();
    let mut found = false;
    let at_hand = state.at_hand.clone();
    for (provider, slot) in &mut state.providers {
        if matches!(clear, Clear::Provider(one) if one != provider) {
            continue;
        }
        found |= !slot.is_deserted();
        flow::end_live(slot, now, &FlowEnd::Cancelled);
        for entry in std::mem::take(&mut slot.entries) {
            remember(slot, &entry, &at_hand);
            gone.push((provider.clone(), entry));
        }
    }
    found |= matches!(clear, Clear::Everything) && moving::cleared(state);
    let effects = let_go(state, &gone);
    Output { verdict: if found { Verdict::Done } else { Verdict::Nothing }, effects }
}

/// What stands against the tokens of these entries is remembered, and those that nothing holds any more are revoked.
fn let_go(state: &mut State, gone: &[(ProviderId, Entry)]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (provider, entry) in gone {
        state.retire(entry);
        let revoked = revocation(provider, entry).filter(|(token, _)| !state.holds(token)).map(|(_, effect)| effect);
        // Two entries of one token are one login.
        effects.extend(revoked.filter(|effect| !effects.contains(effect)));
    }
    effects
}

pub(super) fn remember(slot: &mut Slot, entry: &Entry, at_hand: &AtHand) {
    let link = matches!(entry.material, Material::Link(_));
    let print = entry.material.fingerprint();
    let sought = at_hand.seek(print);
    let is_it = |old: &Tombstone| sought.is(&old.mark) && old.source == entry.source && old.link == link;
    // What is remembered already is the newest memory now, and as it was written.
    let known = slot.cleared.iter().position(is_it).map(|at| slot.cleared.remove(at));
    slot.cleared.push(known.unwrap_or_else(|| Tombstone { source: entry.source.clone(), mark: print.into(), link }));
    let excess = slot.cleared.len().saturating_sub(MAX_TOMBSTONES);
    slot.cleared.drain(..excess);
}

/// Our own live grants are revoked at the issuer; another tool's login is not ours to revoke, nor one that another copy of
/// the store may live on.
fn revocation<'a>(provider: &ProviderId, entry: &'a Entry) -> Option<(&'a Secret, Effect)> {
    match &entry.material {
        Material::Oauth(grant) if !entry.is_lost() && grant.shared.is_none() => {
            let token = grant.revocable();
            Some((token, Effect::Revoke { provider: provider.clone(), token: token.clone() }))
        }
        Material::Oauth(_) | Material::ApiKey(_) | Material::Link(_) => None,
    }
}

#[cfg(test)]
mod tests;
