//! The stage: the world at the start of a scenario, and everything at rest at its end.

use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::extra::Extra;
use credlatch_core::law::{Fact, Trace, Who};
use credlatch_core::put::{How, Put};
use credlatch_core::rotation::Times;
use credlatch_core::state::{Custody, Grant, Material, Source, State};
use credlatch_core::time::Expiry;
use credlatch_core::{Event, apply};

use super::hand::Hand;
use crate::conduct::{Conduct, Process, Right};
use crate::scenario::{Given, Scenario};
use crate::world::here::{Here, Recorder};
use crate::world::server::{Server, Tokens};
use crate::world::sim::{Place, Sim};
use crate::world::{World, clock, fingerprint, secret};

/// A world with its processes.
pub struct Stage<S: Sim, C: Conduct> {
    /// The world.
    pub world: Arc<World<S>>,
    processes: BTreeMap<u32, Arc<Process<S, C>>>,
}

/// Whoever sets the stage and clears it away.
const STAGE: Who = 1_000;

impl<S: Sim, C: Conduct> Stage<S, C> {
    /// Sets the stage, and does what happened before the participants came.
    pub fn set(scenario: &Scenario, recorder: &Arc<Recorder>) -> Self {
        let now = clock::Times::default().now();
        let mut server = Server::new(scenario.issuer.clone());
        let puts: Vec<_> = scenario.given.iter().map(|given| put(given, &mut server, now)).collect();
        let mut state = puts.iter().fold(State::default(), |state, put| apply(&state, &now, put).state);
        state.generation = u64::from(!puts.is_empty());
        let world = World::new(state, server, Arc::clone(recorder));
        S::enter(Arc::new(Here::new(STAGE, STAGE, None, Arc::clone(recorder))));
        let processes =
            scenario.participants.iter().map(|one| (one.process, Process::new(&world))).collect::<BTreeMap<_, _>>();
        if !scenario.before.is_empty() {
            Hand::<S, Right>::new(Process::new(&world)).act(&scenario.before);
        }
        for process in processes.values() {
            // Every process has looked at the store before; a cold start is one of the scenarios' own.
            let _ = process.engine.snapshot();
        }
        Self { world, processes }
    }

    /// The process of this number.
    ///
    /// # Panics
    /// If the scenario has no such process.
    pub fn process(&self, number: u32) -> Arc<Process<S, C>> {
        Arc::clone(self.processes.get(&number).expect("a process of the scenario"))
    }

    /// Leaves the processes to their participants, so that each ends with its last one.
    pub fn leave(&mut self) {
        self.processes.clear();
    }

    /// Everything comes to rest: all processes end, requests in flight arrive or are dropped, and a new process recovers.
    pub fn rest(self) -> Trace {
        let Self { world, processes } = self;
        let here = Arc::new(Here::new(STAGE, STAGE, None, Arc::clone(&world.recorder)));
        S::enter(Arc::clone(&here));
        drop(processes);
        world.clock.pass(60_000);
        world.server.visit(|server| world.deliver(server));
        let process = Process::<S, C>::new(&world);
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

fn put(given: &Given, server: &mut Server, now: credlatch_core::time::Stamp) -> Event {
    match given {
        Given::Key { provider, label, secret: text } => Event::Put(Put {
            provider: provider.clone(),
            label: label.clone(),
            material: Material::ApiKey(secret(text)),
            source: Source::Manual,
            fingerprint: fingerprint(text),
            how: How::Named,
        }),
        Given::Grant { provider, label, lifetime_ms } => {
            let tokens = server.new_grant();
            Event::Put(Put {
                provider: provider.clone(),
                label: label.clone(),
                material: grant(&tokens, *lifetime_ms, now),
                source: Source::Login,
                fingerprint: fingerprint(&tokens.refresh),
                how: How::Named,
            })
        }
    }
}

/// A grant with these tokens.
pub fn grant(tokens: &Tokens, lifetime_ms: u64, now: credlatch_core::time::Stamp) -> Material {
    Material::Oauth(Box::new(Grant {
        access: secret(&tokens.access),
        refresh: Some(secret(&tokens.refresh)),
        expiry: Expiry::After(now.plus_ms(lifetime_ms)),
        issued: now,
        scopes: Vec::new(),
        custody: Custody::Settled,
        extra: Extra::default(),
    }))
}
