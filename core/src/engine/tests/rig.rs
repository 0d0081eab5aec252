//! A world of one thread: a store and a clock that do as a test says, and write down what they were asked.
//!
//! `ports` is what an engine sees of it.
//!
//! What happens beside the engine is a hook on the next call of a kind: so a test says *while it waits, the other settles*.

mod ports;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

pub(super) use self::ports::{Here, Locks, Numbers, Shelf, Watch};

use super::super::Engine;
use super::script::Answers;
use super::signs::Sign;
use crate::machine::Event;
use crate::machine::put::Put;
use crate::port::{CommitError, Loaded, Ports, StoreError, StoreErrorKind};
use crate::sample::{at, stored};
use crate::state::time::Stamp;
use crate::state::{Actor, Nonce, State};

/// No test here asks this much; more is a loop without an end.
const MOST_CALLS: usize = 500;

type Hook = Box<dyn FnOnce() + Send>;

struct World {
    now_ms: AtomicU64,
    boot: AtomicU64,
    wall_by_ms: AtomicI64,
    nonces: AtomicU64,
    disk: Mutex<Loaded>,
    /// The store that was moved away, with its signs of life.
    moved: Mutex<Option<Loaded>>,
    processes: AtomicU32,
    signs: Mutex<BTreeMap<Nonce, Sign>>,
    calls: Mutex<Vec<String>>,
    /// How long each waited at most who locked the store.
    patiences_ms: Mutex<Vec<u64>>,
    hooks: Mutex<BTreeMap<&'static str, VecDeque<Hook>>>,
    refusals: Mutex<VecDeque<CommitError>>,
    unnotable: Mutex<VecDeque<StoreError>>,
    answers: Mutex<Answers>,
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap()
}

/// One world; clones are the same.
#[derive(Clone)]
pub(super) struct Rig(Arc<World>);

impl Rig {
    /// A store with these entries, put at the beginning.
    pub(super) fn with(puts: impl IntoIterator<Item = Put>) -> Self {
        let disk = Loaded { state: State { generation: 1, ..stored(puts) }, id: Some(2) };
        Self(Arc::new(World {
            now_ms: AtomicU64::new(0),
            boot: AtomicU64::new(at(0).boot),
            wall_by_ms: AtomicI64::new(0),
            nonces: AtomicU64::new(100),
            disk: Mutex::new(disk),
            processes: AtomicU32::new(0),
            moved: Mutex::default(),
            signs: Mutex::default(),
            calls: Mutex::default(),
            patiences_ms: Mutex::default(),
            hooks: Mutex::default(),
            refusals: Mutex::default(),
            unnotable: Mutex::default(),
            answers: Mutex::default(),
        }))
    }

    /// Another process on this store.
    pub(super) fn engine(&self) -> Arc<Engine<Here>> {
        self.engine_of()
    }

    /// The same, with a machine of its own.
    pub(super) fn engine_of<P: Ports<Store = Shelf, Clock = Watch, Nonces = Numbers>>(&self) -> Arc<Engine<P>> {
        self.waiting_for(1_000)
    }

    /// Another process that waits so long.
    pub(super) fn engine_with_patience(&self, ms: u64) -> Arc<Engine<Here>> {
        self.waiting_for(ms)
    }

    fn waiting_for<P: Ports<Store = Shelf, Clock = Watch, Nonces = Numbers>>(&self, ms: u64) -> Arc<Engine<P>> {
        let process = self.0.processes.fetch_add(1, Ordering::Relaxed) + 1;
        Arc::new(Engine::new(Shelf::of(self, process), Watch::of(self), Numbers::of(self), ms))
    }

    pub(super) fn pass(&self, ms: u64) {
        self.0.now_ms.fetch_add(ms, Ordering::Relaxed);
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.0.now_ms.load(Ordering::Relaxed)
    }

    /// Another boot from now on; 0 if the platform doesn't say which.
    pub(super) fn boots(&self, boot: u64) {
        self.0.boot.store(boot, Ordering::Relaxed);
    }

    /// Somebody sets the wall clock, ahead or back.
    pub(super) fn set_wall(&self, by_ms: i64) {
        self.0.wall_by_ms.fetch_add(by_ms, Ordering::Relaxed);
    }

    /// A reading of both clocks.
    pub(super) fn now(&self) -> Stamp {
        let now = at(self.now_ms());
        let wall_ms = now.wall_ms.saturating_add_signed(self.0.wall_by_ms.load(Ordering::Relaxed));
        Stamp { wall_ms, boot: self.0.boot.load(Ordering::Relaxed), ..now }
    }

    /// What the store holds.
    pub(super) fn state(&self) -> State {
        lock(&self.0.disk).state.clone()
    }

    /// Puts another document in the place of the one that is there, as a restore would.
    pub(super) fn restore(&self, state: State) {
        let mut disk = lock(&self.0.disk);
        let id = disk.id.map(|id| id + 2);
        *disk = Loaded { state, id };
    }

    /// Somebody moves the store away: nothing stands in its place.
    pub(super) fn move_away(&self) {
        let nothing = Loaded { state: State::default(), id: None };
        *lock(&self.0.moved) = Some(std::mem::replace(&mut *lock(&self.0.disk), nothing));
    }

    /// Puts it back.
    pub(super) fn move_back(&self) {
        *lock(&self.0.disk) = lock(&self.0.moved).take().unwrap();
    }

    pub(super) fn is_moved(&self) -> bool {
        lock(&self.0.moved).is_some()
    }

    /// The next call of this kind finds that this has just happened.
    pub(super) fn when(&self, call: &'static str, hook: impl FnOnce() + Send + 'static) {
        lock(&self.0.hooks).entry(call).or_default().push_back(Box::new(hook));
    }

    /// The next commits fail.
    pub(super) fn refuse(&self, errors: impl IntoIterator<Item = CommitError>) {
        lock(&self.0.refusals).extend(errors);
    }

    /// The next note can't be written.
    pub(super) fn refuse_note(&self, error: StoreError) {
        lock(&self.0.unnotable).push_back(error);
    }

    pub(super) fn noting(&self) -> Result<(), StoreError> {
        lock(&self.0.unnotable).pop_front().map_or(Ok(()), Err)
    }

    /// Whether an answer lies beside some sign of life.
    pub(super) fn has_answer(&self) -> bool {
        self.signs().values().any(|sign| sign.answer.is_some())
    }

    pub(super) fn signs(&self) -> MutexGuard<'_, BTreeMap<Nonce, Sign>> {
        lock(&self.0.signs)
    }

    pub(super) fn answers(&self) -> MutexGuard<'_, Answers> {
        lock(&self.0.answers)
    }

    /// What was asked since the last look.
    pub(super) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.0.calls))
    }

    /// What of this kind was asked since the last look.
    pub(super) fn calls_of(&self, kind: &str) -> Vec<String> {
        self.calls().into_iter().filter(|call| call.split(' ').next() == Some(kind)).collect()
    }

    /// How long each waited at most who locked the store since the last look.
    pub(super) fn patiences_ms(&self) -> Vec<u64> {
        std::mem::take(&mut lock(&self.0.patiences_ms))
    }

    pub(super) fn ask(&self, kind: &'static str, with: &str) {
        {
            let mut calls = lock(&self.0.calls);
            calls.push(format!("{kind} {with}").trim_end().to_owned());
            assert!(calls.len() < MOST_CALLS, "it goes on and on: {:?}", &calls[MOST_CALLS - 20..]);
        }
        let hook = lock(&self.0.hooks).get_mut(kind).and_then(VecDeque::pop_front);
        if let Some(hook) = hook {
            hook();
        }
    }

    fn is_living(&self, actor: &Actor) -> bool {
        self.signs().get(&actor.name).is_some_and(|sign| sign.is_alive)
    }
}

pub(super) fn error(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, "the test says so", "none")
}

/// One event in a transaction of its own.
pub(super) fn commit(engine: &Engine<Here>, event: Event) {
    engine.transact(&[event]).unwrap();
}
