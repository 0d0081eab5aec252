//! Threads that work for a latch: a rotation ahead of time, the polling of a login. Nobody starts an exchange that it
//! doesn't wait for, so the last handle of a latch waits for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use parking_lot::Mutex;

use super::renewals::Renewals;

#[derive(Default)]
pub(super) struct Workers {
    /// Each with the process that started it: in a forked child the parent's are no threads.
    threads: Mutex<Vec<(u32, JoinHandle<()>)>>,
    /// How to stop the pollers among them.
    pub(super) stops: Stops,
    /// What is being done ahead of time, so that a crowd of readers starts it once.
    ahead: Arc<Mutex<BTreeSet<String>>>,
    /// Those that may be renewing a token.
    pub(super) renewals: Renewals,
}

/// The names of threads that may be renewing a token.
const RENEWING: [&str; 3] = ["report", "rotation", "token"];

impl Workers {
    /// Starts a thread. If the platform has none to give, `work` is dropped.
    pub(super) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let renewing = RENEWING.contains(&name).then(|| self.renewals.begin());
        let work = move || {
            let _renewing = renewing;
            work();
        };
        #[cfg(feature = "tracing")]
        let work = crate::events::told_as_here(work);
        let thread = Builder::new().name(format!("credlatch {name}")).spawn(work)?;
        let mut threads = self.threads.lock();
        forget_inherited(&mut threads);
        threads.retain(|(_, thread)| !thread.is_finished());
        threads.push((std::process::id(), thread));
        Ok(())
    }

    /// Starts a thread unless one of this key is at it.
    pub(super) fn spawn_once(&self, name: &str, key: &str, work: impl FnOnce() + Send + 'static) {
        if !self.ahead.lock().insert(key.to_owned()) {
            return;
        }
        let done = Done { ahead: Arc::clone(&self.ahead), key: key.to_owned() };
        // Without a thread nothing is done ahead of time, and whoever needs it waits for it.
        let _ = self.spawn(name, move || {
            let _done = done;
            work();
        });
    }

    /// Whether some thread is not done yet.
    #[cfg(any(feature = "http", all(feature = "file", unix)))]
    pub(super) fn are_busy(&self) -> bool {
        self.threads.lock().iter().any(|(pid, thread)| *pid == std::process::id() && !thread.is_finished())
    }

    /// Stops pollers before their next poll, and waits until every worker is done.
    pub(super) fn finish(&self) {
        self.stops.stop_all();
        let mut threads = std::mem::take(&mut *self.threads.lock());
        forget_inherited(&mut threads);
        for (_, thread) in threads {
            // A worker that panicked has said so on standard error; there is nobody left to tell.
            let _ = thread.join();
        }
    }
}

/// Lets go of the threads of the process that this one was forked from. They aren't here, and waiting for one that isn't
/// ends in a panic.
fn forget_inherited(threads: &mut Vec<(u32, JoinHandle<()>)>) {
    if threads.is_empty() {
        return;
    }
    let own = std::process::id();
    threads.extract_if(.., |(pid, _)| *pid != own).for_each(std::mem::forget);
}

/// How to stop pollers: when the latch ends they poll no more, and leave their flows to whoever adopts them.
#[derive(Clone, Default)]
pub(super) struct Stops(Arc<Mutex<Polling>>);

#[derive(Default)]
struct Polling {
    is_over: bool,
    flags: Vec<Arc<AtomicBool>>,
}

impl Stops {
    /// Remembers how to stop a poller; at the end, stops it at once.
    pub(super) fn add(&self, flag: Arc<AtomicBool>) {
        let mut polling = self.0.lock();
        flag.store(polling.is_over, Ordering::Relaxed);
        polling.flags.retain(|flag| Arc::strong_count(flag) > 1);
        polling.flags.push(flag);
    }

    fn stop_all(&self) {
        let mut polling = self.0.lock();
        polling.is_over = true;
        for flag in &polling.flags {
            flag.store(true, Ordering::Relaxed);
        }
    }
}

struct Done {
    ahead: Arc<Mutex<BTreeSet<String>>>,
    key: String,
}

impl Drop for Done {
    fn drop(&mut self) {
        self.ahead.lock().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_forked_child_waits_for_its_own_threads_and_not_for_its_parents() {
        let (workers, (go, wait)) = (Workers::default(), channel::<()>());
        workers
            .spawn("test", move || {
                let _ = wait.recv();
            })
            .unwrap();
        assert!(workers.are_busy());
        // As the child finds it.
        workers.threads.lock()[0].0 += 1;
        assert!(!workers.are_busy());
        let done = Arc::new(AtomicBool::new(false));
        let own = Arc::clone(&done);
        workers.spawn("test", move || own.store(true, Ordering::SeqCst)).unwrap();
        workers.finish();
        assert!(done.load(Ordering::SeqCst));
        drop(go);
    }
}
