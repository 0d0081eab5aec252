//! Waiting until something that is stored changes.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use super::Latch;
use crate::error::Error;
#[cfg(feature = "tokio")]
pub(super) use waiting::Waiting;

/// Between two looks: each is the small system call that a read makes, and nothing is locked for it.
const LOOK: Duration = Duration::from_millis(50);

/// Waits for changes of a profile, whichever process makes them: [`Latch::watch`].
///
/// Every change is one more generation, and several may be seen as one. A change may concern any provider of the profile:
/// whoever wakes asks for what it needs, and finds it as it is by then.
///
/// ```
/// use std::time::Duration;
/// use credlatch::{Latch, Secret};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let latch = Latch::in_memory();
/// let mut watch = latch.watch()?;
/// assert!(!watch.changed(Duration::ZERO)?);
/// latch.set("minimax", Secret::try_from("mm-1")?)?;
/// assert!(watch.changed(Duration::from_secs(5))?);
/// assert!(latch.current("minimax")?.generation() == watch.generation());
/// # Ok(())
/// # }
/// ```
pub struct Watch {
    latch: Latch,
    seen: u64,
}

impl Latch {
    /// Watches the profile from its present generation on.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn watch(&self) -> Result<Watch, Error> {
        let seen = self.0.engine.snapshot()?.state.generation;
        Ok(Watch { latch: self.clone(), seen })
    }
}

impl Watch {
    /// The generation that was seen last.
    pub fn generation(&self) -> u64 {
        self.seen
    }

    /// Waits until the generation is another than the one that was seen last, at most so long. Returns whether it is; then
    /// that is the one that was seen last.
    ///
    /// It looks every 50 ms, each time as cheaply as a request that asks for its credential, and sleeps in between.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn changed(&mut self, timeout: Duration) -> Result<bool, Error> {
        let began = Instant::now();
        loop {
            let now = self.latch.0.engine.snapshot()?.state.generation;
            if now != self.seen {
                self.seen = now;
                return Ok(true);
            }
            let left = timeout.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            thread::sleep(left.min(LOOK));
        }
    }

    /// The same, without an end and without blocking an executor. All who wait at one latch share one thread, which ends when
    /// nobody waits any more.
    ///
    /// # Errors
    /// The store can't be read.
    #[cfg(feature = "tokio")]
    pub async fn changed_async(&mut self) -> Result<u64, Error> {
        self.seen = self.latch.0.waiting.join(&self.latch, self.seen).await?;
        Ok(self.seen)
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("latch", &self.latch).field("seen", &self.seen).finish()
    }
}

/// Those who wait without blocking.
#[cfg(feature = "tokio")]
mod waiting {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::thread;

    use parking_lot::Mutex;
    use tokio::sync::oneshot;

    use super::LOOK;
    use crate::error::Error;
    use crate::latch::wait::{ended_early, no_thread};
    use crate::latch::{Inner, Latch};

    /// Who waits at one latch, each with the generation that it has seen; none while no thread looks for them.
    #[derive(Clone, Default)]
    pub(in crate::latch) struct Waiting(Arc<Mutex<Option<Vec<Waiter>>>>);

    struct Waiter {
        seen: u64,
        tell: oneshot::Sender<Result<u64, Error>>,
    }

    impl Waiting {
        /// Waits for a generation other than this.
        pub(super) async fn join(&self, latch: &Latch, seen: u64) -> Result<u64, Error> {
            let (tell, told) = oneshot::channel();
            self.add(latch, Waiter { seen, tell }).map_err(no_thread)?;
            told.await.map_err(|_| ended_early())?
        }

        fn add(&self, latch: &Latch, waiter: Waiter) -> std::io::Result<()> {
            // Locked until the thread is there: nobody may count on one that can't be started.
            let mut waiting = self.0.lock();
            if let Some(all) = &mut *waiting {
                all.push(waiter);
                return Ok(());
            }
            let (all, inner, stop) = (self.clone(), Arc::clone(&latch.0.inner), Arc::new(AtomicBool::new(false)));
            latch.0.workers.stops.add(Arc::clone(&stop));
            latch.0.workers.spawn("watch", move || {
                while !stop.load(Ordering::Relaxed) && all.check(&inner) {
                    thread::sleep(LOOK);
                }
                *all.0.lock() = None;
            })?;
            *waiting = Some(vec![waiter]);
            Ok(())
        }

        /// Tells those who have seen another generation. Returns whether anybody still waits; if nobody does, nobody counts
        /// on this thread any more.
        fn check(&self, inner: &Inner) -> bool {
            let found = inner.engine.snapshot().map(|snapshot| snapshot.state.generation).map_err(Error::from);
            let mut waiting = self.0.lock();
            let Some(all) = &mut *waiting else { return false };
            all.retain(|waiter| !waiter.tell.is_closed());
            for waiter in
                all.extract_if(.., |waiter| found.as_ref().is_ok_and(|now| *now != waiter.seen) || found.is_err())
            {
                let _ = waiter.tell.send(found.clone());
            }
            if all.is_empty() {
                *waiting = None;
            }
            waiting.is_some()
        }
    }
}
