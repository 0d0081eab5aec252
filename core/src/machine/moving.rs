//! Moving a profile to another store: each step of it in one of the two, by itself.
//!
//! The source is set aside, the target receives what is there, the source hands it over, the target becomes active, the source lets
//! go, and the target is told so. Which step is next both stores say ([`next`]), so whoever moves may end after any of them. What is
//! handed over is never sent again: a target that knows nothing of it may be another one, or have used it, and moved it on.

mod adoption;
mod plan;
mod source;
mod target;

pub use adoption::{Adoption, Answer, adoption};
pub use plan::{Next, Route, Side, next};

use super::clear::Clear;
use super::event::Event;
use super::outcome::{Output, Refusal};
use crate::state::extra::Extra;
use crate::state::moving::{Moving, Stage};
use crate::state::name::{Label, ProviderId};
use crate::state::shared::Shared;
use crate::state::{Actor, Nonce, Slot, State};

/// One step of a move, in one of its two stores.
#[derive(Clone, Debug, PartialEq)]
pub enum MoveStep {
    /// The source: let nobody present or change anything here any more.
    SetAside(SetAside),
    /// The source: another process goes on, because the one that began has ended.
    Resume(Resume),
    /// The source: set aside again what was handed over, because the target has forgotten it unused.
    Recall(Resume),
    /// The source: use it again, because the target would not receive it; by whoever set it aside.
    TakeBack(Nonce, Actor),
    /// The source: use it again, because a person wants that, if it is still at this stage; by whoever goes on with it.
    Adopt(Nonce, Stage, Actor),
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

/// Go on in the place of whoever has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Resume {
    /// The move.
    pub id: Nonce,
    /// Its name from now on.
    pub name: Nonce,
    /// Who has ended; nobody else may have gone on since.
    pub of: Option<Actor>,
    /// Who goes on.
    pub actor: Actor,
}

impl Resume {
    /// In the place of whoever moves it by now, by the same name.
    pub(crate) fn of(moving: &Moving, actor: &Actor) -> Self {
        Self { id: moving.id, name: moving.id, of: moving.actor.clone(), actor: actor.clone() }
    }
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
        MoveStep::SetAside(set) => source::set_aside(state, set),
        MoveStep::Resume(resume) => source::resume(state, resume).into(),
        MoveStep::Recall(recall) => source::recall(state, recall).into(),
        MoveStep::TakeBack(id, actor) => source::take_back(state, *id, actor).into(),
        MoveStep::Adopt(id, at, actor) => source::adopt(state, *id, *at, actor).into(),
        MoveStep::Receive(arrival) => target::receive(state, arrival),
        MoveStep::HandOver(id) => source::hand_over(state, *id).into(),
        MoveStep::Activate(id) => target::activate(state, *id).into(),
        MoveStep::LetGo(id, to) => source::let_go(state, *id, to).into(),
        MoveStep::Conclude(id) => target::conclude(state, *id).into(),
        MoveStep::Withdraw(id) => target::withdraw(state, *id).into(),
    }
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

#[cfg(test)]
mod tests;
