//! Paying what is owed to `.env` files, each by a thread of its own: a file may lie on a mount that doesn't answer any more,
//! and nothing frees a thread that has asked there. Nobody waits for such a thread, neither a change nor the latch's end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::Event;
use credlatch_core::rewrite::Rewrite;
use parking_lot::Mutex;

use super::Inner;

/// How long a change waits for its payments, all together. A rewrite takes a few milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The files that are being paid, by path: one that doesn't answer isn't asked a second time.
#[derive(Default)]
pub(super) struct Debts(Mutex<BTreeSet<String>>);

/// Pays by `redo`, which says whether the file has what it is owed, and crosses out what was paid.
pub(super) fn pay(inner: &Arc<Inner>, owed: &[Rewrite], redo: impl Fn(&Rewrite) -> bool + Clone + Send + 'static) {
    let (done, all) = mpsc::channel();
    let begun = owed.iter().filter(|owed| begin(inner, owed, redo.clone(), done.clone())).count();
    let deadline = Instant::now() + PATIENCE;
    for _ in 0..begun {
        if all.recv_timeout(deadline.saturating_duration_since(Instant::now())).is_err() {
            return;
        }
    }
}

fn begin(
    inner: &Arc<Inner>,
    owed: &Rewrite,
    redo: impl Fn(&Rewrite) -> bool + Send + 'static,
    done: Sender<()>,
) -> bool {
    if !inner.debts.0.lock().insert(owed.path.clone()) {
        return false;
    }
    let (payer, debt) = (Arc::clone(inner), owed.clone());
    let work = move || {
        if redo(&debt) {
            let _ = payer.engine.transact(&[Event::RewriteDone(debt.clone())]);
        }
        payer.debts.0.lock().remove(&debt.path);
        let _ = done.send(());
    };
    let is_begun = thread::Builder::new().name("credlatch dotenv".to_owned()).spawn(work).is_ok();
    if !is_begun {
        // Without a thread it stays owed.
        inner.debts.0.lock().remove(&owed.path);
    }
    is_begun
}

#[cfg(all(test, feature = "file"))]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use credlatch_core::extra::Extra;

    use super::*;
    use crate::Latch;

    fn debt(path: &str) -> Rewrite {
        Rewrite { path: path.to_owned(), variables: Vec::new(), extra: Extra::default() }
    }

    #[test]
    fn a_debt_to_a_dead_mount_blocks_neither_other_debts_nor_a_second_change() {
        let latch = Latch::in_memory();
        let (answers, mount) = mpsc::channel::<()>();
        let mount = Arc::new(Mutex::new(mount));
        let asked = Arc::new(AtomicUsize::new(0));
        let redo = {
            let asked = Arc::clone(&asked);
            move |owed: &Rewrite| {
                asked.fetch_add(1, Ordering::SeqCst);
                owed.path == "/alive/.env" || mount.lock().recv().is_err()
            }
        };
        let owed = [debt("/dead/.env"), debt("/alive/.env")];
        let began = Instant::now();
        pay(&latch.0.inner, &owed, redo.clone());
        assert!(began.elapsed() >= PATIENCE);
        assert_eq!(asked.load(Ordering::SeqCst), 2, "the other one was paid");
        let began = Instant::now();
        pay(&latch.0.inner, &owed[..1], redo);
        assert!(began.elapsed() < PATIENCE, "the dead one is not asked again, and nobody waits for it");
        assert_eq!(asked.load(Ordering::SeqCst), 2);
        // The latch ends, though the thread doesn't.
        drop(latch);
        drop(answers);
    }
}
