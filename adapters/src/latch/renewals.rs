//! Renewals that go on in the background, and waiting until none does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::Latch;
use crate::error::{Error, ErrorKind};

/// How many threads may be renewing a token.
#[derive(Clone, Default)]
pub(super) struct Renewals(Arc<Count>);

#[derive(Default)]
struct Count {
    /// With the process that counts: in a forked child the parent's threads are none.
    going: Mutex<(u32, usize)>,
    ended: Condvar,
}

/// One of them; dropping it ends it.
pub(super) struct Renewing(Renewals);

impl Renewals {
    pub(super) fn begin(&self) -> Renewing {
        let (own, mut going) = (std::process::id(), self.0.going.lock());
        *going = (own, if going.0 == own { going.1 + 1 } else { 1 });
        Renewing(self.clone())
    }

    /// Waits until none goes on; none waits as long as it takes. Returns whether none does.
    pub(super) fn wait(&self, timeout: Option<Duration>) -> bool {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut going = self.0.going.lock();
        while *going != (going.0, 0) && going.0 == std::process::id() {
            match deadline {
                Some(deadline) if self.0.ended.wait_until(&mut going, deadline).timed_out() => return going.1 == 0,
                Some(_) => {}
                None => self.0.ended.wait(&mut going),
            }
        }
        true
    }
}

impl Drop for Renewing {
    fn drop(&mut self) {
        let count = &self.0.0;
        let mut going = count.going.lock();
        going.1 = going.1.saturating_sub(1);
        count.ended.notify_all();
    }
}

impl Latch {
    /// Waits until no token is being renewed in the background: `token` hands out a token that is due, and a thread renews it
    /// meanwhile. A test that has asked for such a token finds the new one after this; a program that ends finds it saved.
    ///
    /// # Errors
    /// Some renewal still goes on after `timeout`: [`ErrorKind::Busy`]. It goes on.
    pub fn wait_for_renewals(&self, timeout: Duration) -> Result<(), Error> {
        if self.0.workers.renewals.wait(Some(timeout)) {
            return Ok(());
        }
        let what = format!("a token was still being rotated after {} ms", timeout.as_millis());
        Err(Error::new(ErrorKind::Busy, what, "wait longer, or find out why its issuer doesn't answer"))
    }

    /// Ends the use of this handle: waits for the renewals that this latch has begun, and saves what was granted and could not
    /// be saved before. Dropping the last handle does the same, and can't say what came of it.
    ///
    /// Logins that it polls end with the last handle, and are left to whoever adopts them.
    ///
    /// # Errors
    /// What was granted can't be saved; with the last handle it is lost.
    pub fn close(self) -> Result<(), Error> {
        self.0.workers.renewals.wait(None);
        self.save_unsaved()
    }

    /// As [`Latch::close`]. It goes on if its future is dropped.
    ///
    /// # Errors
    /// As [`Latch::close`].
    #[cfg(feature = "tokio")]
    pub async fn close_async(self) -> Result<(), Error> {
        // No thread of the latch, because those are waited for when its last handle goes, which may be this one.
        let (done, result) = tokio::sync::oneshot::channel();
        let close = move || drop(done.send(self.close()));
        let closing = std::thread::Builder::new().name("credlatch close".to_owned()).spawn(close);
        closing.map_err(super::wait::no_thread)?;
        result.await.map_err(|_| super::wait::ended_early())?
    }
}
