//! Threads that work for a latch: a rotation ahead of time, the polling of a login. Nobody starts an exchange that it
//! doesn't wait for, so the last handle of a latch waits for them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};

use parking_lot::Mutex;

#[derive(Default)]
pub(super) struct Workers {
    threads: Mutex<Vec<JoinHandle<()>>>,
    /// Set when the latch ends: pollers stop before their next poll.
    stops: Mutex<Vec<Arc<AtomicBool>>>,
    /// What is being done ahead of time, so that a crowd of readers starts it once.
    ahead: Arc<Mutex<BTreeSet<String>>>,
}

impl Workers {
    /// Starts a thread. If the platform has none to give, `work` is dropped.
    pub(super) fn spawn(&self, name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let thread = Builder::new().name(format!("credlatch {name}")).spawn(work)?;
        let mut threads = self.threads.lock();
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
        Ok(())
    }

    /// Starts a thread unless one of this key is at it.
    pub(super) fn spawn_once(&self, key: &str, work: impl FnOnce() + Send + 'static) {
        if !self.ahead.lock().insert(key.to_owned()) {
            return;
        }
        let done = Done { ahead: Arc::clone(&self.ahead), key: key.to_owned() };
        // Without a thread nothing is done ahead of time: the token is rotated when it has ended.
        let _ = self.spawn("rotation", move || {
            let _done = done;
            work();
        });
    }

    /// Remembers how to stop a poller.
    pub(super) fn stop_at_end(&self, stop: Arc<AtomicBool>) {
        let mut stops = self.stops.lock();
        stops.retain(|stop| Arc::strong_count(stop) > 1);
        stops.push(stop);
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        for stop in self.stops.lock().iter() {
            stop.store(true, Ordering::Relaxed);
        }
        for thread in std::mem::take(&mut *self.threads.lock()) {
            // A worker that panicked has said so on standard error; there is nobody left to tell.
            let _ = thread.join();
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
