//! A simulated world: a disk with a lock and a word, signs of life, clocks, nonces and a strict issuer. Everything shared
//! is looked at in turns, so that the model checker, or a script, decides about every order.

pub mod child;
pub mod clock;
pub mod coroutine;
pub mod digest;
pub mod disk;
mod followed;
mod hand;
mod hands;
pub mod here;
mod holds;
pub mod issuer;
#[cfg(feature = "loom")]
pub mod loomed;
mod memory;
mod mind;
pub mod outside;
pub mod places;
pub mod ports;
pub mod rows;
pub mod scripted;
pub mod server;
pub mod signs;
pub mod sim;
pub mod situation;
pub mod states;
pub mod still;
pub mod told;
mod turn_cell;
mod turn_published;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use credlatch_core::secret::Secret;
use credlatch_core::state::State;

use here::Recorder;
use server::Server;
use sim::{Sim, SimMutex};

/// One world: everything that its processes share.
pub struct World<S: Sim> {
    /// The disk with the one profile.
    pub disk: disk::Disk<S>,
    /// What it held at the start: what the participants knew when they came.
    pub start: Arc<State>,
    /// What lies outside of the store's directory.
    pub outside: outside::Outside,
    /// Who is alive.
    pub signs: signs::Signs<S>,
    /// The authorization server.
    pub server: S::SimMutex<Server>,
    /// Both clocks.
    pub clock: clock::Times,
    /// The lifetime of the access tokens that its issuer grants.
    pub lifetime_ms: u64,
    /// What a person agreed to about rows.
    pub rows: rows::Rows,
    /// What is written down.
    pub recorder: Arc<Recorder>,
    /// The environment of a process, which the engine never touches; a wrong engine does.
    pub environment: Mutex<BTreeMap<String, String>>,
}

impl<S: Sim> World<S> {
    /// A world whose disk holds this state.
    pub fn new(state: State, server: Server, clock: clock::Times, recorder: Arc<Recorder>) -> Arc<Self> {
        Arc::new(Self {
            start: Arc::new(state.clone()),
            disk: disk::Disk::new(state, &recorder),
            outside: outside::Outside::default(),
            signs: signs::Signs::default(),
            lifetime_ms: server.manner.lifetime_ms,
            server: SimMutex::new(server),
            clock,
            rows: rows::Rows::default(),
            recorder,
            environment: Mutex::default(),
        })
    }
}

/// A secret of the simulated world.
///
/// # Panics
/// If the text can't be a secret.
pub fn secret(text: &str) -> Secret {
    Secret::try_from(text).expect("a text of the scenario can be a secret")
}
