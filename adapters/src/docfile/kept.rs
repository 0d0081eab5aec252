//! The locked files of this process, in one place: signs of life, and the lock files of stores. A forked child has its
//! parent's descriptors, and with them the locks: at its first use of a store it closes them here, so that the parent's acts
//! and commits end with the parent.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError, Weak};
use std::thread;
use std::time::Duration;

use credlatch_core::state::Nonce;

/// How often the list is asked for, a millisecond apart. Whoever has it gives it back at once, unless it was a thread that
/// a fork left behind.
const TRIES: usize = 50;

/// All locked files of one process; signs of life by their names.
pub struct Keep<F> {
    /// Whose they are; 0 before the first.
    pid: AtomicU32,
    files: Mutex<Slots<F>>,
}

/// One of them: open as long as this is there, and this is the process that made it.
pub struct Kept<F>(Arc<Slot<F>>);

type Slot<F> = Mutex<Option<F>>;
/// Lock files of stores have no names here.
type Slots<F> = Vec<(Option<Nonce>, Weak<Slot<F>>)>;

impl<F> Keep<F> {
    /// An empty one.
    #[must_use]
    pub const fn new() -> Self {
        Self { pid: AtomicU32::new(0), files: Mutex::new(Vec::new()) }
    }

    /// Takes a sign of life in.
    pub fn keep(&self, name: Nonce, file: F) -> Kept<F> {
        self.take_in(Some(name), file)
    }

    /// Takes a store's lock file in.
    pub fn keep_lock(&self, file: F) -> Kept<F> {
        self.take_in(None, file)
    }

    /// Where the list can't be had a file is kept all the same, and a child only doesn't find it.
    fn take_in(&self, name: Option<Nonce>, file: F) -> Kept<F> {
        let slot = Arc::new(Mutex::new(Some(file)));
        if let Some(mut files) = self.files() {
            files.retain(|(_, slot)| slot.strong_count() > 0);
            files.push((name, Arc::downgrade(&slot)));
        }
        Kept(slot)
    }

    /// Closes what was inherited, if this process is not the one that made it. Nothing is unlocked: that would end the
    /// parent's acts.
    pub fn shed(&self, pid: u32) {
        let maker = self.pid.swap(pid, Ordering::Relaxed);
        if maker == pid || maker == 0 {
            return;
        }
        let inherited = self.files().map(|mut files| std::mem::take(&mut *files)).unwrap_or_default();
        for slot in inherited.into_iter().filter_map(|(_, slot)| slot.upgrade()) {
            // One that a thread of the parent was just reading or writing can't be closed: it costs others a wait.
            drop(slot.try_lock().ok().and_then(|mut file| file.take()));
        }
    }

    /// Whether this process made the sign of life of that name, and it is still there. If that can't be told it might.
    pub fn holds(&self, name: Nonce) -> bool {
        self.files().is_none_or(|files| files.iter().any(|(kept, slot)| *kept == Some(name) && slot.strong_count() > 0))
    }

    fn files(&self) -> Option<MutexGuard<'_, Slots<F>>> {
        for _ in 0..TRIES {
            match self.files.try_lock() {
                Ok(files) => return Some(files),
                Err(TryLockError::Poisoned(files)) => return Some(files.into_inner()),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
        None
    }
}

impl<F> Default for Keep<F> {
    fn default() -> Self {
        Self::new()
    }
}

impl<F> Kept<F> {
    /// Does something with the file; nothing if it was closed because it was inherited.
    pub fn with<R>(&self, act: impl FnOnce(&F) -> R) -> Option<R> {
        let file = self.0.lock().ok()?;
        file.as_ref().map(act)
    }

    /// The same file once more: it stays open until both are gone.
    #[must_use]
    pub fn share(&self) -> Self {
        Self(Arc::clone(&self.0))
    }

    /// The same for what may fail, as it does if the file was closed.
    pub fn attempt<R>(&self, act: impl FnOnce(&F) -> io::Result<R>) -> io::Result<R> {
        self.with(act)
            .unwrap_or_else(|| Err(io::Error::other("it belongs to the process that this one was forked from")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_closes_what_it_inherited_and_keeps_what_it_makes_itself() {
        let keep = Keep::new();
        keep.shed(7);
        let (of_parent, watch) = (Arc::new(()), |file: &Arc<()>| Arc::strong_count(file));
        let kept = keep.keep(Nonce(1), Arc::clone(&of_parent));
        keep.shed(7);
        assert!(keep.holds(Nonce(1)) && watch(&of_parent) == 2);
        keep.shed(8);
        assert!(!keep.holds(Nonce(1)) && watch(&of_parent) == 1);
        assert_eq!(kept.with(|_| ()), None);
        let own = keep.keep(Nonce(2), Arc::clone(&of_parent));
        keep.shed(8);
        assert!(keep.holds(Nonce(2)) && own.with(|_| ()).is_some());
        drop(own);
        assert!(!keep.holds(Nonce(2)));
    }

    #[test]
    fn a_child_closes_the_lock_of_a_store_as_well() {
        let keep = Keep::new();
        keep.shed(7);
        let lock = keep.keep_lock(());
        assert!(lock.attempt(|()| Ok(())).is_ok());
        keep.shed(8);
        assert!(lock.attempt(|()| Ok(())).is_err());
    }

    #[test]
    fn a_thread_that_a_fork_left_behind_with_the_list_costs_a_wait_and_no_more() {
        let keep = Keep::new();
        keep.shed(7);
        let inherited = keep.keep(Nonce(1), ());
        let list = keep.files.lock().unwrap();
        keep.shed(8);
        let own = keep.keep(Nonce(2), ());
        assert!(own.with(|()| ()).is_some() && inherited.with(|()| ()).is_some());
        assert!(keep.holds(Nonce(1)), "it might");
        drop(list);
    }
}
