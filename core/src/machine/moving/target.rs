//! The steps of a move in its target.

use super::super::outcome::{Output, Refusal, Verdict};
use super::{Arrival, Obstacle, begun, is_vacant, set_stage, under_way};
use crate::state::allowlist::MAX_ALLOWED;
use crate::state::extra::Extra;
use crate::state::moving::Stage;
use crate::state::shared::Shared;
use crate::state::{Entry, Nonce, State};

pub(super) fn receive(state: &mut State, arrival: &Arrival) -> Output {
    let Arrival { id, from, state: arriving } = arrival;
    match &state.moving {
        Some(moving) if moving.id == *id && moving.stage != Stage::Withdrawn => return Verdict::Stale.into(),
        Some(moving) if moving.stage.is_frozen() || moving.stage == Stage::Active => {
            return Refusal::Move(under_way(moving)).into();
        }
        _ if !is_vacant(state) => return Refusal::Move(Obstacle::Occupied).into(),
        _ => {}
    }
    for known in &arriving.tokens {
        state.remember_known(known);
    }
    for (provider, slot) in &arriving.providers {
        for entry in &slot.entries {
            if let Some(refresh) = entry.material.refresh() {
                state.forget_token(refresh);
            }
            let sought = state.seek(entry.material.fingerprint());
            // A late report of what was here once must not hit what comes now.
            let entry = Entry { version: state.next_version(), ..entry.clone() };
            let own = state.slot_mut(provider);
            own.cleared.retain(|tombstone| !sought.is(&tombstone.mark));
            own.entries.push(entry);
        }
        let own = state.slot_mut(provider);
        own.strategy = slot.strategy;
        own.extra = slot.extra.clone();
        own.cleared.retain(|tombstone| !slot.cleared.contains(tombstone));
        own.cleared.extend(slot.cleared.iter().cloned());
        let excess = own.cleared.len().saturating_sub(crate::state::MAX_TOMBSTONES);
        own.cleared.drain(..excess);
    }
    for grant in state.grants_mut(|grant| grant.refresh.is_some()) {
        grant.shared = Some(Shared::Copied);
    }
    for name in &arriving.allowed {
        if state.allowed.len() < MAX_ALLOWED {
            state.allowed.insert(name.clone());
        }
    }
    if state.extra == Extra::default() {
        state.extra = arriving.extra.clone();
    }
    state.moving = Some(begun(*id, Stage::Arrived, from));
    Verdict::Done.into()
}

pub(super) fn activate(state: &mut State, id: Nonce) -> Verdict {
    let verdict = advance(state, id, Stage::Arrived, Stage::Active);
    if verdict == Verdict::Done {
        for grant in state.grants_mut(|grant| grant.shared.is_some()) {
            grant.shared = None;
        }
        state.count_move();
    }
    verdict
}

pub(super) fn conclude(state: &mut State, id: Nonce) -> Verdict {
    advance(state, id, Stage::Active, Stage::Done)
}

pub(super) fn withdraw(state: &mut State, id: Nonce) -> Verdict {
    let verdict = advance(state, id, Stage::Arrived, Stage::Withdrawn);
    if verdict == Verdict::Done {
        state.providers.values_mut().for_each(|slot| slot.entries.clear());
    }
    verdict
}

fn advance(state: &mut State, id: Nonce, from: Stage, to: Stage) -> Verdict {
    if !state.moving.as_ref().is_some_and(|moving| moving.is(id, from)) {
        return Verdict::Stale;
    }
    set_stage(state, to);
    Verdict::Done
}
