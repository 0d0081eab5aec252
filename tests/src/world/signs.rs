//! Signs of life: one for each act, as a locked claim file is one for each act on a real disk.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::Who;
use credlatch_core::port::Alive;
use credlatch_core::state::{Actor, Nonce};

use super::sim::{Place, Sim};

/// All signs of life. The table itself takes no turn: a name is random, and nobody can ask for one that isn't published.
pub struct Signs<S: Sim>(Mutex<BTreeMap<Nonce, (Who, Sign<S>)>>);

type Sign<S> = Arc<<S as Sim>::Place<bool>>;

/// A sign of life; it ends when dropped, by settlement and by death alike.
pub struct Life<S: Sim> {
    actor: Actor,
    sign: Sign<S>,
}

impl<S: Sim> Default for Signs<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Sim> Signs<S> {
    /// Begins one.
    pub fn begin(&self, name: Nonce) -> Life<S> {
        let sign: Sign<S> = Arc::new(Place::new(true));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name, (S::here().who, Arc::clone(&sign)));
        Life { actor: Actor { name, pid: S::here().process, started: 1, pid_namespace: 0 }, sign }
    }

    fn of(&self, name: Nonce) -> Option<(Who, Sign<S>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned()
    }

    /// Whether it is there. Its own owner takes no turn to ask: nobody else ends it.
    pub fn is_alive(&self, name: Nonce) -> bool {
        self.of(name).is_some_and(|(owner, sign)| {
            if owner == S::here().who { sign.peek(|alive| *alive) } else { sign.visit(|alive| *alive) }
        })
    }

    /// Waits until it is gone; `false` if nobody is left who could end it.
    pub fn wait(&self, name: Nonce) -> bool {
        self.of(name).is_none_or(|(_, sign)| sign.wait_for(|alive| !*alive))
    }
}

impl<S: Sim> Alive for Life<S> {
    fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl<S: Sim> Drop for Life<S> {
    fn drop(&mut self) {
        self.sign.change(|alive| *alive = false);
    }
}

impl<S: Sim> fmt::Debug for Signs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signs")
    }
}
