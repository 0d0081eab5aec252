//! The ports: what the engine needs from the world, as traits. Adapters implement them for files, memory, etcd and real
//! clocks; the harnesses implement them for a world that can be explored.

mod alive;
mod code;
mod elsewhere;
mod error;
mod issuer;

pub use alive::{Alive, Sending};
pub use code::Code;
pub use elsewhere::{Delegate, Elsewhere, Part, RotationRequest};
pub use error::{CommitError, StoreError, StoreErrorKind};
pub use issuer::{CodeExchanged, Issuer, Polled, Prompting, Revoked};

pub use crate::machine::left::{Answer, Left};

use std::fmt;
use std::sync::Arc;

use crate::law;
use crate::machine::shared::MarkShared;
use crate::machine::{self, Event, Step};
use crate::state::time::Stamp;
use crate::state::{Actor, Claim, Entry, Nonce, Slot, State};

/// The ports of one engine.
pub trait Ports: Send + Sync + 'static {
    /// The lock that guards what the threads of this process share.
    type Seam: Seam;
    /// The durable state.
    type Store: Store;
    /// The clocks.
    type Clock: Clock;
    /// The source of nonces.
    type Nonces: Nonces;

    /// The machine that decides. A harness replaces it with a wrong one, to see that the laws notice.
    fn apply(state: &State, now: &Stamp, event: &Event) -> Step {
        machine::apply(state, now, event)
    }

    /// How many records there are of a version that every request gets, at most four: threads that take the same one wait for each other's
    /// count of its owners.
    const COPIES: usize = 1;

    /// Which of them the calling thread takes, from 0 on.
    fn copy() -> usize {
        0
    }

    /// What whoever runs has observed so far. Only an explorer of situations tells it by a number.
    fn observed() -> u128 {
        0
    }

    /// Of what whoever runs has observed since then nothing makes a difference to what it will do, but this, what it keeps of the store, and what its
    /// engine holds. An explorer of situations forgets the rest; elsewhere nothing happens.
    fn keep_only(_since: u128, _keeps: Keeps<'_>, _what: fmt::Arguments<'_>) {}

    /// Called after each event: in builds with debug assertions the laws of states and steps are asserted here. A harness
    /// records what it sees instead, in any build, and judges afterwards.
    fn inspect(before: &State, now: &Stamp, event: &Event, step: &Step) {
        if cfg!(debug_assertions)
            && let Err(broken) = law::check_step(before, now, event, step)
        {
            panic!("{broken}");
        }
    }
}

/// What still makes a difference of what was observed of the store.
#[derive(Clone, Copy, Debug)]
pub enum Keeps<'a> {
    /// Nothing.
    Nothing,
    /// The word that was read, to be compared with the id of a commit.
    Word(Option<u64>),
    /// A state, with the id of its commit.
    State(&'a Arc<State>, Option<u64>),
    /// What is stored at a provider, without anything else of its state.
    Slot(Option<&'a Slot>),
    /// One entry.
    Entry(Option<&'a Entry>),
}

/// A family of locks: production uses parking_lot's, model checking uses loom's, and both are in one build.
pub trait Seam: Send + Sync + 'static {
    /// A value behind a lock.
    type Cell<T: Send + Sync + 'static>: Cell<T>;
    /// What many read and few replace. A reader keeps what it found alive as long as it looks, and may be looking while another
    /// takes its place: so it needs no lock. Those who replace it do that one after the other.
    type Published<T: Send + Sync + 'static>: Cell<Arc<T>>;
    /// A channel for one value.
    type Oneshot<T: Send + 'static>: Oneshot<T>;

    /// A number of this process; another one in a child that is forked, which has the memory of its parent's threads and none of
    /// them.
    fn process() -> u64 {
        0
    }
}

/// A channel for one value, which one thread waits for and another one sends.
pub trait Oneshot<T>: Send + Sync {
    /// An empty one.
    fn new() -> Self;
    /// Sends it, and wakes who waits for it.
    fn send(&self, value: T);
    /// Waits until it is there, at most so long, and takes it.
    fn receive(&self, patience_ms: u64) -> Option<T>;
}

/// A shared value that is looked at or changed for the length of a closure, never across a call to another port that may wait.
pub trait Cell<T>: Send + Sync {
    /// Puts a value behind a lock.
    fn new(value: T) -> Self;
    /// Looks at it, beside other readers.
    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R;
    /// Changes it, alone.
    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R;
    /// Changes it, alone, in what only who waits for the end of others minds: beside any other change it leads to the same in both orders,
    /// and so an explorer of situations tries one of them, where nobody waits so.
    fn register<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        self.write(change)
    }
}

/// Both clocks, and waiting.
pub trait Clock: Send + Sync {
    /// A reading of both clocks.
    fn now(&self) -> Stamp;
    /// Waits about so many milliseconds.
    fn pause(&self, ms: u64);
}

/// A source of numbers that are never given twice.
pub trait Nonces: Send + Sync {
    /// A new one.
    fn nonce(&self) -> Nonce;
}

/// Durable state of one profile, shared by threads and processes.
pub trait Store: Send + Sync {
    /// The store while it is locked; dropping it unlocks.
    type Locked<'a>: Locked<Reservation = Self::Reservation>
    where
        Self: 'a;
    /// What keeps a claim alive: it lives as long as its actor does, and no longer.
    type Alive: Alive;
    /// A reservation: space on the medium for a later commit.
    type Reservation: Send;

    /// The id of the newest commit, if a reader may rely on it now; none while a commit is under way, or where the store
    /// can't tell.
    ///
    /// # Errors
    /// The store can't be reached or read.
    fn word(&self) -> Result<Option<u64>, StoreError>;

    /// Reads the newest commit without locking. A store that was never written is an empty state.
    ///
    /// # Errors
    /// The store can't be read or parsed, or what it holds makes no sense ([`check_state`](crate::law::check_state)): that is
    /// never taken for empty. The store looks, because it can say where that stands; the engine relies on it.
    fn load(&self) -> Result<Loaded, StoreError>;

    /// Locks the store against every other writer.
    ///
    /// # Errors
    /// [`StoreErrorKind::Busy`] after `patience_ms`, naming the holder; or the store can't be used.
    fn lock(&self, patience_ms: u64) -> Result<Self::Locked<'_>, StoreError>;

    /// Whether outside acts may be based on this store. A copy of a store holds the same refresh tokens as its original,
    /// and a network file system may not honour locks: there a person decides first.
    ///
    /// # Errors
    /// [`StoreErrorKind::Unsafe`], with what to do.
    fn permit_acts(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes a sign of life for an act of the calling thread.
    ///
    /// # Errors
    /// The store has no space left or may not be written.
    fn enlist(&self) -> Result<Self::Alive, StoreError>;

    /// Sets space aside for a commit of the present state and about so many bytes more, where the medium can.
    ///
    /// # Errors
    /// [`StoreErrorKind::Full`]: then the act should not begin.
    fn reserve(&self, bytes: usize) -> Result<Self::Reservation, StoreError>;

    /// Sets space aside for the commit that settles an act, and makes the act's sign of life, in this order. A store that keeps
    /// both as one does it in one step.
    ///
    /// # Errors
    /// As [`Store::reserve`] and [`Store::enlist`]: then the act should not begin.
    fn begin_act(&self, bytes: usize) -> Result<(Self::Alive, Self::Reservation), StoreError> {
        let reservation = self.reserve(bytes)?;
        Ok((self.enlist()?, reservation))
    }

    /// Whether the actor's sign of life is still there.
    ///
    /// # Errors
    /// The store can't tell.
    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError>;

    /// How many milliseconds its sign of life stays at most once the actor has ended, where that isn't seen at once and the store can tell.
    fn lingers_ms(&self, _actor: &Actor) -> Option<u64> {
        None
    }

    /// What the claim's actor has left beside its sign of life.
    ///
    /// # Errors
    /// The store can't tell.
    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        Ok(if self.is_alive(&claim.actor)? { Left::Going } else { Left::MaybeSent { noted: None } })
    }

    /// Whether this process made the actor's sign of life and still has it. A pid doesn't say: that of another container may
    /// be the same. A store that no other process uses has only such.
    fn is_own(&self, _actor: &Actor) -> bool {
        true
    }

    /// Waits until the actor's act ends, by settlement or by death, or its answer is written down by another process, at most so
    /// long. Returns whether it did.
    ///
    /// # Errors
    /// The store can't tell.
    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError>;
}

/// A locked store.
pub trait Locked {
    /// What was reserved for a commit.
    type Reservation;

    /// Reads the newest commit. If an earlier writer left its commit unconfirmed, confirms it first.
    ///
    /// # Errors
    /// As [`Store::load`].
    fn load(&mut self) -> Result<Loaded, StoreError>;

    /// What the loaded state tells of a copy, a restore or a roll-back. Asked after a load, and before anything is decided.
    ///
    /// # Errors
    /// What would tell can't be read.
    fn shared(&mut self, _state: &State) -> Result<Option<MarkShared>, StoreError> {
        Ok(None)
    }

    /// From the next commit on the state is this place's own: it marks what is shared.
    fn take_over(&mut self) {}

    /// The state as it is to be written: a store whose documents outlive what is cleared keys the marks of that.
    fn keyed(&mut self, state: State) -> State {
        state
    }

    /// Replaces the state, durably and as a whole. Returns the commit's id.
    ///
    /// # Errors
    /// Tells whether the old state certainly stands, or whether nobody can know before the next lock.
    fn commit(&mut self, state: &State, reservation: Option<Self::Reservation>) -> Result<u64, CommitError>;

    /// Remembers, outside whatever is copied with the store, that a refresh token made the move of this number, which was just
    /// committed: a claim, before anything leaves for its issuer, or new tokens. The store is still locked, so that nobody can
    /// claim from a state that was rolled back meanwhile. Where it can't be remembered the act goes on, and a roll-back behind
    /// it isn't noticed.
    fn remember(&mut self, _number: u64) {}
}

/// A state as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Loaded {
    /// The state.
    pub state: State,
    /// The id of the commit that wrote it; none if it was never written.
    pub id: Option<u64>,
}
