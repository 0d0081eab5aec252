//! What a way of running participants has to offer: turns are taken at every access to something shared.

use std::sync::Arc;

use credlatch_core::port::Seam;

use super::here::Here;

/// A way of running participants. It is also the engine's lock seam, so that the engine's own locks are turns too.
pub trait Sim: Seam + Sized {
    /// A lock that is held across turns.
    type Gate: Gate;
    /// Something shared.
    type SimMutex<T: Send + 'static>: SimMutex<T>;
    /// Something shared that one at a time changes and many read.
    type Board<T: Send + Sync + 'static>: Board<T>;

    /// The participant whose thread this is.
    fn here() -> Arc<Here>;

    /// Makes this thread a participant's.
    fn enter(here: Arc<Here>);
}

/// A lock that is held across turns: the store's.
pub trait Gate: Send + Sync {
    /// Opens the gate when dropped.
    type Guard<'a>
    where
        Self: 'a;

    /// A gate that is open.
    fn new() -> Self;

    /// Waits until it is open, and closes it behind itself; nothing if nobody is left who could open it.
    fn pass(&self) -> Option<Self::Guard<'_>>;
}

/// Something shared: every visit takes a turn.
pub trait SimMutex<T>: Send + Sync {
    /// Puts it there.
    fn new(value: T) -> Self;

    /// Visits it alone.
    fn visit<R>(&self, look: impl FnOnce(&mut T) -> R) -> R;

    /// Looks without taking a turn. Only for what nobody else can change meanwhile, so that no order is missed.
    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R;

    /// Changes it without taking a turn. Only what nobody else can see before its next turn.
    fn poke(&self, change: impl FnOnce(&mut T));

    /// Visits it alone, and wakes who waits for it.
    fn change<R>(&self, look: impl FnOnce(&mut T) -> R) -> R;

    /// Waits until it is as wanted. Returns whether it is: not if nobody is left who could make it so.
    fn wait_for(&self, wanted: impl FnMut(&T) -> bool) -> bool;
}

/// Something shared that whoever holds the store's lock changes, and many read. Two readers never wait for each other, and
/// the order of two reads makes no difference.
pub trait Board<T>: Send + Sync {
    /// Puts it there.
    fn new(value: T) -> Self;

    /// Reads it, in a turn.
    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R;

    /// Changes it, in a turn.
    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R;

    /// Reads it without taking a turn, for whoever holds the lock.
    fn peek<R>(&self, look: impl FnOnce(&T) -> R) -> R;

    /// The same for whoever has just had a turn, and observes by itself what it is told.
    fn glance<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        self.peek(look)
    }
}
