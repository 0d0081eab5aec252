//! Arbitrary histories of the machine alone: every event, in any order, by actors that come late, twice or never.

mod event;
mod kinds;

use std::collections::BTreeMap;
use std::sync::Arc;

use credlatch_core::custody::Watched;
use credlatch_core::fingerprint::{KEY_BYTES, MarkKey};
use credlatch_core::law::{Broken, Fact, Stepped, Trace, check_step};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::{Choice, Unusable, select};
use credlatch_core::rotation::Answer;
use credlatch_core::state::{Custody, Nonce, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step, apply};

use crate::acts::Acts;
use crate::judging::mind;
use crate::world::clock::Times;
use crate::world::told;

pub use kinds::{Answered, Move, Progress, PutMaterial, Stride};

/// An act that was begun: who it was, and of what.
#[derive(Clone)]
struct Begun {
    provider: ProviderId,
    label: Label,
    flow: Nonce,
    attempt: Nonce,
}

/// What an act has left beside its sign of life, in this boot.
#[derive(Default)]
struct Trail {
    noted: Option<Stamp>,
    answer: Option<Answer>,
}

/// A machine with everything that was begun on it.
pub struct Machine {
    state: State,
    now: Stamp,
    begun: Vec<Begun>,
    nonces: u128,
    acts: Acts,
    trace: Trace,
    /// Which boot it is, whether the platform says so or not.
    boot: u64,
    /// When each claim of this boot was made, by the clock since it began.
    claimed: BTreeMap<Nonce, u64>,
    trails: BTreeMap<Nonce, Trail>,
    /// What was here when it was set aside last.
    aside: State,
    decide: Decide,
}

/// What decides: [`apply`], or a wrong one.
pub type Decide = fn(&State, &Stamp, &Event) -> Step;

impl Default for Machine {
    fn default() -> Self {
        let now = Times::default().now();
        Self {
            state: State::default(),
            now,
            begun: Vec::new(),
            nonces: 0,
            acts: Acts::default(),
            trace: Trace::default(),
            boot: now.boot,
            claimed: BTreeMap::new(),
            trails: BTreeMap::new(),
            aside: State::default(),
            decide: apply,
        }
    }
}

impl Machine {
    /// Makes the moves, and has the program tell of the state in the end; the laws of steps are checked after each move.
    ///
    /// # Errors
    /// The first breach.
    pub fn run(moves: &[Move]) -> Result<Trace, Broken> {
        let mut machine = Self::made(apply, moves)?;
        machine.tell();
        Ok(machine.trace)
    }

    /// The moves alone, made by a machine that may be a wrong one.
    ///
    /// # Errors
    /// The first breach.
    pub fn run_as(decide: Decide, moves: &[Move]) -> Result<Trace, Broken> {
        Ok(Self::made(decide, moves)?.trace)
    }

    fn made(decide: Decide, moves: &[Move]) -> Result<Self, Broken> {
        let mut machine = Self { decide, ..Self::default() };
        for one in moves {
            machine.make(one)?;
        }
        Ok(machine)
    }

    fn make(&mut self, one: &Move) -> Result<(), Broken> {
        match one {
            Move::Wait { ms } => self.pass(*ms),
            Move::SetWallClock { by_ms } => self.now.wall_ms = self.now.wall_ms.saturating_add_signed(*by_ms),
            Move::Reboot => {
                self.boot += 1;
                self.now.boot = if self.now.boot == 0 { 0 } else { self.boot };
                self.now.up_ms = 0;
                self.claimed.clear();
                // Nothing of it was synced.
                self.trails.values_mut().for_each(|trail| *trail = Trail::default());
                self.trace.0.extend(self.acts.restart());
                self.pass(1_000);
            }
            Move::Boot { known } => self.now.boot = if *known { self.boot } else { 0 },
            Move::Choose { provider, turn } => self.choose(provider, *turn),
            Move::Key => self.key(),
            _ => {
                if let Some(event) = self.event(one) {
                    return self.step(event);
                }
            }
        }
        Ok(())
    }

    /// The state is written by a version that keys what is gone, and read again.
    fn key(&mut self) {
        self.state = std::mem::take(&mut self.state).with_keyed_marks(&MarkKey::new([1; KEY_BYTES]));
    }

    fn pass(&mut self, ms: u64) {
        self.now.wall_ms = self.now.wall_ms.saturating_add(ms);
        self.now.up_ms += ms;
        self.trace.0.push(Fact::Passed { ms });
        self.trace.0.extend(self.acts.pass(ms));
    }

    /// What a process knows of the doubt of this entry that has been there since the last boot.
    fn watched(&self, provider: &ProviderId, label: &Label) -> Option<Watched> {
        let grant = self.state.entry(provider.as_str(), label.as_str())?.grant()?;
        let Custody::InDoubt(doubt) = &grant.custody else { return None };
        let first_ms = self.claimed.get(&doubt.attempt)?;
        Some(Watched { attempt: doubt.attempt, for_ms: self.now.up_ms.saturating_sub(*first_ms) })
    }

    fn step(&mut self, event: Event) -> Result<(), Broken> {
        let step = (self.decide)(&self.state, &self.now, &event);
        mind(check_step(&self.state, &self.now, &event, &step))?;
        let text = format!("{step:?} {event:?}");
        self.trace.0.extend(self.acts.before(&event));
        let after = self.acts.after(&self.state, &step);
        let before = std::mem::replace(&mut self.state, step.state.clone());
        self.trace.0.push(Fact::Printed { text, secrets: vec!["sk-move-".to_owned()] });
        self.trace.0.push(Fact::Stepped(Box::new(Stepped {
            who: 0,
            now: self.now,
            before,
            event,
            after: step.state,
            verdict: step.verdict,
        })));
        self.trace.0.extend(after);
        Ok(())
    }

    /// What is said of the state in the end.
    fn tell(&mut self) {
        let secrets = [told::secrets(&self.state), vec!["sk-move-".to_owned()]].concat();
        let texts = told::about(&self.state, &self.now).into_iter();
        self.trace.0.extend(texts.map(|text| Fact::Printed { text, secrets: secrets.clone() }));
    }

    fn choose(&mut self, provider: &ProviderId, turn: u64) {
        let Some(slot) = self.state.slot(provider.as_str()) else { return };
        let chosen = select(slot, &self.now, &Choice { turn, ..Choice::default() });
        self.trace.0.push(Fact::Chosen {
            now: self.now,
            state: Arc::new(self.state.clone()),
            provider: provider.clone(),
            at: chosen.ok(),
            told_when: matches!(chosen, Err(Unusable::Resting(_))),
        });
    }
}
