//! Turns as a script gives them: one participant moves at a time, and the script says who. The same script plays the same
//! history again, on stable and without loom.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use credlatch_core::law::Who;
use credlatch_core::port::{Cell, Seam};

use super::here::Here;
use super::sim::{Board, Gate, Place, Sim};

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

/// Takes a turn as soon as `attempt` gives something; nothing if nobody is left who could make it.
fn take_turn<R>(place: usize, mut attempt: impl FnMut() -> Option<R>) -> Option<R> {
    let Some(script) = SCRIPT.with(|script| script.borrow().clone()) else { return attempt() };
    let here = Scripted::here();
    let me = here.who as usize;
    let mut hope = true;
    loop {
        hope &= script.await_turn(me);
        if let Some(done) = attempt() {
            script.consume(me);
            here.recorder.turn(here.who);
            return Some(done);
        }
        if !hope {
            return None;
        }
        script.rest(me, Status::Blocked(place));
    }
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
pub struct TurnCell<T>(Mutex<T>);

impl<T> TurnCell<T> {
    fn alone<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        let attempt = || self.0.try_lock().ok();
        let mut guard = take_turn(address(self), attempt).expect("a cell that its holder never lets go of");
        let seen = look(&mut guard);
        drop(guard);
        wake(address(self));
        seen
    }
}

impl<T: Send + Sync> Cell<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.alone(|value| look(value))
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.alone(change)
    }
}

impl<T: Send> Place<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.alone(look)
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn poke(&self, change: impl FnOnce(&mut T)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn change<R>(&self, look: impl FnOnce(&mut T) -> R) -> R {
        self.alone(look)
    }

    fn wait_for(&self, mut wanted: impl FnMut(&T) -> bool) -> bool {
        let attempt = || self.0.try_lock().ok().filter(|value| wanted(value)).map(drop);
        take_turn(address(self), attempt).is_some()
    }
}

impl<T: Send + Sync> Board<T> for TurnCell<T> {
    fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.alone(|value| look(value))
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.alone(change)
    }

    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The store's lock.
#[derive(Debug)]
pub struct TurnGate(Mutex<bool>);

/// The store's lock while it is held.
#[derive(Debug)]
pub struct TurnGuard<'a>(&'a TurnGate);

impl Gate for TurnGate {
    type Guard<'a> = TurnGuard<'a>;

    fn new() -> Self {
        Self(Mutex::new(false))
    }

    fn pass(&self) -> Option<TurnGuard<'_>> {
        let attempt = || {
            let mut closed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (!std::mem::replace(&mut *closed, true)).then_some(())
        };
        take_turn(address(self), attempt).map(|()| TurnGuard(self))
    }
}

impl Drop for TurnGuard<'_> {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
        wake(address(self.0));
    }
}
