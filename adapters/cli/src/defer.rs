//! INT, TERM and HUP wait while a refresh token may be under way: a process that dies then leaves its login in doubt.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// Does something to its end, at most as long as the issuer may take, and only then lets a signal that came meanwhile
/// have its way.
pub(crate) fn deferring_signals<T: Send>(act: impl FnOnce() -> T + Send) -> io::Result<T> {
    let seen = Arc::new(AtomicUsize::new(0));
    let is_over = Arc::new(AtomicBool::new(false));
    let ignored = ignored();
    // Whoever started this with a signal ignored, as nohup does, wants it to stay so.
    for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
        flag::register_conditional_default(signal, Arc::clone(&is_over))?;
        flag::register_usize(signal, Arc::clone(&seen), usize::try_from(signal).unwrap_or(0))?;
    }
    // Signals come to the first thread, so that no read from the network is interrupted in this one.
    let done = std::thread::scope(|scope| scope.spawn(act).join());
    is_over.store(true, Ordering::SeqCst);
    if let Ok(signal @ 1..) = i32::try_from(seen.load(Ordering::SeqCst)) {
        low_level::emulate_default_handler(signal)?;
    }
    done.map_err(|_| io::Error::other("the thread that does it came to a bad end"))
}

/// The signals that this process ignores, one bit each from the first (proc(5)); none where the platform doesn't say.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
