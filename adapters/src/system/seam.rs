//! The lock seam as it ships.

use credlatch_core::port::{Cell, Seam};
use parking_lot::RwLock;

/// The family of `parking_lot` locks. They don't poison: a panic in one thread does not take the store from the others.
#[derive(Clone, Copy, Debug, Default)]
pub struct ParkingLot;

impl Seam for ParkingLot {
    type Cell<T: Send + Sync + 'static> = Guarded<T>;
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
