//! How a program conducts itself towards its credentials: the right way is to leave it to the engine. A wrong engine is a
//! conduct that does one thing by itself, over the same ports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use credlatch_core::clear::Clear;
use credlatch_core::engine::{Chosen, Cleared, Engine, Login, NoToken, Rotation, RotationRequest, TransactError};
use credlatch_core::flow::FlowKind;
use credlatch_core::law::Who;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::Choice;
use credlatch_core::port::{Left, Loaded, StoreError};
use credlatch_core::put::Put;
use credlatch_core::scrub::{self, PlanError, Wanted};
use credlatch_core::shared::MarkShared;
use credlatch_core::state::{Claim, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, Verdict};

use crate::run::stage::times;
use crate::world::World;
use crate::world::child::inherited;
use crate::world::disk::Document;
use crate::world::here::Here;
use crate::world::issuer::SimIssuer;
#[cfg(feature = "loom")]
use crate::world::loomed::Loomed;
use crate::world::ports::{Shelf, SimPorts};
use crate::world::scripted::Scripted;
use crate::world::signs::{Signs, Trail};
use crate::world::sim::Sim;
use crate::world::told;
use crate::wrong::Asked;

/// A process: one engine over the shared disk, which all its threads use.
pub struct Process<S: Sim> {
    /// The engine.
    pub engine: Engine<SimPorts<S>>,
    /// How it conducts itself.
    pub conduct: &'static dyn Conduct<S>,
    /// The issuer.
    pub issuer: SimIssuer<S>,
    /// The world it lives in.
    pub world: Arc<World<S>>,
    /// What a wrong engine keeps where the right one would ask again.
    pub kept: Mutex<Option<(Option<u64>, Arc<State>)>>,
    /// What the threads of wrong engines leave to each other to store.
    pub asked: Mutex<BTreeMap<Who, Asked<S>>>,
}

impl<S: Sim> Process<S> {
    /// A process that has done nothing yet.
    pub fn new(world: &Arc<World<S>>, conduct: &'static dyn Conduct<S>) -> Arc<Self> {
        let clock = crate::world::clock::SimClock(Arc::clone(world));
        let nonces = crate::world::clock::SimNonces(Arc::clone(world));
        Arc::new(Self {
            engine: Engine::new(Shelf::new(Arc::clone(world), conduct), clock, nonces, 10_000)
                .remembering(Arc::new(SimIssuer(Arc::clone(world)))),
            conduct,
            issuer: SimIssuer(Arc::clone(world)),
            world: Arc::clone(world),
            kept: Mutex::new(None),
            asked: Mutex::default(),
        })
    }
}

/// What a program does, as far as a wrong engine does one thing of it otherwise.
pub trait Conduct<S: Sim>: Send + Sync {
    /// Whether it remembers nothing beside its engine.
    fn forgets(&self) -> bool {
        false
    }

    /// Decides.
    fn apply(&self, state: &State, now: &Stamp, event: &Event) -> Step {
        credlatch_core::apply(state, now, event)
    }

    /// Makes sense of a document.
    ///
    /// # Errors
    /// It can't be read.
    fn parse(
        &self,
        document: &Document,
        here: &Here,
        right: fn(&Document, &Here) -> Result<Loaded, StoreError>,
    ) -> Result<Loaded, StoreError> {
        right(document, here)
    }

    /// What is to be marked, of what a loaded document tells of copies, restores and roll-backs.
    fn shared(&self, marks: Option<MarkShared>) -> Option<MarkShared> {
        marks
    }

    /// Whether an actor lives, of whom it is known whether its sign of life is there, and whether the process table that is
    /// seen from here lists its process.
    fn is_alive(&self, has_sign: bool, is_listed: bool) -> bool {
        let _ = is_listed;
        has_sign
    }

    /// What an actor left for others, of which this lies beside its sign of life.
    fn left(&self, signs: &Signs<S>, trail: Trail, claim: &Claim) -> Left {
        let _ = signs;
        trail.left(claim)
    }

    /// Reads.
    ///
    /// # Errors
    /// The store can't be read.
    fn read(&self, process: &Process<S>) -> Result<Arc<State>, StoreError> {
        process.engine.read(|snapshot| Arc::clone(&snapshot.state))
    }

    /// Takes what is there.
    ///
    /// # Errors
    /// There is nothing to take.
    fn current(&self, process: &Process<S>, provider: &ProviderId) -> Result<Chosen, NoToken> {
        process.engine.current(provider.as_str(), &Choice::default())
    }

    /// Takes what is good for a request.
    ///
    /// # Errors
    /// There is nothing good.
    fn token(&self, process: &Process<S>, provider: &ProviderId) -> Result<Chosen, NoToken> {
        process.engine.token(&process.issuer, provider, &Choice::default(), times(), 30_000)
    }

    /// Says what it knows, to people, programs and logs.
    fn print(&self, state: &State, now: &Stamp) -> Vec<String> {
        told::about(state, now)
    }

    /// Clears.
    ///
    /// # Errors
    /// The store can't be used.
    fn clear(&self, process: &Process<S>, clear: Clear) -> Result<Cleared, TransactError> {
        process.engine.clear(clear)
    }

    /// Waits until nobody holds what was cleared.
    fn drain(&self, process: &Process<S>, cleared: &Cleared) -> bool {
        process.engine.drain(cleared, 5)
    }

    /// Starts a login, or joins one.
    ///
    /// # Errors
    /// The store can't be used.
    fn login(
        &self,
        process: &Process<S>,
        provider: &ProviderId,
        label: &Label,
    ) -> Result<Login<SimPorts<S>>, TransactError> {
        process.engine.login(&process.issuer, provider, label, FlowKind::Device)
    }

    /// Rotates.
    ///
    /// # Errors
    /// The store can't be used.
    fn rotate(&self, process: &Process<S>, request: &RotationRequest) -> Result<Rotation, TransactError> {
        process.engine.rotate(&process.issuer, request, 30_000)
    }

    /// Stores an entry by its name. Returns what came of it.
    ///
    /// # Errors
    /// The store can't be used.
    fn put(&self, process: &Process<S>, put: Put) -> Result<Verdict, TransactError> {
        let (engine, put) = (&process.engine, [Event::Put(put)]);
        // Whoever is alone in its process shares a commit with nobody, and leaves out the turns in which it would look.
        let verdicts = if S::here().is_alone() {
            let done = engine.transact(&put)?;
            engine.revoke_all(&process.issuer, &done.effects);
            done.verdicts
        } else {
            engine.transact_in_group(&put)?.verdicts
        };
        Ok(verdicts.into_iter().next().unwrap_or(Verdict::Nothing))
    }

    /// Stores many entries in one pass.
    ///
    /// # Errors
    /// The store can't be used.
    fn import(&self, process: &Process<S>, puts: &[Event]) -> Result<(), TransactError> {
        process.engine.transact(puts).map(drop)
    }

    /// Plans the whole environment of a child.
    ///
    /// # Errors
    /// There is no plan, and no child is to be started.
    fn plan(&self, process: &Process<S>, wanted: &Wanted<'_>) -> Result<Vec<(String, String)>, PlanError> {
        let _ = process;
        let text = |text: &std::ffi::OsStr| text.to_string_lossy().into_owned();
        let plan = scrub::plan(inherited(), wanted)?;
        Ok(plan.env().map(|(name, value)| (text(name), text(value))).collect())
    }
}

/// The right conduct: everything is the engine's.
#[derive(Debug)]
pub struct Right;

impl<S: Sim> Conduct<S> for Right {
    fn forgets(&self) -> bool {
        true
    }
}

/// The right conduct where a script gives the turns. A test program that made one of its own would compile the engine anew.
pub static RIGHT_SCRIPTED: &dyn Conduct<Scripted> = &Right;

/// The right conduct where loom gives them.
#[cfg(feature = "loom")]
pub static RIGHT_LOOMED: &dyn Conduct<Loomed> = &Right;
