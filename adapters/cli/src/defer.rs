//! INT, TERM and HUP wait while this process has a refresh token under way: dying then leaves its login in doubt.

use std::fs;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use credlatch::Latch;
use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

use crate::end::{Done, End};

/// How soon a signal is noticed.
const LOOK: Duration = Duration::from_millis(20);

/// Does something that may present a refresh token of this provider.
///
/// A signal that comes meanwhile has its way at once, such as while another process rotates and this one waits. But
/// while the store says that this process holds a claim the signal waits for its end, at most the HTTP time-out.
pub(crate) fn deferring_signals<T: Send>(latch: &Latch, provider: &str, act: impl FnOnce() -> T + Send) -> Done<T> {
    let patience = latch.provider(provider)?.oauth.as_ref().map_or(15, |oauth| oauth.http_timeout_secs);
    let mut deadline = None;
    let (done, signals) = beside(act, |signal| {
        let until = *deadline.get_or_insert_with(|| Instant::now() + Duration::from_secs(patience));
        // The kernel ends all of a container with its pid 1, the process that asks the issuer too.
        let takes_along = is_init() && latch.waits_for_exchange();
        if !(holds_a_claim(latch) || takes_along) || Instant::now() > until {
            // The claim may come this instant. Then nothing was sent under it, and the next process finds that out.
            end_by(signal);
        }
    })?;
    signals.release();
    done.ok_or_else(bad_end)
}

/// Does something that may end anywhere, and says before a signal has its way what was reached by then.
pub(crate) fn telling_what_was_reached<T: Send>(tell: impl Fn(), act: impl FnOnce() -> T + Send) -> Done<T> {
    let (done, signals) = beside(act, |signal| {
        tell();
        end_by(signal);
    })?;
    signals.answered();
    done.ok_or_else(bad_end)
}

/// Does something while this thread looks for signals, and calls that again and again once one has come. None if it came to a bad end.
fn beside<T: Send>(act: impl FnOnce() -> T + Send, mut on_signal: impl FnMut(i32)) -> Done<(Option<T>, Signals)> {
    let signals = Signals::catch().map_err(|error| could_not(&error))?;
    let (tell, told) = channel();
    let act = Mutex::new(Some(act));
    let take = || act.lock().ok().and_then(|mut act| act.take()).map(|act| act());
    let done = std::thread::scope(|scope| {
        // A thread of its own, so that no read from the network is interrupted. Where none can be had, signals wait for its end.
        let work = move || take().map(|done| tell.send(done));
        if std::thread::Builder::new().spawn_scoped(scope, work).is_err() {
            return take();
        }
        loop {
            match told.recv_timeout(LOOK) {
                Ok(done) => return Some(done),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(signal) = signals.seen() {
                on_signal(signal);
            }
        }
    });
    Ok((done, signals))
}

fn bad_end() -> End {
    could_not(&io::Error::other("its thread came to a bad end"))
}

/// Whether this process holds the right to an act that is not settled. A store that can't be read might say so. It knows its
/// own acts by their names: pid 1 here may be pid 1 of another container as well.
pub(crate) fn holds_a_claim(latch: &Latch) -> bool {
    latch.is_acting()
}

fn could_not(error: &io::Error) -> End {
    End::other(format!("could not begin: {error}"), "try again")
}

/// The three signals, caught. Those that this process ignores stay ignored: whoever started it, as nohup does, wants
/// that.
pub(crate) struct Signals {
    seen: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Signals {
    pub(crate) fn catch() -> io::Result<Self> {
        let signals = Self { seen: Arc::default(), is_over: Arc::default() };
        let ignored = ignored();
        for signal in [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored & (1 << (signal - 1)) == 0) {
            if is_init() {
                flag::register_conditional_shutdown(signal, status_of(signal), Arc::clone(&signals.is_over))?;
            } else {
                flag::register_conditional_default(signal, Arc::clone(&signals.is_over))?;
            }
            flag::register_usize(signal, Arc::clone(&signals.seen), usize::try_from(signal).unwrap_or(0))?;
        }
        Ok(signals)
    }

    /// The last that came.
    pub(crate) fn seen(&self) -> Option<i32> {
        i32::try_from(self.seen.load(Ordering::SeqCst)).ok().filter(|signal| *signal > 0)
    }

    /// From now on they do what they always do. One that came does it now.
    pub(crate) fn release(self) {
        self.is_over.store(true, Ordering::SeqCst);
        if let Some(signal) = self.seen() {
            end_by(signal);
        }
    }

    /// The same, after what came was answered.
    pub(crate) fn answered(self) {
        self.is_over.store(true, Ordering::SeqCst);
    }
}

/// Takes note of the signals that end a process by default and that nobody sends to one which is to be spared: an exchange goes
/// on whatever comes, but for what can't be caught.
pub(crate) fn spared() {
    let all = [Signal::QUIT, Signal::ALARM, Signal::USR1, Signal::USR2, Signal::VTALARM, Signal::PROF, Signal::XFSZ];
    for signal in all {
        let _ = flag::register(signal.as_raw(), Arc::default());
    }
}

/// Ends this process as this signal does. The kernel spares pid 1 of a container whatever a signal does by default, so raising
/// it again would do nothing, and an abort would trap: that process ends with the status that a shell gives the signal.
pub(crate) fn end_by(signal: i32) -> ! {
    if !is_init() {
        let _ = low_level::emulate_default_handler(signal);
    }
    std::process::exit(status_of(signal))
}

/// Whether this is pid 1 of its pid namespace.
fn is_init() -> bool {
    std::process::id() == 1
}

/// The exit status that stands for an end by this signal.
fn status_of(signal: i32) -> i32 {
    128 + signal
}

/// The signals that this process ignores, one bit each from the first (proc(5)); none where the platform doesn't say.
fn ignored() -> u64 {
    // A process may have a name that is no text.
    let status = fs::read("/proc/self/status").unwrap_or_default();
    let status = String::from_utf8_lossy(&status);
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}
