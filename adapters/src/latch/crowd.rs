//! Many futures that wait for one thing: one thread waits for all of them.
//!
//! Whoever comes while a wait is going on is answered by the next one, which the same thread begins when the first is over:
//! so nobody gets an answer that was found before it asked. The next one is short as a rule, because the first has done
//! what there was to do.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::workers::Workers;

/// Those who wait, by what they wait for.
pub(super) struct Crowd<T>(Arc<Mutex<Waiting<T>>>);

type Waiting<T> = BTreeMap<String, Vec<oneshot::Sender<T>>>;

impl<T> Default for Crowd<T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<T: Clone + Send + 'static> Crowd<T> {
    /// Waits with all who wait for `what`, by `wait` if nobody else does. It goes on if its receiver is dropped.
    pub(super) fn join(
        &self,
        workers: &Workers,
        name: &str,
        what: String,
        wait: impl Fn() -> T + Send + 'static,
    ) -> io::Result<oneshot::Receiver<T>> {
        let (tell, told) = oneshot::channel();
        // Locked until the thread is there: nobody may count on one that can't be started.
        let mut waiting = self.0.lock();
        if let Some(others) = waiting.get_mut(&what) {
            others.push(tell);
            return Ok(told);
        }
        let turn = Turn { waiting: Arc::clone(&self.0), what: what.clone() };
        workers.spawn(name, move || {
            while let Some(all) = turn.next() {
                let answer = wait();
                for one in all {
                    let _ = one.send(answer.clone());
                }
            }
        })?;
        waiting.insert(what, vec![tell]);
        Ok(told)
    }
}

/// The thread's part. If it panics, whoever waits is told that it ended.
struct Turn<T> {
    waiting: Arc<Mutex<Waiting<T>>>,
    what: String,
}

impl<T> Turn<T> {
    /// Those who wait now; none, and the thread is over, if nobody does.
    fn next(&self) -> Option<Vec<oneshot::Sender<T>>> {
        let mut waiting = self.waiting.lock();
        let all = waiting.get_mut(&self.what).map(std::mem::take).filter(|all| !all.is_empty());
        if all.is_none() {
            waiting.remove(&self.what);
        }
        all
    }
}

impl<T> Drop for Turn<T> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.waiting.lock().remove(&self.what);
        }
    }
}
