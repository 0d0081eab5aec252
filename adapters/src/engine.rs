//! The one engine of this crate, over any store and any clock.

use std::sync::Arc;

use credlatch_core::engine;
use credlatch_core::port::{Clock, Ports};
use credlatch_core::time::Stamp;

use crate::any_store::AnyStore;
use crate::system::threads::place_of;
use crate::system::{ParkingLot, SystemNonces};

/// The engine of a latch.
pub(crate) type Engine = engine::Engine<Standard>;
/// A login that it started or joined.
pub(crate) type Login = engine::Login<Standard>;

/// The ports of every latch.
pub(crate) struct Standard;

impl Ports for Standard {
    type Seam = ParkingLot;
    type Store = AnyStore;
    type Clock = AnyClock;
    type Nonces = SystemNonces;

    const COPIES: usize = 4;

    fn copy() -> usize {
        place_of(Self::COPIES)
    }
}

/// Any clock.
pub(crate) struct AnyClock(pub(crate) Arc<dyn Clock>);

impl Clock for AnyClock {
    fn now(&self) -> Stamp {
        self.0.now()
    }

    fn pause(&self, ms: u64) {
        self.0.pause(ms);
    }
}
