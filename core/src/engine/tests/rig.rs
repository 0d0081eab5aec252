//! A world of one thread: a store and a clock that do as a test says, and write down what they were asked.
//!
//! What happens beside the engine is a hook on the next call of a kind: so a test says *while it waits, the other settles*.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, RwLock};
use std::time::Duration;

use super::super::Engine;
use super::script::Answers;
use super::signs::{Life, Sign};
use crate::machine::Event;
use crate::machine::put::Put;
use crate::port::{
    Cell, Clock, CommitError, Left, Loaded, Locked, Nonces, Oneshot, Ports, Seam, Store, StoreError, StoreErrorKind,
};
use crate::sample::{at, stored};
use crate::state::time::Stamp;
use crate::state::{Actor, Claim, Nonce, State};

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
        Arc::new(Engine::new(Shelf(self.clone(), process), Watch(self.clone()), Numbers(self.clone()), ms))
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

/// The ports of the rig.
pub(super) struct Here;

impl Ports for Here {
    type Seam = Locks;
    type Store = Shelf;
    type Clock = Watch;
    type Nonces = Numbers;
}

pub(super) struct Locks;

impl Seam for Locks {
    type Cell<T: Send + Sync + 'static> = Guarded<T>;
    type Published<T: Send + Sync + 'static> = Guarded<Arc<T>>;
    type Oneshot<T: Send + 'static> = Channel<T>;
}

/// Whoever waits here does so by the clock of this machine.
pub(super) struct Channel<T>(Mutex<Option<T>>, Condvar);

impl<T: Send> Oneshot<T> for Channel<T> {
    fn new() -> Self {
        Self(Mutex::new(None), Condvar::new())
    }

    fn send(&self, value: T) {
        *lock(&self.0) = Some(value);
        self.1.notify_one();
    }

    fn receive(&self, patience_ms: u64) -> Option<T> {
        let longest = Duration::from_millis(patience_ms);
        let (mut value, _) = self.1.wait_timeout_while(lock(&self.0), longest, |value| value.is_none()).unwrap();
        value.take()
    }
}

pub(super) struct Guarded<T>(RwLock<T>);

impl<T: Send + Sync> Cell<T> for Guarded<T> {
    fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.read().unwrap())
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.write().unwrap())
    }
}

pub(super) struct Watch(Rig);

impl Clock for Watch {
    fn now(&self) -> Stamp {
        self.0.now()
    }

    fn pause(&self, ms: u64) {
        self.0.pass(ms);
        self.0.ask("pause", &ms.to_string());
    }
}

pub(super) struct Numbers(Rig);

impl Nonces for Numbers {
    fn nonce(&self) -> Nonce {
        Nonce(self.0.0.nonces.fetch_add(1, Ordering::Relaxed).into())
    }
}

/// The store, as a process of this number sees it.
pub(super) struct Shelf(Rig, u32);

impl Store for Shelf {
    type Locked<'a> = LockedShelf<'a>;
    type Alive = Life;
    type Reservation = usize;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        self.0.ask("word", "");
        Ok(lock(&self.0.0.disk).id)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.0.ask("load", "");
        let loaded = lock(&self.0.0.disk).clone();
        self.0.ask("loaded", "");
        Ok(loaded)
    }

    fn lock(&self, _patience_ms: u64) -> Result<LockedShelf<'_>, StoreError> {
        self.0.ask("lock", "");
        Ok(LockedShelf(&self.0))
    }

    fn enlist(&self) -> Result<Life, StoreError> {
        let name = Numbers(self.0.clone()).nonce();
        let actor = Actor { name, pid: self.1, started: 0, pid_namespace: 0, notes: true };
        Ok(Life::begin(self.0.clone(), actor))
    }

    fn reserve(&self, bytes: usize) -> Result<usize, StoreError> {
        self.0.ask("reserve", &bytes.to_string());
        Ok(bytes)
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        Ok(self.0.is_living(actor))
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        Ok(self.0.signs().get(&claim.actor.name).map_or(Left::MaybeSent { noted: None }, |sign| sign.left(claim)))
    }

    fn is_own(&self, actor: &Actor) -> bool {
        actor.pid == self.1
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        self.0.ask("wait", &patience_ms.to_string());
        let is_own = self.is_own(&claim.actor);
        let ended = match self.left(claim)? {
            Left::Going => false,
            Left::Answer(_) => !is_own || !self.0.is_living(&claim.actor),
            Left::NoNote | Left::MaybeSent { .. } => true,
        };
        if !ended {
            self.0.pass(patience_ms);
        }
        Ok(ended)
    }
}

pub(super) struct LockedShelf<'a>(&'a Rig);

impl Locked for LockedShelf<'_> {
    type Reservation = usize;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        Ok(lock(&self.0.0.disk).clone())
    }

    fn commit(&mut self, state: &State, reservation: Option<usize>) -> Result<u64, CommitError> {
        self.0.ask("commit", &reservation.map_or(String::new(), |bytes| format!("into {bytes}")));
        if let Some(error) = lock(&self.0.0.refusals).pop_front() {
            return Err(error);
        }
        let mut disk = lock(&self.0.0.disk);
        let id = disk.id.unwrap_or(0) + 2;
        *disk = Loaded { state: state.clone(), id: Some(id) };
        Ok(id)
    }
}

/// One event in a transaction of its own.
pub(super) fn commit(engine: &Engine<Here>, event: Event) {
    engine.transact(&[event]).unwrap();
}
