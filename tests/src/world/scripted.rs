//! Turns as a script gives them: one participant moves at a time, and the script says who. The same script plays the same
//! history again, on stable and without loom.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use credlatch_core::engine::Snapshot;
use credlatch_core::law::Who;
use credlatch_core::port::{Cell, Seam};

use super::disk::Document;
use super::here::Here;
use super::server::Server;
use super::signs::Trail;
use super::sim::{Board, Gate, Place, Sim};
use super::situation::{Blind, digest, state_digest};
use super::{coroutine, situation};

thread_local! {
    static HERE: RefCell<Option<Arc<Here>>> = const { RefCell::new(None) };
    static SCRIPT: RefCell<Option<Arc<Script>>> = const { RefCell::new(None) };
}

/// Participants are threads that move one at a time.
#[derive(Debug)]
pub enum Scripted {}

/// Who moves next.
#[derive(Debug)]
pub struct Script {
    turns: Mutex<Turns>,
    mine: Vec<Condvar>,
}

#[derive(Debug)]
struct Turns {
    script: VecDeque<(Who, u32)>,
    status: Vec<Status>,
    current: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Status {
    /// It could move.
    Ready,
    /// It waits for the thing at this address.
    Blocked(usize),
    /// It waits for something that nobody is left to do.
    GaveUp,
    /// It is through.
    Done,
}

impl Script {
    /// A script for so many participants: each line says who takes how many turns. After its last line, and where it
    /// names somebody who can't move, whoever moved last goes on.
    pub fn new(participants: usize, script: impl IntoIterator<Item = (Who, u32)>) -> Arc<Self> {
        let turns =
            Turns { script: script.into_iter().collect(), status: vec![Status::Ready; participants], current: 0 };
        let mine = (0..participants).map(|_| Condvar::new()).collect();
        let script = Self { turns: Mutex::new(turns), mine };
        script.turns().decide();
        Arc::new(script)
    }

    /// Makes this thread a participant's: from here on it moves only when it is its turn, so that what it does before it
    /// takes one has its place in the order too.
    pub fn join(self: &Arc<Self>, who: Who) {
        SCRIPT.with(|place| *place.borrow_mut() = Some(Arc::clone(self)));
        self.await_turn(who as usize);
    }

    /// This thread's participant is through.
    pub fn leave(&self, who: Who) {
        SCRIPT.with(|place| *place.borrow_mut() = None);
        self.rest(who as usize, Status::Done);
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn; `false` if there is nothing left to wait for.
    fn await_turn(&self, me: usize) -> bool {
        let mut turns = self.turns();
        if turns.current == me {
            turns.decide();
        }
        while turns.current != me {
            self.mine[turns.current].notify_one();
            turns = self.mine[me].wait(turns).unwrap_or_else(PoisonError::into_inner);
        }
        let gave_up = turns.status[me] == Status::GaveUp;
        turns.status[me] = Status::Ready;
        !gave_up
    }

    /// Takes no turn before its status changes.
    fn rest(&self, me: usize, status: Status) {
        let mut turns = self.turns();
        turns.status[me] = status;
        turns.decide();
        self.mine[turns.current].notify_one();
    }

    /// Whoever waits for this thing may look again.
    fn wake(&self, place: usize) {
        for status in &mut self.turns().status {
            if *status == Status::Blocked(place) {
                *status = Status::Ready;
            }
        }
    }

    fn consume(&self, me: usize) {
        let mut turns = self.turns();
        if let Some((who, left)) = turns.script.front_mut()
            && *who as usize == me
        {
            *left -= 1;
            if *left == 0 {
                turns.script.pop_front();
            }
        }
    }
}

impl Turns {
    fn decide(&mut self) {
        while let Some((who, left)) = self.script.front() {
            if *left > 0 && self.status.get(*who as usize) == Some(&Status::Ready) {
                self.current = *who as usize;
                return;
            }
            self.script.pop_front();
        }
        if matches!(self.status.get(self.current), Some(Status::Ready | Status::GaveUp)) {
            return;
        }
        let blocked = |status: &Status| matches!(status, Status::Blocked(_));
        if let Some(next) = self.status.iter().position(|status| *status == Status::Ready) {
            self.current = next;
        } else if let Some(next) = self.status.iter().position(blocked) {
            self.status[next] = Status::GaveUp;
            self.current = next;
        }
    }
}

/// Waits for a turn in which this is possible, and takes it. Returns whether there is one: not if nobody is left who could
/// make it possible.
fn take_turn(place: usize, mut can: impl FnMut() -> bool) -> bool {
    if coroutine::is_playing() {
        let is_possible = coroutine::await_access(&mut can);
        if is_possible {
            note_turn();
        }
        return is_possible;
    }
    let Some(script) = SCRIPT.with(|script| script.borrow().clone()) else { return can() };
    let me = Scripted::here().who as usize;
    let mut hope = true;
    loop {
        hope &= script.await_turn(me);
        if can() {
            script.consume(me);
            note_turn();
            return true;
        }
        if !hope {
            return false;
        }
        script.rest(me, Status::Blocked(place));
    }
}

fn note_turn() {
    let here = Scripted::here();
    here.recorder.turn(here.who);
}

fn wake(place: usize) {
    if let Some(script) = SCRIPT.with(|script| script.borrow().clone()) {
        script.wake(place);
    }
}

fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

impl Seam for Scripted {
    type Cell<T: Send + Sync + 'static> = TurnCell<T>;
}

impl Sim for Scripted {
    type Gate = TurnGate;
    type Place<T: Send + 'static> = TurnCell<T>;
    type Board<T: Send + Sync + 'static> = TurnCell<T>;

    fn here() -> Arc<Here> {
        HERE.with(|here| here.borrow().clone()).expect("a participant's thread")
    }

    fn enter(here: Arc<Here>) {
        HERE.with(|place| *place.borrow_mut() = Some(here));
    }
}

/// A value that is looked at in turns.
#[derive(Debug)]
pub struct TurnCell<T> {
    place: u128,
    value: Mutex<T>,
}

impl<T: Send + 'static> TurnCell<T> {
    fn put(value: T) -> Self {
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
            return look(&mut self.value());
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
    word.or_else(document).or_else(server).or_else(trail).or_else(snapshot)
}

/// What was published, and how often each of its records was used since that was last written down.
fn published(snapshot: &Arc<Snapshot>) -> u128 {
    let pools = snapshot.state.providers.keys().map(|provider| format!("{:?}", snapshot.pool(provider.as_str())));
    digest((snapshot.id, state_digest(&snapshot.state), pools.collect::<Vec<_>>()))
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

impl<T: Send + 'static> Place<T> for TurnCell<T> {
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
        situation::observe((self.place, has_passed));
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
