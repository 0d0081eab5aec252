//! Which boot this is, by each platform's own means, and what the time since boot is without a time namespace's shift.
//!
//! A time namespace shifts the clocks of its processes and leaves the boot its name, so what the clock shows there means
//! nothing elsewhere; without the shift all processes of a boot read one clock. Where the boot or the shift can't be found,
//! the boot is 0: nobody compares such a reading with another process's. A look that failed is made again, because `/proc`
//! may come later, or have been out of file descriptors.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Mutex, const_mutex};

/// Between two looks for a boot that wasn't found.
const AGAIN_MS: u64 = 1_000;

/// The boot, once it is known: it can't change under a running process.
static BOOT: AtomicU64 = AtomicU64::new(0);
/// What the namespace of this process adds to the time since boot.
static SHIFT_MS: AtomicI64 = AtomicI64::new(0);
/// The looks that found none. Whoever comes while somebody looks waits for what is found, or one process would have readings
/// with a boot and without.
static LOOKS: Mutex<Looks> = const_mutex(Looks { next_ms: 0, gave_shifted: false });

struct Looks {
    /// When to look again.
    next_ms: u64,
    /// Whether this process was given a reading with its shift in it.
    gave_shifted: bool,
}

/// A boot, and how far the clock is shifted here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct BootClock {
    boot: u64,
    shift_ms: i64,
}

/// What the clock since boot shows, freed of its shift, and in which boot.
pub(super) fn placed(shown_ms: u64) -> (u64, u64) {
    match BOOT.load(Ordering::Acquire) {
        0 => find_once(shown_ms),
        boot => (unshifted(shown_ms, SHIFT_MS.load(Ordering::Relaxed)), boot),
    }
}

#[cold]
fn find_once(shown_ms: u64) -> (u64, u64) {
    // A child that was forked while another thread looked has nobody who would unlock.
    let Some(mut looks) = LOOKS.try_lock_for(Duration::from_millis(AGAIN_MS)) else { return (shown_ms, 0) };
    let boot = BOOT.load(Ordering::Acquire);
    if boot != 0 {
        return (unshifted(shown_ms, SHIFT_MS.load(Ordering::Relaxed)), boot);
    }
    if shown_ms >= looks.next_ms {
        looks.next_ms = shown_ms.saturating_add(AGAIN_MS);
        // A process whose clock jumped would miscount its own waits: one that began with the shift keeps it, without a boot.
        let found = find().filter(|found| found.shift_ms == 0 || !looks.gave_shifted);
        if let Some(BootClock { boot, shift_ms }) = found {
            SHIFT_MS.store(shift_ms, Ordering::Relaxed);
            BOOT.store(boot, Ordering::Release);
            return (unshifted(shown_ms, shift_ms), boot);
        }
    }
    looks.gave_shifted = true;
    (shown_ms, 0)
}

fn unshifted(shown_ms: u64, shift_ms: i64) -> u64 {
    shown_ms.saturating_add_signed(shift_ms.saturating_neg())
}

/// Linux says both in `/proc`.
#[cfg(target_os = "linux")]
fn find() -> Option<BootClock> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(BootClock { boot: named(&text)?, shift_ms: shift_ms()? })
}

/// The time namespace in which a kernel boots: it has this number on each (`PROC_TIME_INIT_INO`, 0xEFFFFFFA), and adds nothing.
/// Most processes are in it, and need no look at another file.
#[cfg(target_os = "linux")]
const FIRST_NAMESPACE: &str = "time:[4026531834]";

/// Whether times since boot mean something else in this process than in those of the first time namespace, as far as that can be told.
pub(super) fn is_shifted() -> bool {
    #[cfg(target_os = "linux")]
    return shift_ms() != Some(0);
    #[cfg(not(target_os = "linux"))]
    false
}

/// What the time namespace of this process adds to the time since boot (time_namespaces(7)).
#[cfg(target_os = "linux")]
fn shift_ms() -> Option<i64> {
    let own = std::fs::read_link("/proc/self/ns/time");
    let Ok(own) = own else {
        // A kernel without time namespaces has the others; a `/proc` in which this process isn't has none.
        let is_here = std::fs::read_link("/proc/self/ns/pid").is_ok();
        return (is_here && own.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound)).then_some(0);
    };
    if own.as_os_str() == FIRST_NAMESPACE {
        return Some(0);
    }
    // The file speaks of the namespace that children get. Who has asked for another one for them isn't told of its own.
    if std::fs::read_link("/proc/self/ns/time_for_children").ok()? != own {
        return None;
    }
    boottime_ms(&std::fs::read_to_string("/proc/self/timens_offsets").ok()?)
}

/// The line `boottime <seconds> <nanoseconds>` in milliseconds.
#[cfg(target_os = "linux")]
fn boottime_ms(offsets: &str) -> Option<i64> {
    let mut words = offsets.lines().find_map(|line| line.trim_start().strip_prefix("boottime"))?.split_whitespace();
    let secs: i64 = words.next()?.parse().ok()?;
    let nanos: i64 = words.next()?.parse().ok()?;
    secs.checked_mul(1_000)?.checked_add(nanos / 1_000_000)
}

/// macOS gives each boot a UUID; reading it in this process would take foreign calls, so its own tool is asked, once.
#[cfg(target_os = "macos")]
fn find() -> Option<BootClock> {
    use std::process::{Command, Stdio};
    let mut sysctl = Command::new("/usr/sbin/sysctl");
    sysctl.args(["-n", "kern.bootsessionuuid"]).env_clear().stdin(Stdio::null()).stderr(Stdio::null());
    let told = sysctl.output().ok().filter(|told| told.status.success())?;
    Some(BootClock { boot: named(std::str::from_utf8(&told.stdout).ok()?)?, shift_ms: 0 })
}

/// The other systems name no boot. The time at which one began doesn't: it moves when the wall clock is set.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn find() -> Option<BootClock> {
    None
}

/// The number of a boot with this UUID. It is random, so any 64 bits that depend on all of it will do (FNV-1a), except the 0
/// that means none.
#[cfg(any(target_os = "linux", target_os = "macos", test))]
fn named(uuid: &str) -> Option<u64> {
    let digits = || uuid.bytes().filter(u8::is_ascii_hexdigit);
    let mix = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    (digits().count() == 32).then(|| digits().fold(0xcbf2_9ce4_8422_2325, mix).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_boots_have_two_numbers_and_what_is_no_name_has_none() {
        let one = named("0f3c1f7e-0000-4000-8000-000000000001\n");
        assert!(one.is_some() && one != named("0f3c1f7e-0000-4000-8000-000000000002\n"));
        for broken in ["", "\n", "0f3c1f7e", "0f3c1f7e-0000-4000-8000-0000000000012"] {
            assert_eq!(named(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn threads_that_look_at_once_are_told_one_boot() {
        for threads in [2, 8] {
            let mut child = crate::testing::rerun("system::boot::tests::looks_at_once");
            child.env("BOOT_THREADS", threads.to_string());
            crate::testing::passes(child);
        }
    }

    /// In a process of its own, because the boot is found once.
    #[test]
    fn looks_at_once() {
        let Some(threads) = std::env::var("BOOT_THREADS").ok().and_then(|text| text.parse::<usize>().ok()) else {
            return;
        };
        let together = std::sync::Barrier::new(threads);
        let boots: Vec<u64> = std::thread::scope(|scope| {
            let look = || {
                together.wait();
                placed(5_000).1
            };
            let looking: Vec<_> = (0..threads).map(|_| scope.spawn(look)).collect();
            looking.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(boots.iter().all(|boot| *boot == boots[0]), "{boots:?}");
        assert_eq!(boots[0], placed(5_000).1);
    }

    #[test]
    fn a_shift_is_taken_off_ahead_and_back() {
        assert_eq!([unshifted(5_000, 3_000), unshifted(5_000, -3_000), unshifted(5, 3_000)], [2_000, 8_000, 0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernels_offsets_are_read() {
        let text = |line: &str| format!("monotonic           1         0\n{line}\n");
        assert_eq!(boottime_ms(&text("boottime            0         0")), Some(0));
        assert_eq!(boottime_ms(&text("boottime         1000 500000000")), Some(1_000_500));
        assert_eq!(boottime_ms(&text("boottime        -7000 250000000")), Some(-6_999_750));
        for broken in ["", "boottime", "boottime 1", "boottime x 0", "boottime 9223372036854775807 0"] {
            assert_eq!(boottime_ms(&text(broken)), None, "{broken:?}");
        }
    }

    #[cfg(target_os = "linux")]
    mod elsewhere {
        use std::process::Command;

        use credlatch_core::port::Clock;
        use credlatch_core::time::Stamp;

        use crate::system::SystemClock;
        use crate::testing::needs;

        const PART: &str = "CREDLATCH_TEST_TELLS_THE_TIME";

        /// Plays a part in the tests below: this program again, in another place.
        #[test]
        #[expect(clippy::print_stdout, reason = "whoever started it reads it there")]
        fn tells_the_time() {
            if std::env::var_os(PART).is_some() {
                println!("now:{}", serde_json::to_string(&SystemClock.now()).unwrap());
            }
        }

        /// What a process reads that is started this way.
        fn read_under(command: &[&str]) -> Option<Stamp> {
            let [program, args @ ..] = command else { return None };
            let mut command = Command::new(program);
            command.args(args).arg(std::env::current_exe().unwrap()).env(PART, "1");
            let told = command.args(["--exact", "system::boot::tests::elsewhere::tells_the_time", "--nocapture"]);
            let told = told.output().ok()?;
            let text = String::from_utf8_lossy(&told.stdout);
            let now = text.lines().find_map(|line| line.split_once("now:"))?.1;
            serde_json::from_str(now).ok()
        }

        #[test]
        fn another_time_namespace_reads_the_same_clock() {
            if !needs::is_root("can make a time namespace") {
                return;
            }
            for shift in ["100000000", "-1"] {
                let there = read_under(&["unshare", "--fork", "--time", "--boottime", shift]);
                let Some(there) = needs::found(there, "time namespaces") else { return };
                let here = SystemClock.now();
                assert_eq!(there.boot, here.boot);
                assert!(here.age_ms(&there) < 60_000 && there.up_ms <= here.up_ms, "{there:?}, {here:?}");
            }
        }

        #[test]
        fn where_proc_is_hidden_no_boot_is_known() {
            if !needs::is_root("can mount") {
                return;
            }
            for hide in ["mount -t tmpfs none /proc", "mount --bind /dev/null /proc/sys/kernel/random/boot_id"] {
                let script = format!("{hide} && exec \"$@\"");
                let there = read_under(&["unshare", "--mount", "sh", "-c", &script, "sh"]);
                let Some(there) = needs::found(there, "mount namespaces") else { return };
                assert_eq!(there.boot, 0, "{hide}");
                assert!(there.up_ms > 0);
            }
        }
    }
}
