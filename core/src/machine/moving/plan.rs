//! What comes next in a move, as both stores tell it.

use std::collections::BTreeSet;

use super::source::{at_work, hindrance};
use super::{Arrival, MoveStep, Obstacle, Resume, SetAside, is_vacant, under_way};
use crate::state::fingerprint::Fingerprint;
use crate::state::moving::{Moving, Stage};
use crate::state::shared::Shared;
use crate::state::{Actor, Entry, Nonce, State};

/// The addresses of the two stores, as they are written down in each other.
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The source.
    pub from: &'a str,
    /// The target.
    pub to: &'a str,
}

/// One of the two stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Where it goes away.
    Source,
    /// Where it comes to.
    Target,
}

/// The next step of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// In the source: set it aside, as this move if it goes on.
    SetAside(Option<Nonce>),
    /// In the source: go on in the place of who began.
    Resume(Nonce),
    /// In the source: the same by another name, because what was sent by this one may lie somewhere.
    Rename(Nonce),
    /// In the source: set aside again what was handed over, by another name, because the target has forgotten it unused.
    Recall(Nonce),
    /// In the source: use it again, because the target would not receive it.
    TakeBack(Nonce),
    /// In the target: receive what is in the source.
    Receive(Nonce),
    /// In the source: hand it over.
    HandOver(Nonce),
    /// In the target: use it from now on.
    Activate(Nonce),
    /// In the source: forget it.
    LetGo(Nonce),
    /// In the target: the source has forgotten it.
    Conclude(Nonce),
    /// In the target: forget what arrived.
    Withdraw(Nonce),
    /// All is done.
    Finished,
    /// It can't go on.
    Stopped(Obstacle),
}

impl Next {
    /// The same for this actor, which must not go on in another's place before that has ended. `sent` is the move by whose name it has
    /// sent something itself: a target that says nothing of it is another one, and gets it by another name.
    ///
    /// # Errors
    /// The other, which may live.
    pub fn by<E>(
        self,
        source: &State,
        actor: &Actor,
        sent: Option<Nonce>,
        is_alive: impl FnOnce(&Actor) -> Result<bool, E>,
    ) -> Result<Self, E> {
        let set_aside = source.moving.as_ref().filter(|moving| moving.stage.holds_what_goes());
        let goes_on = !matches!(self, Self::Stopped(_) | Self::Finished);
        // One that was handed over is known by its name to the target that had it.
        let is_sent_anew = |moving: &&Moving| matches!(self, Self::Receive(_)) && moving.stage == Stage::SetAside;
        match set_aside.filter(|moving| goes_on && moving.actor.as_ref() != Some(actor)) {
            None => Ok(match set_aside.filter(is_sent_anew).filter(|moving| sent == Some(moving.id)) {
                Some(moving) => Self::Rename(moving.id),
                None => self,
            }),
            Some(Moving { actor: Some(other), .. }) if is_alive(other)? => {
                Ok(Self::Stopped(Obstacle::AtWork { pid: other.pid }))
            }
            Some(moving) if is_sent_anew(&moving) => Ok(Self::Rename(moving.id)),
            Some(_) if matches!(self, Self::Recall(_)) => Ok(self),
            Some(moving) => Ok(Self::Resume(moving.id)),
        }
    }

    /// What is to be done, and where; none if nothing is.
    pub fn step(
        self,
        source: &State,
        route: Route<'_>,
        actor: &Actor,
        nonce: impl FnOnce() -> Nonce,
    ) -> Option<(Side, MoveStep)> {
        Some(match self {
            Self::SetAside(id) => {
                let (id, to, actor) = (id.unwrap_or_else(nonce), route.to.to_owned(), actor.clone());
                (Side::Source, MoveStep::SetAside(SetAside { id, to, actor }))
            }
            Self::Resume(_) => (Side::Source, MoveStep::Resume(Resume::of(source.moving.as_ref()?, actor))),
            Self::Rename(_) => {
                let resume = Resume::of(source.moving.as_ref()?, actor);
                (Side::Source, MoveStep::Resume(Resume { name: nonce(), ..resume }))
            }
            Self::Recall(_) => {
                let resume = Resume::of(source.moving.as_ref()?, actor);
                (Side::Source, MoveStep::Recall(Resume { name: nonce(), ..resume }))
            }
            Self::TakeBack(id) => (Side::Source, MoveStep::TakeBack(id, actor.clone())),
            Self::Receive(id) => {
                let (from, state) = (route.from.to_owned(), source.clone());
                (Side::Target, MoveStep::Receive(Box::new(Arrival { id, from, state })))
            }
            Self::HandOver(id) => (Side::Source, MoveStep::HandOver(id)),
            Self::Activate(id) => (Side::Target, MoveStep::Activate(id)),
            Self::LetGo(id) => (Side::Source, MoveStep::LetGo(id, route.to.to_owned())),
            Self::Conclude(id) => (Side::Target, MoveStep::Conclude(id)),
            Self::Withdraw(id) => (Side::Target, MoveStep::Withdraw(id)),
            Self::Finished | Self::Stopped(_) => return None,
        })
    }
}

/// What comes next. The source must have been read before the target.
pub fn next(source: &State, target: &State, route: Route<'_>) -> Next {
    let next = by_both(source, target, route);
    // What a copy stands in the way of, or what stands in its way, is less than that it is one.
    let is_of_source = matches!(next, Next::SetAside(_) | Next::Receive(_) | Next::HandOver(_) | Next::Stopped(_));
    match (shared(source), shared(target)) {
        (Some(why), _) if is_of_source => Next::Stopped(Obstacle::Shared(why)),
        // It may be the one of before it used what was handed over.
        (_, Some(why)) if matches!(next, Next::HandOver(_) | Next::Activate(_) | Next::Recall(_)) => {
            Next::Stopped(Obstacle::TargetShared(why))
        }
        _ => next,
    }
}

/// What happened to a store that was copied or rolled back in the middle of a move: its word tells of another time, or another place.
fn shared(state: &State) -> Option<Shared> {
    state.moving.as_ref().filter(|moving| !moving.stage.is_through())?.shared
}

fn by_both(source: &State, target: &State, route: Route<'_>) -> Next {
    match &source.moving {
        Some(here) if here.stage.holds_what_goes() => of_set_aside(source, here, target, route),
        Some(here) if here.stage == Stage::Gone => match &target.moving {
            Some(there) if there.is(here.id, Stage::Active) => Next::Conclude(here.id),
            Some(there) if there.is(here.id, Stage::Arrived) => Next::Stopped(Obstacle::BroughtBack),
            Some(there) if there.is(here.id, Stage::Done) && is_vacant(source) => Next::Finished,
            _ => anew(source, target, route),
        },
        _ => anew(source, target, route),
    }
}

fn of_set_aside(source: &State, here: &Moving, target: &State, route: Route<'_>) -> Next {
    let is_taken_back = is_taken_back(source, here);
    match &target.moving {
        Some(there) if there.id == here.id => match there.stage {
            Stage::SetAside | Stage::HandedOver => Next::Stopped(Obstacle::Same),
            Stage::Arrived if is_taken_back => Next::Withdraw(here.id),
            Stage::Arrived if here.stage == Stage::SetAside => Next::HandOver(here.id),
            Stage::Arrived => Next::Activate(here.id),
            Stage::Active | Stage::Done if is_taken_back => Next::Stopped(Obstacle::BothActive),
            Stage::Active | Stage::Done => Next::LetGo(here.id),
            Stage::Gone => Next::Stopped(under_way(there)),
            // Who sends it again by the same name could send it to another directory that stands there for a while.
            Stage::Withdrawn if here.stage == Stage::HandedOver && !is_taken_back => Next::Recall(here.id),
            Stage::Withdrawn => receives(source, here, target, route),
        },
        _ if here.other != route.to => Next::Stopped(under_way(here)),
        _ if here.stage == Stage::HandedOver && !is_taken_back => Next::Stopped(Obstacle::HandedOver),
        Some(there) if is_left_of(source, target, there, route) => Next::Withdraw(there.id),
        _ => receives(source, here, target, route),
    }
}

/// The target knows nothing of it, or has forgotten what arrived.
fn receives(source: &State, here: &Moving, target: &State, route: Route<'_>) -> Next {
    match blocked(target, route) {
        Some(why) => Next::Stopped(why),
        None if is_taken_back(source, here) => at_work(source).map_or(Next::SetAside(Some(here.id)), Next::Stopped),
        None => Next::Receive(here.id),
    }
}

/// A move that begins.
fn anew(source: &State, target: &State, route: Route<'_>) -> Next {
    if let Some(there) = target.moving.as_ref().filter(|there| is_left_of(source, target, there, route)) {
        return Next::Withdraw(there.id);
    }
    let is_used = target.moving.as_ref().is_some_and(|there| there.stage == Stage::Active && there.other == route.from);
    match hindrance(source).filter(|_| !is_used).or_else(|| blocked(target, route)) {
        Some(why) => Next::Stopped(why),
        None => Next::SetAside(None),
    }
}

/// Whether it came in an earlier move from this source, which a person took back before the target was active. Another store may stand
/// at the address by now, and what arrived may be the last there is of it.
fn is_left_of(source: &State, target: &State, there: &Moving, route: Route<'_>) -> bool {
    there.stage == Stage::Arrived && there.other == route.from && knows_all(source, target)
}

/// Whether the source has all that arrived, or remembers that it had it.
fn knows_all(source: &State, target: &State) -> bool {
    let own: BTreeSet<_> = fingerprints(source).collect();
    fingerprints(target).all(|print| {
        let sought = source.seek(print);
        own.contains(&print) || source.marks().any(|mark| sought.is(mark))
    })
}

fn fingerprints(state: &State) -> impl Iterator<Item = Fingerprint> {
    state.providers.values().flat_map(|slot| &slot.entries).map(|entry| entry.material.fingerprint())
}

/// Why nothing can be received here.
fn blocked(target: &State, route: Route<'_>) -> Option<Obstacle> {
    match &target.moving {
        Some(there) if there.stage == Stage::Active && there.other == route.from => Some(Obstacle::BothActive),
        Some(there) if there.stage.is_frozen() || there.stage == Stage::Active => Some(under_way(there)),
        _ if !is_vacant(target) => Some(Obstacle::Occupied),
        _ => None,
    }
}

/// Whether a program that knows no moves was told that this copy lives on: it presents again what had been set aside.
pub(super) fn is_taken_back(source: &State, here: &Moving) -> bool {
    let went = |entry: &&Entry| entry.version <= here.last_version;
    source
        .entries()
        .filter(went)
        .filter_map(Entry::grant)
        .any(|grant| grant.refresh.is_some() && grant.shared.is_none())
}
