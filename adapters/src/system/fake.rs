//! A clock that stands still until somebody moves it, for tests.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use credlatch_core::port::Clock;
use credlatch_core::time::Stamp;
use parking_lot::Mutex;

use crate::when::{system_time, wall_ms, whole_ms};

/// A clock for tests. Clones are the same clock. Waiting moves it on. It counts in whole milliseconds.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use credlatch::system::FakeClock;
///
/// let clock = FakeClock::at(SystemTime::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct FakeClock(Arc<Mutex<Stamp>>);

impl FakeClock {
    /// A clock that shows this wall clock time.
    pub fn at(wall: SystemTime) -> Self {
        Self(Arc::new(Mutex::new(Stamp { wall_ms: wall_ms(wall), up_ms: 0, boot: 1 })))
    }

    /// What the wall clock shows.
    pub fn wall(&self) -> SystemTime {
        system_time(self.0.lock().wall_ms)
    }

    /// Lets time pass on both clocks.
    pub fn advance(&self, time: Duration) {
        let mut now = self.0.lock();
        let ms = whole_ms(time);
        now.wall_ms = now.wall_ms.saturating_add(ms);
        now.up_ms = now.up_ms.saturating_add(ms);
    }

    /// Sets the wall clock, as a person or a time server might; the clock that counts since boot goes on.
    pub fn set_wall(&self, wall: SystemTime) {
        self.0.lock().wall_ms = wall_ms(wall);
    }
}

impl Default for FakeClock {
    /// A clock that shows 2027-01-15 08:00:00 UTC.
    fn default() -> Self {
        Self::at(system_time(1_800_000_000_000))
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Stamp {
        *self.0.lock()
    }

    fn pause(&self, ms: u64) {
        self.advance(Duration::from_millis(ms));
    }
}
