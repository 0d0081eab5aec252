//! Both clocks of this machine.

use std::thread;
use std::time::{Duration, SystemTime};

use credlatch_core::port::Clock;
use credlatch_core::time::Stamp;

use super::boot;
use crate::when::whole_ms;

/// The wall clock, and the clock that counts since boot with sleep included.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (up_ms, boot) = boot::placed(whole_ms(up()));
        Stamp { wall_ms: whole_ms(wall), up_ms, boot }
    }

    fn pause(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }
}

/// Time since boot, by a clock that nobody can set.
#[cfg(unix)]
fn up() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    #[cfg(target_os = "linux")]
    const SINCE_BOOT: ClockId = ClockId::Boottime;
    #[cfg(not(target_os = "linux"))]
    const SINCE_BOOT: ClockId = ClockId::Monotonic;
    let read = clock_gettime(SINCE_BOOT);
    Duration::new(u64::try_from(read.tv_sec).unwrap_or(0), u32::try_from(read.tv_nsec).unwrap_or(0))
}

/// Time since this process first looked: without a boot id nobody compares it across processes.
#[cfg(not(unix))]
fn up() -> Duration {
    static FIRST: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_passes_on_both_clocks_within_one_boot() {
        let before = SystemClock.now();
        SystemClock.pause(20);
        let after = SystemClock.now();
        assert!(after.age_ms(&before) >= 20);
        assert_eq!(before.boot, after.boot);
        assert_eq!(before.boot == 0, !cfg!(any(target_os = "linux", target_os = "macos")));
    }
}
