//! Moving a profile to another store, step by step: each is a commit in one of the two, and which is next both tell.

use super::Engine;
use super::transact::{TransactError, Transacted};
use crate::machine::moving::{MoveStep, Next, Obstacle, Route, Side, next};
use crate::machine::{Event, Refusal, Verdict};
use crate::port::{Alive, Nonces, Ports, Store, StoreError, StoreErrorKind};
use crate::state::moving::Stage;
use crate::state::name::{Label, ProviderId};
use crate::state::{Actor, Nonce, State};

/// The most steps that are made; a move has six, and more where others get in between.
const MOST_STEPS: usize = 32;

/// Why a move isn't through. Begun again, it goes on where it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoveError {
    /// The source can't be locked, read or written.
    Source(TransactError),
    /// The target can't be.
    Target(TransactError),
    /// Something is in the way.
    Stopped(Obstacle),
    /// Others changed both stores again and again.
    Restless,
}

/// The entries that are in the target now.
pub type Moved = Vec<(ProviderId, Label)>;

impl<P: Ports> Engine<P> {
    /// Moves all that is stored here to another store. Nobody presents a refresh token meanwhile, nor in both stores ever; killed
    /// anywhere, the same call goes on.
    ///
    /// # Errors
    /// Somebody is at work here, the target is not empty, or one of the stores can't be used.
    pub fn move_to<Q: Ports>(&self, target: &Engine<Q>, route: Route<'_>) -> Result<Moved, MoveError> {
        // Whoever takes the source back waits until this ends, and so does whoever moves it as well.
        let sign = self.store.enlist().map_err(|error| MoveError::Source(error.into()))?;
        let moved = self.step_by_step(target, route, sign.actor());
        sign.discard();
        moved
    }

    fn step_by_step<Q: Ports>(&self, target: &Engine<Q>, route: Route<'_>, actor: &Actor) -> Result<Moved, MoveError> {
        let is_alive = |other: &Actor| self.store.is_alive(other).map_err(|error| MoveError::Source(error.into()));
        let mut sent = None;
        for _ in 0..MOST_STEPS {
            // Each look notices who died; the source first, because nobody else sets aside what is looked at.
            let source = self.transact(&[]).map_err(MoveError::Source)?.after;
            let there = target.transact(&[]).map_err(MoveError::Target)?.after;
            if source.id.is_some() && source.id == there.id {
                return Err(MoveError::Stopped(Obstacle::Same));
            }
            let next = next(&source.state, &there.state, route).by(&source.state, actor, sent, is_alive)?;
            if let Next::Stopped(why) = next {
                return Err(MoveError::Stopped(why));
            }
            if let Next::Withdraw(_) = next {
                // What is forgotten there must be here, and somebody may have set it aside since it was looked at.
                let again = self.transact(&[]).map_err(MoveError::Source)?.after;
                if again.state.moving != source.state.moving {
                    continue;
                }
            }
            let received = if let Next::Receive(id) = next { Some(id) } else { None };
            // What somebody else began may have been sent by that one.
            sent = if let Next::Resume(id) = next { Some(id) } else { received.or(sent) };
            let Some((side, step)) = next.step(&source.state, route, actor, || self.nonces.nonce()) else {
                return Ok(entries(&there.state));
            };
            let events = [Event::Move(step)];
            let done = match side {
                Side::Source => self.transact(&events).map_err(MoveError::Source)?,
                Side::Target => target.transact(&events).map_err(|error| {
                    self.take_back(received, actor, &error);
                    MoveError::Target(error)
                })?,
            };
            refused(&done)?;
        }
        Err(MoveError::Restless)
    }
}

impl<P: Ports> Engine<P> {
    /// What the target certainly did not receive is used in the source again, so that a target which can't be written costs nothing.
    fn take_back(&self, id: Option<Nonce>, actor: &Actor, why: &TransactError) {
        if let (Some(id), TransactError::NotSaved(_)) = (id, why) {
            // If that fails it stays set aside, and the same move goes on.
            let _ = self.transact(&[Event::Move(MoveStep::TakeBack(id, actor.clone()))]);
        }
    }
}

/// What an unfinished move leaves no room for fails for everybody alike: nothing of it may be done, and a person can end that.
pub(super) fn refuse_while_moved(events: &[Event], verdicts: &[Verdict]) -> Result<(), StoreError> {
    let mut of_others = events.iter().zip(verdicts).filter(|(event, _)| !matches!(event, Event::Move(_)));
    let refused = of_others.find_map(|(_, verdict)| match verdict {
        Verdict::Refused(Refusal::Move(Obstacle::UnderWay { stage, other })) => Some((*stage, other)),
        _ => None,
    });
    let Some((stage, other)) = refused else { return Ok(()) };
    let (what, ends) = match stage {
        Stage::SetAside => (format!("this profile is being moved to {other}"), "`credlatch adopt` keeps it here"),
        Stage::HandedOver => (
            format!("this profile was handed over to {other}"),
            "`credlatch adopt` keeps it here unless the other store uses it, and `credlatch clear --all` forgets what is left here, and revokes nothing",
        ),
        _ => (
            format!("this profile is being moved here from {other}"),
            "`credlatch adopt` uses it here and not there, and `credlatch clear --all` forgets what has arrived",
        ),
    };
    Err(StoreError::new(
        StoreErrorKind::Busy,
        format!("{what}, and that isn't through"),
        format!("run the same `credlatch move` again, and it goes on; if it is not to go on, {ends}"),
    ))
}

/// What is stale is looked at anew.
fn refused(done: &Transacted) -> Result<(), MoveError> {
    match done.verdict() {
        Verdict::Refused(Refusal::Move(why)) => Err(MoveError::Stopped(why.clone())),
        _ => Ok(()),
    }
}

fn entries(state: &State) -> Moved {
    let of = |(provider, slot): (&ProviderId, &crate::state::Slot)| {
        let provider = provider.clone();
        slot.entries.iter().map(|entry| (provider.clone(), entry.label.clone())).collect::<Vec<_>>()
    };
    state.providers.iter().flat_map(of).collect()
}
