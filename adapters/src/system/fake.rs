//! A clock that stands still until somebody moves it, for tests.

use std::sync::Arc;

use credlatch_core::port::Clock;
use credlatch_core::time::Stamp;
use parking_lot::Mutex;

/// A clock for tests. Clones are the same clock. Waiting moves it on.
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Stamp>>);

impl FakeClock {
    /// A clock that shows this wall clock time, in milliseconds since the Unix epoch.
    pub fn at(wall_ms: u64) -> Self {
        Self(Arc::new(Mutex::new(Stamp { wall_ms, up_ms: 0, boot: 1 })))
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, ms: u64) {
        let mut now = self.0.lock();
        now.wall_ms = now.wall_ms.saturating_add(ms);
        now.up_ms = now.up_ms.saturating_add(ms);
    }

    /// Sets the wall clock, as a person or a time server might; the clock that counts since boot goes on.
    pub fn set_wall(&self, wall_ms: u64) {
        self.0.lock().wall_ms = wall_ms;
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Stamp {
        *self.0.lock()
    }

    fn pause(&self, ms: u64) {
        self.advance(ms);
    }
}
