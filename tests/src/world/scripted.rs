//! Turns as a script gives them: one participant moves at a time, and the script says who. The same script plays the same
//! history again, on stable and without loom.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use credlatch_core::law::Who;
use credlatch_core::port::Seam;

use super::coroutine;
use super::here::Here;
use super::sim::Sim;
use super::turn_cell::{TurnCell, TurnGate};
use super::turn_published::TurnPublished;

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
pub(super) fn take_turn(place: usize, mut can: impl FnMut() -> bool) -> bool {
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

pub(super) fn note_turn() {
    let here = Scripted::here();
    here.recorder.turn(here.who);
}

pub(super) fn wake(place: usize) {
    if let Some(script) = SCRIPT.with(|script| script.borrow().clone()) {
        script.wake(place);
    }
}

pub(super) fn address<T>(of: &T) -> usize {
    std::ptr::from_ref(of).addr()
}

impl Seam for Scripted {
    type Cell<T: Send + Sync + 'static> = TurnCell<T>;
    type Published<T: Send + Sync + 'static> = TurnPublished<T>;
    type Oneshot<T: Send + 'static> = TurnCell<Option<T>>;
}

impl Sim for Scripted {
    type Gate = TurnGate;
    type SimMutex<T: Send + 'static> = TurnCell<T>;
    type Board<T: Send + Sync + 'static> = TurnCell<T>;

    fn here() -> Arc<Here> {
        HERE.with(|here| here.borrow().clone()).expect("a participant's thread")
    }

    fn enter(here: Arc<Here>) {
        HERE.with(|place| *place.borrow_mut() = Some(here));
    }
}
