//! The stage: the world at the start of a scenario, and everything at rest at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use credlatch_core::extra::Extra;
use credlatch_core::law::{Fact, Trace, Who};
use credlatch_core::put::{Put, PutMode};
use credlatch_core::rotation::Times;
use credlatch_core::state::{Custody, Grant, Material, Source, State};
use credlatch_core::time::{Expiry, Stamp};
use credlatch_core::{Event, apply};

use super::hand::Hand;
use crate::conduct::{Conduct, Process, Right};
use crate::scenario::{Given, Participant, Scenario};
use crate::world::here::{Fate, Here, Recorder};
use crate::world::server::{Server, Tokens};
use crate::world::sim::{Sim, SimMutex};
use crate::world::{World, clock, rows, secret, situation};

/// A world with its processes.
pub struct Stage<S: Sim> {
    /// The world.
    pub world: Arc<World<S>>,
    processes: BTreeMap<u32, Arc<Process<S>>>,
    fates: BTreeMap<u32, Arc<Fate>>,
    /// The processes that read rows which moved: a process has one table, whoever asks it.
    moved: BTreeSet<u32>,
    /// The processes of an older version.
    older: BTreeSet<u32>,
    /// Whether a reader takes what is published in one turn and looks at it in the next: it matters to a drain.
    lingers: bool,
    conduct: &'static dyn Conduct<S>,
}

/// Whoever sets the stage and clears it away.
const STAGE: Who = 1_000;

impl<S: Sim> Stage<S> {
    /// Sets the stage, and does what happened before the participants came.
    pub fn set(scenario: &Scenario, conduct: &'static dyn Conduct<S>, recorder: &Arc<Recorder>) -> Self {
        let clock = clock::Times::default();
        if scenario.without_boot {
            clock.hide_boot();
        }
        let now = clock.now();
        let mut server = Server::new(scenario.issuer.clone());
        let place = |(at, given): (usize, &Given)| put(given, &at.to_string(), &mut server, now, recorder);
        let puts: Vec<_> = scenario.given.iter().enumerate().map(place).collect();
        let mut state = puts.iter().fold(State::default(), |state, put| apply(&state, &now, put).state);
        state.generation = u64::from(!puts.is_empty());
        let world = World::new(state, server, clock, Arc::clone(recorder));
        S::enter(Arc::new(Here::new(STAGE, STAGE, Arc::clone(recorder), Box::new(apply))));
        let processes = scenario
            .participants
            .iter()
            .map(|one| (one.process, Process::new(&world, conduct)))
            .collect::<BTreeMap<_, _>>();
        if !scenario.before.is_empty() {
            Hand::new(Process::new(&world, &Right)).act(&scenario.before);
        }
        for (number, process) in &processes {
            // Every process has looked at the store before; a cold start is one of the scenarios' own.
            situation::sets(Some(*number));
            let _ = process.engine.snapshot();
        }
        situation::sets(None);
        let threads = |process: &u32| {
            let cast = (0..).zip(&scenario.participants);
            cast.filter(|(_, one)| one.process == *process).map(|(who, _)| who).collect()
        };
        let fates = processes.keys().map(|process| (*process, Fate::new(threads(process)))).collect();
        let of = |is_one: fn(&Participant) -> bool| {
            scenario.participants.iter().filter(move |one| is_one(one)).map(|one| one.process).collect()
        };
        let (moved, older) = (of(|one| one.has_moved_row), of(|one| one.is_older));
        let lingers = scenario.has_drain() && !scenario.looks_at_once;
        Self { world, processes, fates, moved, older, lingers, conduct }
    }

    /// The process of this number.
    ///
    /// # Panics
    /// If the scenario has no such process.
    pub fn process(&self, number: u32) -> Arc<Process<S>> {
        Arc::clone(self.processes.get(&number).expect("a process of the scenario"))
    }

    /// A participant of this number.
    pub fn participant(&self, who: Who, participant: &Participant) -> Arc<Here> {
        let conduct = self.conduct;
        let machine = Box::new(move |state: &State, now: &Stamp, event: &Event| conduct.apply(state, now, event));
        let recorder = Arc::clone(&self.world.recorder);
        let fate = self.fates.get(&participant.process).cloned().unwrap_or_default();
        let here = Here::new(who, participant.process, recorder, machine)
            .elsewhere(participant.is_elsewhere)
            .lingering(self.lingers)
            .reading(self.moved.contains(&participant.process))
            .older(self.older.contains(&participant.process));
        Arc::new(here.with_fate(fate, participant.dies_at))
    }

    /// Leaves the processes to their participants, so that each ends with its last one.
    pub fn leave(&mut self) {
        self.processes.clear();
    }

    /// Everything comes to rest: all processes end, requests in flight arrive or are dropped, and a new process recovers.
    pub fn rest(self) -> Trace {
        let Self { world, processes, conduct, .. } = self;
        let machine = Box::new(move |state: &State, now: &Stamp, event: &Event| conduct.apply(state, now, event));
        let here = Arc::new(Here::new(STAGE, STAGE, Arc::clone(&world.recorder), machine));
        S::enter(Arc::clone(&here));
        drop(processes);
        world.pass(60_000);
        let process = Process::new(&world, conduct);
        if process.engine.transact(&[]).is_ok() {
            let live = world.server.visit(|server| server.live());
            here.record(Fact::Rested { state: world.disk.held().state, live });
        }
        world.recorder.take()
    }
}

/// The provider's times, in every scenario.
pub fn times() -> Times {
    Times { http_timeout_ms: crate::world::issuer::HTTP_TIMEOUT_MS, ..Times::default() }
}

/// What a given entry is stored by; the family of a grant is called by its place.
fn put(given: &Given, place: &str, server: &mut Server, now: Stamp, recorder: &Recorder) -> Event {
    match given {
        Given::Key { provider, label, secret: text } => Event::Put(Put {
            provider: provider.clone(),
            label: label.clone(),
            material: Material::ApiKey(secret(text)),
            source: Source::Manual,
            how: PutMode::Named,
        }),
        Given::Grant { provider, label, lifetime_ms } => {
            let tokens = server.new_grant(place);
            recorder.push(Fact::Came { token: tokens.refresh.clone(), from: rows::home() });
            Event::Put(Put {
                provider: provider.clone(),
                label: label.clone(),
                material: from_home(grant(&tokens, *lifetime_ms, now)),
                source: Source::Login,
                how: PutMode::Named,
            })
        }
    }
}

/// The same, from where all rows point at first.
fn from_home(mut material: Material) -> Material {
    if let Material::Oauth(grant) = &mut material {
        grant.origins = Some(rows::home());
    }
    material
}

/// A grant with these tokens.
pub fn grant(tokens: &Tokens, lifetime_ms: u64, now: Stamp) -> Material {
    Material::Oauth(Box::new(Grant {
        access: secret(&tokens.access),
        refresh: Some(secret(&tokens.refresh)),
        expiry: Expiry::After(now.plus_ms(lifetime_ms)),
        issued: now,
        scopes: Vec::new(),
        custody: Custody::Settled,
        origins: None,
        shared: None,
        extra: Extra::default(),
    }))
}
