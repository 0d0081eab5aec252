//! The ports over the simulated world.

use std::marker::PhantomData;
use std::sync::Arc;

use credlatch_core::law::{Fact, Stepped};
use credlatch_core::port::{CommitError, Loaded, Locked, Ports, Store, StoreError, StoreErrorKind};
use credlatch_core::state::{Actor, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

use super::World;
use super::clock::{SimClock, SimNonces};
use super::disk::{Disk, Document};
use super::here::{Dead, Here};
use super::signs::Life;
use super::sim::{Gate, Sim};
use crate::conduct::Conduct;

/// The ports of a process that conducts itself like `C`.
pub struct SimPorts<S, C>(PhantomData<fn() -> (S, C)>);

impl<S: Sim, C: Conduct> Ports for SimPorts<S, C> {
    type Seam = S;
    type Store = Shelf<S, C>;
    type Clock = SimClock<S>;
    type Nonces = SimNonces<S>;

    fn apply(state: &State, now: &Stamp, event: &Event) -> Step {
        C::apply(state, now, event)
    }

    fn inspect(before: &State, now: &Stamp, event: &Event, step: &Step) {
        let here = S::here();
        here.record(Fact::Stepped(Box::new(Stepped {
            who: here.who,
            now: *now,
            before: before.clone(),
            event: event.clone(),
            after: step.state.clone(),
            verdict: step.verdict.clone(),
        })));
    }
}

/// The store of one process.
pub struct Shelf<S: Sim, C>(pub Arc<World<S>>, PhantomData<fn() -> C>);

/// The store while it is locked.
pub struct LockedShelf<'a, S: Sim, C> {
    world: &'a World<S>,
    here: Arc<Here>,
    conduct: PhantomData<C>,
    _guard: <S::Gate as Gate>::Guard<'a>,
}

impl<S: Sim, C: Conduct> Shelf<S, C> {
    /// The store in this world.
    pub fn new(world: Arc<World<S>>) -> Self {
        Self(world, PhantomData)
    }
}

impl From<Dead> for StoreError {
    fn from(_: Dead) -> Self {
        Self::new(StoreErrorKind::Failed, "the process is dead", "none")
    }
}

fn parse(document: &Document, here: &Here) -> Result<Loaded, StoreError> {
    if document.torn {
        here.record(Fact::Refused { who: here.who });
        return Err(StoreError::new(StoreErrorKind::Unreadable, "the document is torn", "restore it"));
    }
    Ok(Loaded { state: State::clone(&document.state), id: document.id })
}

impl<S: Sim, C: Conduct> Store for Shelf<S, C> {
    type Locked<'a> = LockedShelf<'a, S, C>;
    type Alive = Life<S>;
    type Room = ();

    fn word(&self) -> Result<Option<u64>, StoreError> {
        let word = self.0.disk.word(&S::here())?;
        Ok((word % 2 == 0 && word > 0).then_some(word))
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let here = S::here();
        let document = self.0.disk.document(&here)?;
        C::parse(&document, &here, parse)
    }

    fn lock(&self, _patience_ms: u64) -> Result<LockedShelf<'_, S, C>, StoreError> {
        let here = S::here();
        here.operate()?;
        let busy = || StoreError::new(StoreErrorKind::Busy, "the store is locked", "try again");
        let guard = self.0.disk.lock().ok_or_else(busy)?;
        Ok(LockedShelf { world: &self.0, here, conduct: PhantomData, _guard: guard })
    }

    fn enlist(&self) -> Result<Life<S>, StoreError> {
        S::here().operate()?;
        Ok(self.0.signs.begin(self.0.clock.nonce()))
    }

    fn reserve(&self, _bytes: usize) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        S::here().operate()?;
        Ok(self.0.signs.is_alive(actor.name))
    }

    fn wait(&self, actor: &Actor, patience_ms: u64) -> Result<bool, StoreError> {
        S::here().operate()?;
        let ended = self.0.signs.wait(actor.name);
        if !ended {
            self.0.clock.pass(patience_ms);
        }
        Ok(ended)
    }
}

impl<S: Sim, C: Conduct> Locked for LockedShelf<'_, S, C> {
    type Room = ();

    fn load(&mut self) -> Result<Loaded, StoreError> {
        let disk = &self.world.disk;
        let (word, document) = disk.under_lock(&self.here)?;
        let loaded = parse(&document, &self.here)?;
        if word % 2 == 1 && C::HEALS {
            // An earlier writer died, or could not sync: what is seen is made durable before anything is answered.
            Disk::<S>::sync(&self.here, &Arc::new(loaded.state.clone()))?;
            disk.set_word(&self.here, loaded.id.unwrap_or(0))?;
            self.here.record(Fact::Returned { who: self.here.who, generation: loaded.state.generation });
        }
        Ok(loaded)
    }

    fn commit(&mut self, state: &State, _room: Option<()>) -> Result<u64, CommitError> {
        let id = 2 * u64::try_from(self.world.clock.nonce().0).unwrap_or(0) + 2;
        self.write(state, id).map_err(|dead| CommitError::Unknown(dead.into()))?;
        self.here.record(Fact::Returned { who: self.here.who, generation: state.generation });
        Ok(id)
    }
}

impl<S: Sim, C: Conduct> LockedShelf<'_, S, C> {
    fn write(&self, state: &State, id: u64) -> Result<(), Dead> {
        let disk = &self.world.disk;
        let state = Arc::new(state.clone());
        disk.set_word(&self.here, id | 1)?;
        disk.rename(&self.here, &state, id)?;
        Disk::<S>::sync(&self.here, &state)?;
        disk.set_word(&self.here, id)
    }
}
