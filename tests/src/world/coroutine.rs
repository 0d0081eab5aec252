//! Participants as coroutines: all are on one thread of the system, and one moves while the others wait before their next
//! access to something shared. Switching costs some nanoseconds, and a thread's hand-over some microseconds.

use std::cell::{Cell, RefCell};

use generator::{Generator, Gn};

/// In words. The engine's calls are deep in builds without optimisation.
const STACK: usize = 0x2_0000;

/// What a participant hears when it is resumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Resumption {
    /// Say whether you could move.
    Ask,
    /// Move.
    Go,
    /// Nobody is left who could let you move.
    GiveUp,
}

type Part = Box<dyn FnOnce()>;

thread_local! {
    static RESUMPTION: Cell<Resumption> = const { Cell::new(Resumption::Go) };
    static ANSWER: Cell<bool> = const { Cell::new(false) };
    static PART: RefCell<Option<Part>> = const { RefCell::new(None) };
    static ENDED: Cell<bool> = const { Cell::new(false) };
    static IS_PLAYING: Cell<bool> = const { Cell::new(false) };
    static OWED: Cell<u32> = const { Cell::new(0) };
}

/// Whether a coroutine runs on this thread now.
pub fn is_playing() -> bool {
    IS_PLAYING.get()
}

/// Waits before an access until it is this participant's turn. Returns whether the access can be made: not if nobody is left
/// who could make it possible.
pub fn await_access(can: &mut dyn FnMut() -> bool) -> bool {
    loop {
        suspend();
        match RESUMPTION.get() {
            Resumption::Ask => ANSWER.set(can()),
            Resumption::Go => return true,
            Resumption::GiveUp => return false,
        }
    }
}

/// Whoever plays has made an access for which it took no turn: it owes one.
pub fn owe_turn() {
    OWED.set(OWED.get() + 1);
}

/// Whether whoever plays owes a turn.
pub fn owes_turn() -> bool {
    is_playing() && OWED.get() > 0
}

/// Whoever owes turns takes them now, because others can tell when that was which it does next.
pub fn settle() {
    if owes_turn() {
        await_access(&mut || true);
    }
}

#[expect(deprecated, reason = "what replaces it hands a value down to whoever suspends, and the engine lies between")]
fn suspend() {
    generator::yield_with(());
}

/// A coroutine that plays one part after another.
pub struct Player {
    coroutine: Generator<'static, (), ()>,
    is_at_it: bool,
    owed: u32,
}

impl Default for Player {
    fn default() -> Self {
        let play = || {
            loop {
                if let Some(part) = PART.take() {
                    part();
                }
                ENDED.set(true);
                suspend();
            }
        };
        Self { coroutine: Gn::new_opt(STACK, play), is_at_it: false, owed: 0 }
    }
}

impl Player {
    /// Plays a part up to its first access.
    pub fn begin(&mut self, part: impl FnOnce() + 'static) {
        PART.set(Some(Box::new(part)));
        (self.is_at_it, self.owed) = (true, 0);
        self.resume(Resumption::Go);
    }

    /// Whether it could move: not if its access isn't possible now.
    pub fn can(&mut self) -> bool {
        self.is_at_it && {
            self.resume(Resumption::Ask);
            ANSWER.get()
        }
    }

    /// Makes the access, and goes on up to the next one, or to its end.
    pub fn go(&mut self) {
        self.resume(Resumption::Go);
    }

    /// Goes on without the access, because nobody is left who could make it possible.
    pub fn give_up(&mut self) {
        self.resume(Resumption::GiveUp);
    }

    /// How many turns it owes, which it takes with what it does next. From here on it owes none.
    pub fn pays(&mut self) -> u32 {
        std::mem::take(&mut self.owed)
    }

    /// Whether it has begun its part and not ended it.
    pub fn is_at_it(&self) -> bool {
        self.is_at_it
    }

    fn resume(&mut self, word: Resumption) {
        ENDED.set(false);
        RESUMPTION.set(word);
        OWED.set(self.owed);
        IS_PLAYING.set(true);
        self.coroutine.resume();
        IS_PLAYING.set(false);
        self.owed = OWED.get();
        self.is_at_it &= !ENDED.get();
    }
}
