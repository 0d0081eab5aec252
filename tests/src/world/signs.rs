//! Signs of life: one for each act, as a locked claim file is one for each act on a real disk; and what an actor leaves beside
//! its own, which stays there when it dies.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::{Fact, Who};
use credlatch_core::port::{Alive, Answer, Left, StoreError};
use credlatch_core::rotation::Fresh;
use credlatch_core::state::{Actor, Claim, Nonce};
use credlatch_core::time::Stamp;

use super::digest::digest;
use super::sim::{Sim, SimMutex};
use super::{World, secret, situation};

/// All signs of life. The table itself takes no turn: a name is random, and nobody can ask for one that isn't published.
pub struct Signs<S: Sim>(Mutex<BTreeMap<Nonce, (Who, Sign<S>)>>);

type Sign<S> = Arc<<S as Sim>::SimMutex<Trail>>;

/// What stands where an act has its sign of life.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Whose it is: the act's own name.
    pub name: Nonce,
    /// Whether the sign is there still.
    pub is_alive: bool,
    /// The attempt whose first byte was about to leave, and when.
    pub noted: Option<(Nonce, Stamp)>,
    /// What the issuer granted.
    pub answer: Option<Written>,
}

/// An answer that somebody wrote down.
#[derive(Clone, Debug)]
pub struct Written {
    /// What can be read of it.
    pub answer: Answer,
    /// Whether that is all of it.
    pub is_whole: bool,
}

/// A sign of life; it ends when dropped, by settlement and by death alike.
pub struct Life<S: Sim> {
    actor: Actor,
    sign: Sign<S>,
    world: Arc<World<S>>,
}

impl<S: Sim> Default for Signs<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<S: Sim> World<S> {
    /// Begins a sign of life. Those of an older version note nothing, and write nothing down.
    pub fn begin_sign(self: &Arc<Self>, name: Nonce) -> Life<S> {
        let here = S::here();
        let sign: Sign<S> = Arc::new(SimMutex::new(Trail { name, is_alive: true, noted: None, answer: None }));
        self.signs.lock().insert(name, (here.who, Arc::clone(&sign)));
        let actor = Actor { name, pid: here.process, started: 1, pid_namespace: 0, notes: !here.is_older };
        Life { actor, sign, world: Arc::clone(self) }
    }
}

impl<S: Sim> Signs<S> {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<Nonce, (Who, Sign<S>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign(&self, name: Nonce) -> Option<(Who, Sign<S>)> {
        situation::settle();
        let found = self.lock().get(&name).cloned();
        situation::observe((name.0, found.is_some()));
        found
    }

    /// What is there. Its own owner takes no turn to look: nobody else changes it.
    pub fn trail(&self, name: Nonce) -> Option<Trail> {
        let (owner, sign) = self.sign(name)?;
        Some(if owner == S::here().who { sign.peek(Trail::clone) } else { sign.visit(|trail| trail.clone()) })
    }

    /// Whether it is there.
    pub fn is_alive(&self, name: Nonce) -> bool {
        self.trail(name).is_some_and(|trail| trail.is_alive)
    }

    /// The answer that lies beside any sign of life but this one, for whoever doesn't mind whose it is.
    pub fn any_other_answer(&self, name: Nonce) -> Option<Written> {
        situation::settle();
        let names: Vec<_> = self.lock().keys().copied().filter(|other| *other != name).collect();
        situation::observe(&names);
        names.into_iter().find_map(|name| self.trail(name)?.answer)
    }

    /// Waits until the claim's act ended, or its answer is there and this process may settle it, because the act isn't its own;
    /// `false` if nobody is left who could do that.
    pub fn wait(&self, claim: &Claim, is_own: bool) -> bool {
        let is_answered = |trail: &Trail| !is_own && trail.answer.as_ref().is_some_and(|written| written.is_of(claim));
        let sign = self.sign(claim.actor.name);
        sign.is_none_or(|(_, sign)| sign.wait_for(|trail| !trail.is_alive || is_answered(trail)))
    }
}

impl Written {
    /// Whether it is a whole answer to this claim.
    fn is_of(&self, claim: &Claim) -> bool {
        self.is_whole && self.answer.attempt == claim.attempt
    }

    /// What is there of it if its actor dies while it writes: the end is missing.
    fn torn(answer: &Answer) -> Self {
        let cut = |token: &credlatch_core::secret::Secret| {
            let text = token.expose_secret();
            secret(&text[..text.len() - 1])
        };
        let fresh = Fresh { refresh: answer.fresh.refresh.as_ref().map(cut), ..answer.fresh.clone() };
        Self { answer: Answer { fresh, ..answer.clone() }, is_whole: false }
    }
}

impl Trail {
    /// What tells it apart from what else could stand there.
    pub(super) fn digest(&self) -> u128 {
        let noted = self.noted.map(|(attempt, at)| (attempt, at.wall_ms, at.up_ms, at.boot));
        let told = |written: &Written| (serde_json::to_vec(&written.answer).unwrap_or_default(), written.is_whole);
        digest((self.is_alive, noted, self.answer.as_ref().map(told)))
    }

    /// What it says of this claim.
    pub fn left(self, claim: &Claim) -> Left {
        if let Some(written) = self.answer.filter(|written| written.is_of(claim)) {
            return Left::Answer(Box::new(written.answer));
        }
        match self.noted {
            _ if self.is_alive => Left::Going,
            None => Left::NoNote,
            Some((attempt, at)) => Left::MaybeSent { noted: (attempt == claim.attempt).then_some(at) },
        }
    }
}

impl<S: Sim> Alive for Life<S> {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    /// It takes no turn: nobody looks at a note while its actor lives.
    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        if self.actor.notes {
            S::here().operate()?;
            self.sign.poke(|trail| trail.noted = Some((attempt, self.world.clock.now())));
        }
        Ok(())
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        if !self.actor.notes {
            return Ok(());
        }
        let here = S::here();
        here.operate()?;
        self.sign.change(|trail| {
            trail.answer = Some(Written::torn(answer));
            here.operate()?;
            trail.answer = Some(Written { answer: answer.clone(), is_whole: true });
            let access = answer.fresh.access.expose_secret().to_owned();
            let (attempt, received) = (answer.attempt, answer.received);
            here.record(Fact::WrittenDown { who: here.who, attempt, access, received });
            Ok(())
        })
    }

    /// It takes no turn: the claim that it was an answer to is gone.
    fn wipe(&self) {
        if S::here().operate().is_ok() {
            self.sign.poke(|trail| trail.answer = None);
        }
    }
}

impl<S: Sim> Drop for Life<S> {
    fn drop(&mut self) {
        self.sign.change(|trail| trail.is_alive = false);
    }
}

impl<S: Sim> fmt::Debug for Signs<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signs")
    }
}
