//! Turns as loom takes them: every order of them is explored.
//!
//! Loom's own locks hold two readers for dependent, and its atomics miss orders when two load before a third stores. So what
//! many read has one mutex for each reader here, and who changes it takes all of them.

use std::cell::{Cell as StdCell, RefCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use credlatch_core::port::{Cell, Oneshot, Seam};
use loom::sync::{Condvar, Mutex, MutexGuard};

use super::here::Here;
use super::sim::{Board, Gate, Sim, SimMutex};

thread_local! {
    static READERS: StdCell<usize> = const { StdCell::new(0) };
}

loom::thread_local! {
    static HERE: RefCell<Option<Arc<Here>>> = RefCell::new(None);
}

/// Participants are loom's threads.
#[derive(Debug)]
pub enum Loomed {}

/// Says how many participants the worlds of this thread will have. Loom runs all of them on one thread of the system.
pub fn expect_participants(count: usize) {
    READERS.with(|readers| readers.set(count));
}

/// What many read: a lock of the engine, a thing on the disk.
#[derive(Debug)]
pub struct LoomBoard<T> {
    readers: Vec<Mutex<()>>,
    value: RwLock<T>,
}

/// Something shared: a turn at it, and what is there.
#[derive(Debug)]
pub struct LoomMutex<T> {
    turn: Mutex<()>,
    changed: Condvar,
    waiting: AtomicUsize,
    value: std::sync::Mutex<T>,
}

/// The store's lock.
///
/// Loom takes what two holders did under a lock for a race between them, unless something else orders them: so each
/// holder visits `handover` at both ends. Without that it would explore the inside of the lock for nothing.
#[derive(Debug)]
pub struct LoomGate {
    lock: Mutex<()>,
    handover: Mutex<()>,
}

/// The store's lock while it is held.
#[derive(Debug)]
pub struct LoomGuard<'a> {
    handover: &'a Mutex<()>,
    _lock: MutexGuard<'a, ()>,
}

impl Seam for Loomed {
    type Cell<T: Send + Sync + 'static> = LoomBoard<T>;
    type Published<T: Send + Sync + 'static> = LoomBoard<Arc<T>>;
    type Oneshot<T: Send + 'static> = LoomMutex<Option<T>>;
}

impl<T: Send + 'static> Oneshot<T> for LoomMutex<Option<T>> {
    fn new() -> Self {
        SimMutex::new(None)
    }

    fn send(&self, value: T) {
        self.change(|place| *place = Some(value));
    }

    fn receive(&self, _patience_ms: u64) -> Option<T> {
        self.wait_for(Option::is_some);
        self.value().take()
    }
}

impl Sim for Loomed {
    type Gate = LoomGate;
    type SimMutex<T: Send + 'static> = LoomMutex<T>;
    type Board<T: Send + Sync + 'static> = LoomBoard<T>;

    fn here() -> Arc<Here> {
        HERE.with(|here| here.borrow().clone()).expect("a participant's thread")
    }

    fn enter(here: Arc<Here>) {
        HERE.with(|place| *place.borrow_mut() = Some(here));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("loom's locks are never poisoned")
}

/// Notes that this thread's participant took a turn: once for each access, however many locks it takes.
fn took_turn() {
    let here = Loomed::here();
    here.recorder.turn(here.who);
}

impl<T> LoomBoard<T> {
    fn put(value: T) -> Self {
        let readers = READERS.with(StdCell::get);
        Self { readers: (0..readers).map(|_| Mutex::new(())).collect(), value: RwLock::new(value) }
    }

    fn look<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        // Whoever sets the stage is alone on it.
        let _mine = self.readers.get(Loomed::here().who as usize).map(lock);
        took_turn();
        look(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        let me = Loomed::here().who as usize;
        let _all: Vec<_> = if me < self.readers.len() { self.readers.iter().map(lock).collect() } else { Vec::new() };
        took_turn();
        change(&mut self.value.write().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Send + Sync> Cell<T> for LoomBoard<T> {
    fn new(value: T) -> Self {
        Self::put(value)
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.look(look)
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.change(change)
    }
}

impl<T: Send + Sync> Board<T> for LoomBoard<T> {
    fn new(value: T) -> Self {
        Self::put(value)
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.look(look)
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        // Writers are ordered by the store's lock, and nobody reads beside himself.
        let me = Loomed::here().who as usize;
        let others = self.readers.iter().enumerate().filter(|(reader, _)| me < self.readers.len() && *reader != me);
        let _others: Vec<_> = others.map(|(_, reader)| lock(reader)).collect();
        took_turn();
        change(&mut self.value.write().unwrap_or_else(PoisonError::into_inner))
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.value.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T: Send> LoomMutex<T> {
    fn value(&self) -> std::sync::MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Send> SimMutex<T> for LoomMutex<T> {
    fn new(value: T) -> Self {
        Self {
            turn: Mutex::new(()),
            changed: Condvar::new(),
            waiting: AtomicUsize::new(0),
            value: std::sync::Mutex::new(value),
        }
    }

    fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        let _turn = lock(&self.turn);
        took_turn();
        look(&mut self.value())
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.value())
    }

    fn poke(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.value());
    }

    fn change<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        let turn = lock(&self.turn);
        took_turn();
        let seen = look(&mut self.value());
        let waiting = self.waiting.load(Ordering::Relaxed) > 0;
        drop(turn);
        if waiting {
            self.changed.notify_all();
        }
        seen
    }

    fn wait_for(&self, mut wanted: impl FnMut(&T) -> bool) -> bool {
        let mut turn = lock(&self.turn);
        self.waiting.fetch_add(1, Ordering::Relaxed);
        while !wanted(&self.value()) {
            turn = self.changed.wait(turn).expect("loom's locks are never poisoned");
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        took_turn();
        true
    }
}

impl Gate for LoomGate {
    type Guard<'a> = LoomGuard<'a>;

    fn new() -> Self {
        Self { lock: Mutex::new(()), handover: Mutex::new(()) }
    }

    fn pass(&self) -> Option<LoomGuard<'_>> {
        let guard = LoomGuard { _lock: lock(&self.lock), handover: &self.handover };
        drop(lock(guard.handover));
        took_turn();
        Some(guard)
    }
}

impl Drop for LoomGuard<'_> {
    fn drop(&mut self) {
        drop(self.handover.lock());
    }
}
