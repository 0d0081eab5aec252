//! Numbers of threads, by which those that do the same at the same time keep out of each other's way.

use std::sync::atomic::{AtomicUsize, Ordering};

/// A number below `places`, the same for every call of a thread. Threads that begin one after the other have different ones.
pub(crate) fn place_of(places: usize) -> usize {
    static THREADS: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: usize = THREADS.fetch_add(1, Ordering::Relaxed);
    }
    // A thread that is ending goes anywhere.
    OWN.try_with(|own| *own % places).unwrap_or(0)
}
