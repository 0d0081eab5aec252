//! Moving a profile to another store: each step of it in one of the two, by itself.
//!
//! The source is set aside, the target receives what is there, the source hands it over, the target becomes active, the source lets
//! go, and the target is told so. Which step is next both stores say ([`next`]), so whoever moves may end after any of them. What is
//! handed over is never sent again: a target that knows nothing of it may be another one, or have used it, and moved it on.

mod plan;

pub use plan::{Next, Route, Side, next};

use super::clear::{Clear, remember};
use super::event::Event;
use super::outcome::{Output, Refusal, Verdict};
use crate::state::allowlist::MAX_ALLOWED;
use crate::state::extra::Extra;
use crate::state::moving::{Moving, Stage};
use crate::state::name::{Label, ProviderId};
use crate::state::shared::Shared;
use crate::state::{Actor, Custody, Entry, Nonce, Slot, State};

/// One step of a move, in one of its two stores.
#[derive(Clone, Debug, PartialEq)]
pub enum MoveStep {
    /// The source: let nobody present or change anything here any more.
    SetAside(SetAside),
    /// The source: another process goes on, because the one that began has ended, by this name from now on.
    Resume(Nonce, Actor, Nonce),
    /// The source: use it again, because the target would not receive it; by whoever set it aside.
    TakeBack(Nonce, Actor),
    /// The target: store what was set aside, to be used by nobody yet.
    Receive(Box<Arrival>),
    /// The source: the target has it, and may use it from now on.
    HandOver(Nonce),
    /// The target: use it from now on.
    Activate(Nonce),
    /// The source: forget what was set aside. The address at which the target is found by now is kept.
    LetGo(Nonce, String),
    /// The target: the source has forgotten it.
    Conclude(Nonce),
    /// The target: forget what arrived, because the source was taken back.
    Withdraw(Nonce),
}

/// Begin a move, or set aside again what somebody took back.
#[derive(Clone, Debug, PartialEq)]
pub struct SetAside {
    /// The move.
    pub id: Nonce,
    /// The address of the target.
    pub to: String,
    /// Who moves.
    pub actor: Actor,
}

/// What comes to a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// The move.
    pub id: Nonce,
    /// The address of the source.
    pub from: String,
    /// The source, as it was set aside.
    pub state: State,
}

/// Why a profile isn't moved, or isn't changed because of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Somebody is presenting a refresh token, or waits for a login: this process.
    AtWork {
        /// Its id.
        pid: u32,
    },
    /// A login is under way.
    Login(ProviderId),
    /// A refresh token was presented, and nobody knows yet what became of it.
    InDoubt(ProviderId, Label),
    /// Another copy of the store may hold the refresh tokens.
    Shared(Shared),
    /// The target was copied, or rolled back, while all this went on.
    TargetShared(Shared),
    /// All was handed over, and the target doesn't say what became of it.
    HandedOver,
    /// The store is in a move with another one already.
    UnderWay {
        /// How far that is here.
        stage: Stage,
        /// The address of the other store.
        other: String,
    },
    /// There is nothing to move.
    Empty,
    /// Something else is in the target.
    Occupied,
    /// Both stores are one.
    Same,
    /// Both stores use it: somebody took the source back after the target had become active.
    BothActive,
    /// What arrived was never activated, and the source holds nothing any more: the target was brought back from a backup.
    BroughtBack,
}

/// Refuses what a move that isn't through leaves no room for. Reports of what happened are always heard.
pub(super) fn objection(state: &State, event: &Event) -> Option<Refusal> {
    let moving = state.moving.as_ref().filter(|moving| moving.stage.is_frozen())?;
    // What has arrived may be forgotten, since the source still has it; so may what was handed over, which is in the target, and what is
    // a copy.
    let may_go = matches!(moving.stage, Stage::Arrived | Stage::HandedOver) || moving.shared.is_some();
    if may_go && matches!(event, Event::Clear(Clear::Everything)) {
        return None;
    }
    let is_change = matches!(
        event,
        Event::Put(_)
            | Event::Remove(_)
            | Event::Clear(_)
            | Event::ClaimRotation(_)
            | Event::StartFlow(_)
            | Event::AdoptFlow(_)
            | Event::ClaimCode(_)
            | Event::Allow(_)
            | Event::SetStrategy(_)
            | Event::SuspendLink(_)
    );
    is_change.then(|| Refusal::Move(under_way(moving)))
}

pub(super) fn step(state: &mut State, step: &MoveStep) -> Output {
    match step {
        MoveStep::SetAside(set) => set_aside(state, set),
        MoveStep::Resume(id, actor, name) => resume(state, *id, actor, *name).into(),
        MoveStep::TakeBack(id, actor) => take_back(state, *id, actor).into(),
        MoveStep::Receive(arrival) => receive(state, arrival),
        MoveStep::HandOver(id) => hand_over(state, *id).into(),
        MoveStep::Activate(id) => activate(state, *id).into(),
        MoveStep::LetGo(id, to) => let_go(state, *id, to).into(),
        MoveStep::Conclude(id) => advance(state, *id, Stage::Active, Stage::Done).into(),
        MoveStep::Withdraw(id) => withdraw(state, *id).into(),
    }
}

fn set_aside(state: &mut State, set: &SetAside) -> Output {
    let is_anew = state.moving.as_ref().is_some_and(|moving| moving.is_going(set.id));
    if let Some(why) = if is_anew { at_work(state) } else { hindrance(state) } {
        return Refusal::Move(why).into();
    }
    // A program that knows no moves presents nothing either that another copy may hold.
    for grant in entries_mut(state).filter_map(Entry::grant_mut).filter(|grant| grant.refresh.is_some()) {
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

fn resume(state: &mut State, id: Nonce, actor: &Actor, name: Nonce) -> Verdict {
    // What was handed over is known by its name to the target that has it.
    let may_be_named = |moving: &&mut Moving| name == id || moving.stage == Stage::SetAside;
    match state.moving.as_mut().filter(|moving| moving.is_going(id)).filter(may_be_named) {
        Some(moving) => {
            (moving.actor, moving.id) = (Some(actor.clone()), name);
            Verdict::Done
        }
        None => Verdict::Stale,
    }
}

fn take_back(state: &mut State, id: Nonce, actor: &Actor) -> Verdict {
    let is_own = |moving: &Moving| moving.is(id, Stage::SetAside) && moving.actor.as_ref() == Some(actor);
    if !state.moving.as_ref().is_some_and(is_own) {
        return Verdict::Stale;
    }
    state.moving = None;
    for grant in entries_mut(state).filter_map(Entry::grant_mut) {
        grant.shared = None;
    }
    Verdict::Done
}

/// Why this profile can't be set aside as it is.
fn hindrance(state: &State) -> Option<Obstacle> {
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
fn at_work(state: &State) -> Option<Obstacle> {
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

fn receive(state: &mut State, arrival: &Arrival) -> Output {
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
    for grant in entries_mut(state).filter_map(Entry::grant_mut).filter(|grant| grant.refresh.is_some()) {
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

/// It counts, so that a backup of the source from before is told from what stands.
fn hand_over(state: &mut State, id: Nonce) -> Verdict {
    match state.moving.as_mut().filter(|moving| moving.is(id, Stage::SetAside)) {
        Some(moving) => {
            moving.stage = Stage::HandedOver;
            state.count_move();
            Verdict::Done
        }
        None => Verdict::Stale,
    }
}

fn activate(state: &mut State, id: Nonce) -> Verdict {
    let verdict = advance(state, id, Stage::Arrived, Stage::Active);
    if verdict == Verdict::Done {
        for grant in entries_mut(state).filter_map(Entry::grant_mut) {
            grant.shared = None;
        }
        state.count_move();
    }
    verdict
}

/// What went along goes, and is remembered: no import brings it back, and who stores it again by name doesn't present it.
fn let_go(state: &mut State, id: Nonce, to: &str) -> Verdict {
    let Some(moving) = state.moving.as_mut().filter(|moving| moving.is_going(id)) else { return Verdict::Stale };
    let last_version = moving.last_version;
    to.clone_into(&mut moving.other);
    set_stage(state, Stage::Gone);
    let at_hand = state.at_hand.clone();
    let mut gone = Vec::new();
    for slot in state.providers.values_mut() {
        let went: Vec<_> = slot.entries.extract_if(.., |entry| entry.version <= last_version).collect();
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

fn withdraw(state: &mut State, id: Nonce) -> Verdict {
    let verdict = advance(state, id, Stage::Arrived, Stage::Withdrawn);
    if verdict == Verdict::Done {
        state.providers.values_mut().for_each(|slot| slot.entries.clear());
    }
    verdict
}

/// Everything here was cleared. What has arrived may come anew; what was handed over, or copied, is another store's, and gone here.
pub(super) fn cleared(state: &mut State) -> bool {
    match state.moving.as_ref().map(|moving| moving.stage) {
        Some(Stage::Arrived) => set_stage(state, Stage::Withdrawn),
        Some(Stage::SetAside | Stage::HandedOver) => set_stage(state, Stage::Gone),
        _ => return false,
    }
    true
}

/// A person said that what is here lives on.
pub(super) fn adopt(state: &mut State) -> bool {
    let Some(moving) = &mut state.moving else { return false };
    let was_marked = moving.shared.take().is_some();
    match moving.stage {
        Stage::Gone | Stage::Done => return was_marked,
        // A copy doesn't know what the original has used since.
        Stage::Withdrawn if was_marked => state.moving = None,
        Stage::Withdrawn => return false,
        Stage::SetAside | Stage::HandedOver => state.moving = None,
        Stage::Arrived => set_stage(state, Stage::Active),
        Stage::Active => set_stage(state, Stage::Done),
    }
    true
}

fn advance(state: &mut State, id: Nonce, from: Stage, to: Stage) -> Verdict {
    if !state.moving.as_ref().is_some_and(|moving| moving.is(id, from)) {
        return Verdict::Stale;
    }
    set_stage(state, to);
    Verdict::Done
}

fn set_stage(state: &mut State, to: Stage) {
    if let Some(moving) = &mut state.moving {
        (moving.stage, moving.actor) = (to, None);
    }
}

fn begun(id: Nonce, stage: Stage, other: &str) -> Moving {
    Moving { id, stage, other: other.to_owned(), last_version: 0, actor: None, shared: None, extra: Extra::default() }
}

fn under_way(moving: &Moving) -> Obstacle {
    Obstacle::UnderWay { stage: moving.stage, other: moving.other.clone() }
}

/// Whether nothing is stored and nothing may soon be.
fn is_vacant(state: &State) -> bool {
    state.providers.values().all(Slot::is_deserted) && state.claims().next().is_none()
}

fn entries_mut(state: &mut State) -> impl Iterator<Item = &mut Entry> {
    state.providers.values_mut().flat_map(|slot| &mut slot.entries)
}

#[cfg(test)]
mod tests;
