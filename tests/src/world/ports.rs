//! The ports over the simulated world.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use credlatch_core::law::{Fact, Stepped};
use credlatch_core::port::{CommitError, Keeps, Left, Loaded, Locked, Ports, Store, StoreError, StoreErrorKind};
use credlatch_core::shared::MarkShared;
use credlatch_core::state::{Actor, Claim, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

use super::clock::{SimClock, SimNonces};
use super::disk::{Disk, Document};
use super::here::{Dead, Here};
use super::signs::Life;
use super::sim::{Gate, Sim};
use super::{World, places, situation};
use crate::conduct::Conduct;

/// The ports of one process.
pub struct SimPorts<S>(PhantomData<fn() -> S>);

impl<S: Sim> Ports for SimPorts<S> {
    type Seam = S;
    type Store = Shelf<S>;
    type Clock = SimClock<S>;
    type Nonces = SimNonces<S>;

    const COPIES: usize = 2;

    fn copy() -> usize {
        S::here().who as usize % Self::COPIES
    }

    fn apply(state: &State, now: &Stamp, event: &Event) -> Step {
        (S::here().machine)(state, now, event)
    }

    fn observed() -> u128 {
        situation::observed()
    }

    fn keep_only(since: u128, keeps: Keeps<'_>, what: fmt::Arguments<'_>) {
        if situation::is_followed() && S::here().forgets() {
            situation::keep_only(since, keeps, what.to_string());
        }
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
pub struct Shelf<S: Sim> {
    world: Arc<World<S>>,
    conduct: &'static dyn Conduct<S>,
}

/// The store while it is locked.
pub struct LockedShelf<'a, S: Sim> {
    world: &'a World<S>,
    conduct: &'static dyn Conduct<S>,
    here: Arc<Here>,
    /// Whether what was loaded was written elsewhere, or restored.
    is_foreign: bool,
    _guard: <S::Gate as Gate>::Guard<'a>,
}

impl<S: Sim> Shelf<S> {
    /// The store in this world.
    pub fn new(world: Arc<World<S>>, conduct: &'static dyn Conduct<S>) -> Self {
        Self { world, conduct }
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

impl<S: Sim> Store for Shelf<S> {
    type Locked<'a> = LockedShelf<'a, S>;
    type Alive = Life<S>;
    type Reservation = ();

    fn word(&self) -> Result<Option<u64>, StoreError> {
        let word = self.world.disk.word(&S::here())?;
        // A look at the document tells a reader that it was replaced by somebody who knows nothing of words.
        let is_believed = word % 2 == 0 && word > 0 && self.world.disk.names(word);
        let word = is_believed.then_some(word);
        places::takes_word(word);
        Ok(word)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let here = S::here();
        let document = self.world.disk.document(&here)?;
        let loaded = self.conduct.parse(&document, &here, parse)?;
        Ok(self.world.disk.with_key(loaded))
    }

    fn lock(&self, _patience_ms: u64) -> Result<LockedShelf<'_, S>, StoreError> {
        let here = S::here();
        here.operate()?;
        let busy = || StoreError::new(StoreErrorKind::Busy, "the store is locked", "try again");
        let guard = self.world.disk.lock().ok_or_else(busy)?;
        Ok(LockedShelf { world: &self.world, conduct: self.conduct, here, is_foreign: false, _guard: guard })
    }

    fn enlist(&self) -> Result<Life<S>, StoreError> {
        let here = S::here();
        here.operate()?;
        Ok(self.world.begin_sign(self.world.clock.nonce(here.who)))
    }

    fn reserve(&self, _bytes: usize) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        let here = S::here();
        here.operate()?;
        Ok(self.conduct.is_alive(self.world.signs.is_alive(actor.name), here.lists(actor)))
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        let here = S::here();
        here.operate()?;
        let actor = &claim.actor;
        let Some(mut trail) = self.world.signs.trail(actor.name) else { return Ok(Left::MaybeSent { noted: None }) };
        trail.is_alive = self.conduct.is_alive(trail.is_alive, here.lists(actor));
        Ok(self.conduct.left(&self.world.signs, trail, claim))
    }

    fn is_own(&self, actor: &Actor) -> bool {
        actor.pid == S::here().process
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        let here = S::here();
        here.operate()?;
        let actor = &claim.actor;
        if !self.conduct.is_alive(true, here.lists(actor)) {
            return Ok(true);
        }
        let ended = self.world.signs.wait(claim, self.is_own(actor));
        if !ended {
            self.world.pass(patience_ms);
        }
        Ok(ended)
    }
}

impl<S: Sim> Locked for LockedShelf<'_, S> {
    type Reservation = ();

    fn load(&mut self) -> Result<Loaded, StoreError> {
        let disk = &self.world.disk;
        let (word, document) = disk.under_lock(&self.here)?;
        let loaded = disk.with_key(parse(&document, &self.here)?);
        self.is_foreign = document.is_foreign(word, disk.lock_file());
        if word % 2 == 1 {
            // An earlier writer died, or could not sync: what is seen is made durable before anything is answered.
            Disk::<S>::sync(&self.here, &Arc::new(loaded.state.clone()))?;
            disk.set_word(&self.here, loaded.id.unwrap_or(0))?;
            self.here.record(Fact::Returned { who: self.here.who, generation: loaded.state.generation });
        }
        Ok(loaded)
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        Ok(self.conduct.shared(self.world.outside.marks(state, self.is_foreign)))
    }

    fn keyed(&mut self, state: State) -> State {
        match self.world.disk.at_hand().0 {
            Some(key) => state.with_keyed_marks(&key),
            None => state,
        }
    }

    fn commit(&mut self, state: &State, _reservation: Option<()>) -> Result<u64, CommitError> {
        let id = 2 * u64::try_from(self.world.clock.nonce(self.here.who).0).unwrap_or(0) + 2;
        self.write(state, id).map_err(|dead| CommitError::Unknown(dead.into()))?;
        self.here.record(Fact::Returned { who: self.here.who, generation: state.generation });
        Ok(id)
    }

    fn remember(&mut self, number: u64) {
        if !self.here.is_dead() {
            self.world.outside.note(number);
        }
    }
}

impl<S: Sim> LockedShelf<'_, S> {
    fn write(&self, state: &State, id: u64) -> Result<(), Dead> {
        let disk = &self.world.disk;
        let state = Arc::new(state.clone());
        places::writes_uses(&state);
        disk.set_word(&self.here, id | 1)?;
        disk.rename(&self.here, &state, id)?;
        Disk::<S>::sync(&self.here, &state)?;
        disk.set_word(&self.here, id)
    }
}
