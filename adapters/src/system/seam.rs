//! The lock seam as it ships.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use credlatch_core::port::{Cell, Oneshot, Seam};
use parking_lot::{Condvar, Mutex, RwLock};

/// The family of `parking_lot` locks. They don't poison: a panic in one thread does not take the store from the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParkingLot;

impl Seam for ParkingLot {
    type Cell<T: Send + Sync + 'static> = Guarded<T>;
    type Published<T: Send + Sync + 'static> = Swapped<T>;
    type Oneshot<T: Send + 'static> = Channel<T>;

    fn process() -> u64 {
        std::process::id().into()
    }
}

/// A channel for one value, whose receiver sleeps until it is there.
#[derive(Debug)]
pub struct Channel<T> {
    value: Mutex<Option<T>>,
    sent: Condvar,
}

impl<T: Send> Oneshot<T> for Channel<T> {
    fn new() -> Self {
        Self { value: Mutex::new(None), sent: Condvar::new() }
    }

    fn send(&self, value: T) {
        *self.value.lock() = Some(value);
        self.sent.notify_one();
    }

    fn receive(&self, patience_ms: u64) -> Option<T> {
        let mut value = self.value.lock();
        let _ = self.sent.wait_while_for(&mut value, |value| value.is_none(), Duration::from_millis(patience_ms));
        value.take()
    }
}

/// A value behind a `parking_lot` lock.
#[derive(Debug, Default)]
pub struct Guarded<T>(RwLock<T>);

impl<T: Send + Sync> Cell<T> for Guarded<T> {
    fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.read())
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.write())
    }
}

/// A value that readers take without a lock, so that none waits for another: each notes in a place of its own thread what it
/// looks at, and whoever replaces that keeps it alive for them.
#[derive(Debug)]
pub struct Swapped<T> {
    newest: ArcSwap<T>,
    replacing: Mutex<()>,
}

impl<T: Send + Sync> Cell<Arc<T>> for Swapped<T> {
    fn new(value: Arc<T>) -> Self {
        Self { newest: ArcSwap::new(value), replacing: Mutex::new(()) }
    }

    fn read<R>(&self, look: impl FnOnce(&Arc<T>) -> R) -> R {
        look(&self.newest.load())
    }

    fn write<R>(&self, change: impl FnOnce(&mut Arc<T>) -> R) -> R {
        // Whoever decides by what is there whether to replace it must not be overtaken meanwhile.
        let _alone = self.replacing.lock();
        let before = self.newest.load_full();
        let mut next = Arc::clone(&before);
        let changed = change(&mut next);
        if !Arc::ptr_eq(&before, &next) {
            self.newest.store(next);
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_keeps_what_it_found_while_it_looks_and_the_next_one_finds_what_took_its_place() {
        let (cell, kept) = (Swapped::new(Arc::new(1)), |value: &Arc<i32>| Arc::downgrade(value));
        let old = cell.read(|old| {
            cell.write(|value| *value = Arc::new(2));
            assert_eq!((**old, cell.read(|new| **new)), (1, 2));
            kept(old)
        });
        assert!(old.upgrade().is_none(), "nobody keeps it longer");
    }

    #[test]
    fn none_of_those_who_replace_it_is_overtaken() {
        let cell = Swapped::new(Arc::new(0));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| cell.write(|value| *value = Arc::new(**value + 1))));
            }
        });
        assert_eq!(cell.read(|value| **value), 4_000);
    }
}
