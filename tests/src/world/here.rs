//! The participant that a thread plays, and what is written down about it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::law::{Fact, Trace, Who};
use credlatch_core::state::{Actor, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

use super::places;
use super::situation;

/// Writes down what is observed. Its lock is a plain one, so that watching changes nothing for the model checker.
#[derive(Debug, Default)]
pub struct Recorder {
    facts: Mutex<Trace>,
    path: Mutex<Vec<Who>>,
}

impl Recorder {
    /// Writes down a fact.
    pub fn push(&self, fact: Fact) {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner).0.push(fact);
    }

    /// Looks at the facts so far.
    pub fn look<R>(&self, look: impl FnOnce(&[Fact]) -> R) -> R {
        self.look_at_all(|trace| look(&trace.0))
    }

    /// Looks at the trace so far.
    pub fn look_at_all<R>(&self, look: impl FnOnce(&Trace) -> R) -> R {
        look(&self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The trace so far; it begins anew.
    pub fn take(&self) -> Trace {
        std::mem::take(&mut *self.facts.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Who took each turn, so that the same interleaving can be played again.
    pub fn path(&self) -> Vec<Who> {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many turns were taken.
    pub fn turns(&self) -> usize {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Notes that a participant took a turn.
    pub(crate) fn turn(&self, who: Who) {
        self.path.lock().unwrap_or_else(PoisonError::into_inner).push(who);
    }
}

/// A machine: what [`credlatch_core::apply`] is.
pub type Machine = Box<dyn Fn(&State, &Stamp, &Event) -> Step + Send + Sync>;

/// One participant, as the world knows it.
pub struct Here {
    /// Its number.
    pub who: Who,
    /// The process it belongs to: only threads of one process share an engine.
    pub process: u32,
    /// Where it is written about.
    pub recorder: Arc<Recorder>,
    /// The machine that decides for it.
    pub machine: Machine,
    fate: Arc<Fate>,
    /// The operation instead of which its process dies, counted from 1; none if zero.
    dies_at: AtomicU32,
    is_elsewhere: bool,
    pub(super) has_moved_row: bool,
    pub(super) is_older: bool,
    /// Whether it takes what is published in one turn and looks at it in the next.
    lingers: AtomicBool,
    /// Whether all that it has observed makes a difference, whatever the engine says.
    keeps_all: AtomicBool,
    /// Whether its process may die, so that it can tell when it has come how far.
    is_mortal: AtomicBool,
    operations: AtomicU32,
    afterlife_ms: AtomicU64,
}

/// What the threads of one process share: they die together.
#[derive(Debug, Default)]
pub struct Fate {
    threads: Vec<Who>,
    dead: AtomicBool,
}

impl Fate {
    /// That of these threads.
    pub fn new(threads: Vec<Who>) -> Arc<Self> {
        Arc::new(Self { threads, dead: AtomicBool::new(false) })
    }
}

/// The participant is dead: nothing it does reaches the world.
#[derive(Clone, Copy, Debug)]
pub struct Dead;

impl Here {
    /// A participant that never dies.
    pub fn new(who: Who, process: u32, recorder: Arc<Recorder>, machine: Machine) -> Self {
        let (fate, operations, afterlife_ms) = (Arc::default(), AtomicU32::new(0), AtomicU64::new(0));
        Self {
            who,
            process,
            recorder,
            machine,
            fate,
            dies_at: AtomicU32::new(0),
            is_elsewhere: false,
            has_moved_row: false,
            is_older: false,
            lingers: AtomicBool::new(false),
            keeps_all: AtomicBool::new(false),
            is_mortal: AtomicBool::new(false),
            operations,
            afterlife_ms,
        }
    }

    /// The same, but its process dies instead of its `dies_at`-th operation, counted from 1.
    #[must_use]
    pub fn with_fate(self, fate: Arc<Fate>, dies_at: Option<u32>) -> Self {
        Self { fate, dies_at: AtomicU32::new(dies_at.unwrap_or(0)), ..self }
    }

    /// The same, in a pid namespace of its own or not.
    #[must_use]
    pub fn elsewhere(self, is_elsewhere: bool) -> Self {
        Self { is_elsewhere, ..self }
    }

    /// The same, in a process that reads rows which moved, or not.
    #[must_use]
    pub fn reading(self, has_moved_row: bool) -> Self {
        Self { has_moved_row, ..self }
    }

    /// The same, in a process of an older version, which notes nothing, or not.
    #[must_use]
    pub fn older(self, is_older: bool) -> Self {
        Self { is_older, ..self }
    }

    /// The same, taking what is published in one turn and looking at it in the next, or not.
    #[must_use]
    pub fn lingering(self, lingers: bool) -> Self {
        Self { lingers: AtomicBool::new(lingers), ..self }
    }

    /// From now on it looks at what is published in the turn in which it takes it.
    pub fn looks_at_once(&self) {
        self.lingers.store(false, Ordering::Relaxed);
    }

    /// From now on all that it has observed makes a difference, whatever the engine says.
    pub fn keeps_all(&self) {
        self.keeps_all.store(true, Ordering::Relaxed);
    }

    /// From now on its process may die.
    pub fn may_die(&self) {
        self.is_mortal.store(true, Ordering::Relaxed);
    }

    fn is_mortal(&self) -> bool {
        self.is_mortal.load(Ordering::Relaxed)
    }

    /// Whether what makes no difference is forgotten of what it has observed. How far it is matters where it dies at an operation
    /// that was chosen before; and once it is dead what it observes isn't so.
    pub fn forgets(&self) -> bool {
        let keeps_all = self.keeps_all.load(Ordering::Relaxed);
        !keeps_all && self.death().is_none() && !self.fate.dead.load(Ordering::Relaxed)
    }

    /// Whether what is published may be replaced between its taking and its looking.
    pub(super) fn lingers(&self) -> bool {
        self.lingers.load(Ordering::Relaxed) && !self.is_alone()
    }

    /// Whether the process table that it sees lists the actor's process. One that it doesn't list may be alive all the same,
    /// and one that it lists may be dead: only signs of life are to be believed.
    pub fn lists(&self, actor: &Actor) -> bool {
        !self.is_elsewhere || actor.pid == self.process
    }

    /// Writes down a fact, unless the participant is dead.
    pub fn record(&self, fact: Fact) {
        if !matches!(fact, Fact::Stepped(_)) {
            situation::settle();
        }
        if !self.is_dead() {
            if let Fact::ActBegan { deed, .. } = &fact {
                situation::acts(deed);
            }
            self.recorder.push(fact);
        }
    }

    /// Counts an operation on the disk or at the issuer.
    ///
    /// # Errors
    /// The participant is dead, or dies instead.
    pub fn operate(&self) -> Result<(), Dead> {
        if self.is_dead() {
            return Err(Dead);
        }
        let count = self.operations.fetch_add(1, Ordering::Relaxed) + 1;
        if self.dies_at.load(Ordering::Relaxed) == count {
            self.fate.dead.store(true, Ordering::Relaxed);
            places::alter(("dead", self.process), true);
            for who in &self.fate.threads {
                self.recorder.push(Fact::Died { who: *who });
            }
            return Err(Dead);
        }
        Ok(())
    }

    /// Whether it has died.
    pub fn is_dead(&self) -> bool {
        if self.is_mortal() {
            situation::settle();
        }
        let is_dead = self.fate.dead.load(Ordering::Relaxed);
        if is_dead {
            // Another thread of the process may have been the one that died.
            situation::observe("dead");
        }
        is_dead
    }

    /// How many operations it has done, on the disk and at the issuer.
    pub fn operations(&self) -> u32 {
        self.operations.load(Ordering::Relaxed)
    }

    /// From now on its process dies instead of its `at`-th operation, counted from 1.
    pub fn dies_at(&self, at: u32) {
        self.dies_at.store(at, Ordering::Relaxed);
    }

    /// Instead of which operation its process dies, or died.
    pub fn death(&self) -> Option<u32> {
        Some(self.dies_at.load(Ordering::Relaxed)).filter(|at| *at > 0)
    }

    /// Its process is dead from now on, and nobody writes that down: what is played is of no use any more.
    pub fn abandon(&self) {
        self.fate.dead.store(true, Ordering::Relaxed);
    }

    /// Whether its process has no other thread, so that nobody else looks at what is in its memory.
    pub fn is_alone(&self) -> bool {
        self.fate.threads.len() <= 1
    }

    /// The time that only a dead participant sees pass, so that its loops end.
    pub(super) fn afterlife_ms(&self, more_ms: u64) -> u64 {
        self.afterlife_ms.fetch_add(more_ms, Ordering::Relaxed) + more_ms
    }
}
