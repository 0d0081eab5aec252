//! Both clocks of this machine.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, SystemTime};

use credlatch_core::port::Clock;
use credlatch_core::time::Stamp;

/// The wall clock, and the clock that counts since boot with sleep included.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Stamp {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Stamp { wall_ms: whole_ms(wall), up_ms: whole_ms(up()), boot: boot() }
    }

    fn pause(&self, ms: u64) {
        thread::sleep(Duration::from_millis(ms));
    }
}

fn whole_ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
    static FIRST: OnceLock<std::time::Instant> = OnceLock::new();
    FIRST.get_or_init(std::time::Instant::now).elapsed()
}

/// Which boot this is; 0 where the platform doesn't say. It can't change under a running process, so it is read once.
fn boot() -> u64 {
    static BOOT: OnceLock<u64> = OnceLock::new();
    *BOOT.get_or_init(|| std::fs::read_to_string("/proc/sys/kernel/random/boot_id").map_or(0, |text| fold(&text)))
}

/// The kernel's id is a random UUID, so any 64 bits that depend on all of it will do (FNV-1a), except the 0 that means none.
fn fold(text: &str) -> u64 {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit);
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    digits.fold(0xcbf2_9ce4_8422_2325, mix).max(1)
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
        assert_eq!(before.boot == 0, !cfg!(target_os = "linux"));
    }

    #[test]
    fn two_boots_have_two_numbers() {
        assert_ne!(fold("0f3c1f7e-0000-4000-8000-000000000001\n"), fold("0f3c1f7e-0000-4000-8000-000000000002\n"));
    }
}
