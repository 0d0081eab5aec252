//! What the participants of a script share: a place, or the store's lock, that is looked at in turns.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credlatch_core::engine::{Snapshot, held};
use credlatch_core::port::{Cell, Oneshot};

use super::digest::digest;
use super::disk::Document;
use super::ports::SimPorts;
use super::scripted::{Scripted, address, note_turn, take_turn, wake};
use super::server::Server;
use super::signs::Trail;
use super::sim::{Board, Gate, Sim, SimMutex};
use super::situation::{Blind, Memory};
use super::states::state_digest;
use super::{coroutine, situation};

/// A value that is looked at in turns.
#[derive(Debug)]
pub struct TurnCell<T> {
    place: u128,
    value: Mutex<T>,
}

impl<T: Send + 'static> TurnCell<T> {
    pub(super) fn put(value: T) -> Self {
        Self { place: situation::place(name(&value), holds(&value)), value: Mutex::new(value) }
    }

    fn value(&self) -> MutexGuard<'_, T> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_free(&self) -> bool {
        self.value.try_lock().is_ok()
    }

    /// Looks at it in a turn, and changes it if so it is said.
    fn alone<R>(&self, is_change: bool, look: impl FnOnce(&mut T) -> R) -> R {
        assert!(take_turn(address(self), || self.is_free()), "a cell that its holder never lets go of");
        situation::accesses(kind::<T>());
        if TypeId::of::<T>() != TypeId::of::<Server>() {
            situation::looks(self.place, is_of::<T>());
        }
        let mut guard = self.value();
        let seen = look(&mut guard);
        if is_change {
            situation::changes(self.place, holds(&*guard));
        }
        drop(guard);
        wake(address(self));
        seen
    }

    /// The same of what is in a process' memory: if nobody else is in it, it isn't shared.
    fn in_memory<R>(&self, is_change: bool, look: impl FnOnce(&mut T) -> R) -> R {
        if coroutine::is_playing() && Scripted::here().is_alone() {
            note_turn();
            let mut guard = self.value();
            let seen = look(&mut guard);
            if is_change {
                situation::remembers(self.place, holds(&*guard));
            }
            return seen;
        }
        self.alone(is_change, look)
    }

    fn peeked<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        situation::looks(self.place, is_of::<T>());
        look(&self.value())
    }
}

/// The name by which others find a place.
fn name<T: 'static>(value: &T) -> Option<u128> {
    (value as &dyn Any).downcast_ref().map(|trail: &Trail| digest(trail.name))
}

/// What tells apart what a place holds, where that is less than all that ever happened to it.
fn holds<T: 'static>(value: &T) -> Option<u128> {
    let value = value as &dyn Any;
    // The word is the only number. Whoever finds it odd minds nothing else of it.
    let word = value.downcast_ref().map(|word: &u64| digest(if word % 2 == 1 { 1 } else { *word }));
    let document = || value.downcast_ref().map(Document::digest);
    let server = || value.downcast_ref().map(|it: &Server| digest(it));
    let trail = || value.downcast_ref().map(Trail::digest);
    let snapshot = || value.downcast_ref().map(published);
    let engine = || match situation::memory() {
        Memory::Changes => None,
        memory => held::<SimPorts<Scripted>>(value, memory == Memory::Readers).map(digest),
    };
    word.or_else(document).or_else(server).or_else(trail).or_else(snapshot).or_else(engine)
}

/// What was published, and how often each of its records was used since that was last written down.
fn published(snapshot: &Arc<Snapshot>) -> u128 {
    let pools = snapshot.state.providers.keys().map(|provider| format!("{:?}", snapshot.pool(provider.as_str())));
    digest((snapshot.id, state_digest(&snapshot.state), pools.collect::<Vec<_>>()))
}

/// What a turn is taken for.
fn kind<T: 'static>() -> &'static str {
    let is = |other| TypeId::of::<T>() == other;
    match () {
        () if is(TypeId::of::<u64>()) => "the word",
        () if is(TypeId::of::<Document>()) => "the document",
        () if is(TypeId::of::<Trail>()) => "a sign of life",
        () if is(TypeId::of::<Server>()) => "the issuer",
        () => "a process' memory",
    }
}

fn is_of<T: 'static>() -> Blind {
    let is = |other| TypeId::of::<T>() == other;
    match () {
        () if is(TypeId::of::<Document>()) || is(TypeId::of::<u64>()) => Blind::ToStore,
        () if is(TypeId::of::<Trail>()) => Blind::ToSigns,
        () => Blind::Nowhere,
    }
}

impl<T: Send + Sync + 'static> Cell<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self::put(value)
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.in_memory(false, |value| look(value))
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.in_memory(true, change)
    }
}

impl<T: Send + 'static> Oneshot<T> for TurnCell<Option<T>> {
    fn new() -> Self {
        Self::put(None)
    }

    fn send(&self, value: T) {
        self.change(|place| *place = Some(value));
    }

    fn receive(&self, _patience_ms: u64) -> Option<T> {
        let mut value = None;
        if self.wait_for(Option::is_some) {
            self.poke(|place| value = place.take());
        }
        value
    }
}

impl<T: Send + 'static> SimMutex<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self::put(value)
    }

    fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.alone(true, look)
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.peeked(look)
    }

    fn poke(&self, change: impl FnOnce(&mut T)) {
        let mut value = self.value();
        change(&mut value);
        situation::changes(self.place, holds(&*value));
    }

    fn change<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.alone(true, look)
    }

    fn wait_for(&self, mut wanted: impl FnMut(&T) -> bool) -> bool {
        let found = take_turn(address(self), || self.value.try_lock().is_ok_and(|value| wanted(&value)));
        situation::accesses(kind::<T>());
        situation::observe(found);
        situation::looks(self.place, is_of::<T>());
        found
    }
}

impl<T: Send + Sync + 'static> Board<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self::put(value)
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.alone(false, |value| look(value))
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.alone(true, change)
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.peeked(look)
    }
}

/// The store's lock.
#[derive(Debug)]
pub struct TurnGate {
    place: u128,
    is_closed: Mutex<bool>,
}

/// The store's lock while it is held.
#[derive(Debug)]
pub struct TurnGuard<'a>(&'a TurnGate);

impl TurnGate {
    fn is_closed(&self) -> MutexGuard<'_, bool> {
        self.is_closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shut(&self, to: bool) {
        *self.is_closed() = to;
        situation::locks(to);
        situation::changes(self.place, Some(digest(to)));
    }
}

impl Gate for TurnGate {
    type Guard<'a> = TurnGuard<'a>;

    fn new() -> Self {
        Self { place: situation::place(None, Some(digest(false))), is_closed: Mutex::new(false) }
    }

    fn pass(&self) -> Option<TurnGuard<'_>> {
        let has_passed = take_turn(address(self), || !*self.is_closed());
        situation::accesses("the store's lock");
        situation::observe(has_passed);
        situation::looks(self.place, Blind::Nowhere);
        has_passed.then(|| {
            self.shut(true);
            TurnGuard(self)
        })
    }
}

impl Drop for TurnGuard<'_> {
    fn drop(&mut self) {
        self.0.shut(false);
        wake(address(self.0));
    }
}
