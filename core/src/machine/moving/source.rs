//! The steps of a move in its source.

use super::super::clear::remember;
use super::super::outcome::{Output, Refusal, Verdict};
use super::{Obstacle, Resume, SetAside, begun, is_vacant, set_stage, under_way};
use crate::state::moving::{Moving, Stage};
use crate::state::shared::Shared;
use crate::state::{Actor, Custody, Entry, Nonce, State};

pub(super) fn set_aside(state: &mut State, set: &SetAside) -> Output {
    let is_anew = state.moving.as_ref().is_some_and(|moving| moving.is_going(set.id));
    if let Some(why) = if is_anew { at_work(state) } else { hindrance(state) } {
        return Refusal::Move(why).into();
    }
    // A program that knows no moves presents nothing either that another copy may hold.
    for grant in state.grants_mut(|grant| grant.refresh.is_some()) {
        grant.shared = Some(Shared::Copied);
    }
    if !is_anew {
        // So a backup from before is told from what stands.
        state.count_move();
    }
    let last_version = state.last_version;
    let moving = |moving: Moving| Moving { last_version, actor: Some(set.actor.clone()), ..moving };
    state.moving = Some(moving(begun(set.id, Stage::SetAside, &set.to)));
    Verdict::Done.into()
}

pub(super) fn resume(state: &mut State, resume: &Resume) -> Verdict {
    let Resume { id, name, of, actor } = resume;
    let is_left = |moving: &&mut Moving| moving.is_going(*id) && moving.actor == *of;
    // What was handed over is known by its name to the target that has it.
    let may_be_named = |moving: &&mut Moving| name == id || moving.stage == Stage::SetAside;
    match state.moving.as_mut().filter(is_left).filter(may_be_named) {
        Some(moving) => {
            (moving.actor, moving.id) = (Some(actor.clone()), *name);
            Verdict::Done
        }
        None => Verdict::Stale,
    }
}

/// It counts, so that a backup of the source from before is told from what stands.
pub(super) fn recall(state: &mut State, recall: &Resume) -> Verdict {
    let Resume { id, name, of, actor } = recall;
    match state.moving.as_mut().filter(|moving| moving.is(*id, Stage::HandedOver) && moving.actor == *of) {
        Some(moving) => {
            (moving.stage, moving.actor, moving.id) = (Stage::SetAside, Some(actor.clone()), *name);
            state.count_move();
            Verdict::Done
        }
        None => Verdict::Stale,
    }
}

pub(super) fn take_back(state: &mut State, id: Nonce, actor: &Actor) -> Verdict {
    let is_own = |moving: &Moving| moving.is(id, Stage::SetAside) && moving.actor.as_ref() == Some(actor);
    if !state.moving.as_ref().is_some_and(is_own) {
        return Verdict::Stale;
    }
    uses_again(state);
    Verdict::Done
}

/// It counts, so that a backup of the source from before is told from what stands.
pub(super) fn adopt(state: &mut State, id: Nonce, at: Stage, actor: &Actor) -> Verdict {
    let is_own = |moving: &Moving| moving.is(id, at) && at.holds_what_goes() && moving.actor.as_ref() == Some(actor);
    if !state.moving.as_ref().is_some_and(is_own) {
        return Verdict::Stale;
    }
    uses_again(state);
    state.count_move();
    Verdict::Done
}

fn uses_again(state: &mut State) {
    state.moving = None;
    for grant in state.grants_mut(|grant| grant.shared.is_some()) {
        grant.shared = None;
    }
}

/// Why this profile can't be set aside as it is.
pub(super) fn hindrance(state: &State) -> Option<Obstacle> {
    if let Some(moving) =
        state.moving.as_ref().filter(|moving| moving.stage.is_frozen() || moving.stage == Stage::Active)
    {
        return Some(under_way(moving));
    }
    let mut entries = state.providers.values().flat_map(|slot| &slot.entries);
    let shared = entries.find_map(|entry| entry.grant().filter(|grant| grant.refresh.is_some())?.shared);
    let is_empty = || is_vacant(state).then_some(Obstacle::Empty);
    at_work(state).or_else(is_empty).or_else(|| shared.map(Obstacle::Shared))
}

/// Whose act is under way here, or has no known end.
pub(super) fn at_work(state: &State) -> Option<Obstacle> {
    if let Some((provider, _)) = state.providers.iter().find(|(_, slot)| slot.flow.is_some()) {
        return Some(Obstacle::Login(provider.clone()));
    }
    if let Some(claim) = state.claims().next() {
        return Some(Obstacle::AtWork { pid: claim.actor.pid });
    }
    state.providers.iter().find_map(|(provider, slot)| {
        let is_doubted =
            |entry: &&Entry| matches!(entry.grant().map(|grant| &grant.custody), Some(Custody::InDoubt(_)));
        let entry = slot.entries.iter().find(is_doubted)?;
        Some(Obstacle::InDoubt(provider.clone(), entry.label.clone()))
    })
}

/// It counts, so that a backup of the source from before is told from what stands.
pub(super) fn hand_over(state: &mut State, id: Nonce) -> Verdict {
    match state.moving.as_mut().filter(|moving| moving.is(id, Stage::SetAside)) {
        Some(moving) => {
            moving.stage = Stage::HandedOver;
            state.count_move();
            Verdict::Done
        }
        None => Verdict::Stale,
    }
}

/// What went along goes, and is remembered: no import brings it back, and who stores it again by name doesn't present it.
pub(super) fn let_go(state: &mut State, id: Nonce, to: &str) -> Verdict {
    let Some(moving) = state.moving.as_mut().filter(|moving| moving.is_going(id)) else { return Verdict::Stale };
    let last_version = moving.last_version;
    to.clone_into(&mut moving.other);
    set_stage(state, Stage::Gone);
    let at_hand = state.at_hand.clone();
    let mut gone = Vec::new();
    for slot in state.providers.values_mut() {
        let went = slot.entries.extract(|entry| entry.version <= last_version);
        for entry in &went {
            remember(slot, entry, &at_hand);
        }
        gone.extend(went);
    }
    for entry in &gone {
        state.retire(entry);
    }
    Verdict::Done
}
