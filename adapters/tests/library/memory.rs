//! An engine over a store in memory, for tests that look below the latch.

use credlatch::core::engine::Engine;
use credlatch::core::port::Ports;
use credlatch::memory::MemoryStore;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};

pub(crate) struct Memory;

impl Ports for Memory {
    type Seam = ParkingLot;
    type Store = MemoryStore;
    type Clock = SystemClock;
    type Nonces = SystemNonces;
}

/// With nothing stored.
pub(crate) fn engine() -> Engine<Memory> {
    Engine::new(MemoryStore::new(), SystemClock, SystemNonces, 1000)
}
