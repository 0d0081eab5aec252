//! What the participants of a script share: a place, or the store's lock, that is looked at in turns.

use std::any::{Any, TypeId};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use credlatch_core::engine::Snapshot;
use credlatch_core::port::{Cell, Oneshot};

use super::digest::digest;
use super::disk::Document;
use super::holds::Holds;
use super::memory::holds;
use super::scripted::{Scripted, address, note_turn, take_turn, wake};
use super::server::Server;
use super::signs::Trail;
use super::sim::{Board, Gate, Sim, SimMutex};
use super::situation::Blind;
use super::{coroutine, places, situation, still};

/// A value that is looked at in turns.
#[derive(Debug)]
pub struct TurnCell<T> {
    place: u128,
    value: Mutex<T>,
}

impl<T: Send + 'static> TurnCell<T> {
    pub(super) fn put(value: T) -> Self {
        takes(&value);
        Self { place: places::place(name(&value), holds(&value)), value: Mutex::new(value) }
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
        match () {
            // What it is told there, or the word, it observes by itself.
            () if is::<T, Server>() || (is::<T, u64>() && !is_change) => places::glances(self.place),
            () if is_change => places::looks_to_change(self.place, is_of::<T>()),
            () => places::looks(self.place, is_of::<T>()),
        }
        let mut guard = self.value();
        takes(&*guard);
        let seen = look(&mut guard);
        if is_change {
            places::changes(self.place, holds(&*guard));
            takes(&*guard);
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
            takes(&*guard);
            let seen = look(&mut guard);
            if is_change {
                places::remembers(self.place, holds(&*guard));
                takes(&*guard);
            }
            return seen;
        }
        if places::is_still(self.place) {
            if !self.is_free() {
                situation::settle();
            }
            if self.is_free() {
                return self.untold(is_change, look);
            }
            situation::observe("somebody is at it");
        }
        self.alone(is_change, look)
    }

    /// The same where nobody can tell when that was: it takes no turn until it does something else.
    fn untold<R>(&self, is_change: bool, look: impl FnOnce(&mut T) -> R) -> R {
        coroutine::owe_turn();
        let mut guard = self.value();
        takes(&*guard);
        let before = is_change.then(|| holds(&*guard));
        let seen = look(&mut guard);
        // Uses are counted beside the seam in what is published.
        let is_counted_in = is::<T, Arc<Snapshot>>();
        places::touches_untold(self.place, is_counted_in, before.map(|before| (before, holds(&*guard))));
        if is_change {
            takes(&*guard);
        }
        seen
    }

    fn peeked<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        situation::settle();
        places::looks(self.place, is_of::<T>());
        let value = self.value();
        takes(&*value);
        look(&value)
    }
}

/// Whoever looks at a document, or at what its process has published, or has put it there, has that in hand.
fn takes<T: 'static>(value: &T) {
    if situation::is_followed() {
        let value = value as &dyn Any;
        if let Some(document) = value.downcast_ref::<Document>() {
            places::takes_document(&document.state, document.id);
        }
        if let Some(snapshot) = value.downcast_ref::<Arc<Snapshot>>() {
            places::takes_published(&snapshot.state, snapshot.id);
        }
    }
}

/// The name by which others find a place.
fn name<T: 'static>(value: &T) -> Option<u128> {
    (value as &dyn Any).downcast_ref().map(|trail: &Trail| digest(trail.name))
}

/// What a turn is taken for.
fn kind<T: 'static>() -> &'static str {
    match () {
        () if is::<T, u64>() => "the word",
        () if is::<T, Document>() => "the document",
        () if is::<T, Trail>() => "a sign of life",
        () if is::<T, Server>() => "the issuer",
        () => "a process' memory",
    }
}

fn is<T: 'static, Other: 'static>() -> bool {
    TypeId::of::<T>() == TypeId::of::<Other>()
}

fn is_of<T: 'static>() -> Blind {
    match () {
        () if is::<T, Document>() || is::<T, u64>() => Blind::ToStore,
        () if is::<T, Trail>() => Blind::ToSigns,
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

    fn register<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        if coroutine::is_playing() && !Scripted::here().is_alone() && still::is_assumed() && self.is_free() {
            coroutine::owe_turn();
            return change(&mut self.value());
        }
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
        situation::settle();
        let mut value = self.value();
        change(&mut value);
        places::changes(self.place, holds(&*value));
    }

    fn change<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.alone(true, look)
    }

    fn wait_for(&self, mut wanted: impl FnMut(&T) -> bool) -> bool {
        let found = take_turn(address(self), || self.value.try_lock().is_ok_and(|value| wanted(&value)));
        situation::accesses(kind::<T>());
        situation::observe(found);
        places::looks(self.place, is_of::<T>());
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

    fn glance<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        situation::settle();
        places::glances(self.place);
        look(&self.value())
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
        situation::settle();
        *self.is_closed() = to;
        situation::locks(to);
        places::changes(self.place, Holds::Told(digest(to)));
    }
}

impl Gate for TurnGate {
    type Guard<'a> = TurnGuard<'a>;

    fn new() -> Self {
        Self { place: places::place(None, Holds::Told(digest(false))), is_closed: Mutex::new(false) }
    }

    fn pass(&self) -> Option<TurnGuard<'_>> {
        let has_passed = take_turn(address(self), || !*self.is_closed());
        situation::accesses("the store's lock");
        situation::observe(has_passed);
        places::looks(self.place, Blind::Nowhere);
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
