//! How a credential keeps its latch open: each counts itself at one of several places, so that threads that read at the same
//! time don't wait for each other's count.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::{Handle, Latch, Open};
use crate::system::threads::place_of;

/// How many threads count apart from each other.
const PLACES: usize = 8;

/// The places at which a latch's credentials are counted. One is made when the first thread that counts there reads.
#[derive(Default)]
pub(super) struct Counters([OnceLock<Arc<Counter>>; PLACES]);

/// One of them. Whoever holds it keeps the latch open; aligned, so that no two share a cache line.
#[repr(align(64))]
pub(super) struct Counter(Arc<Handle>);

impl Latch {
    /// Counts a credential of the calling thread's.
    pub(super) fn counter(&self) -> Arc<Counter> {
        let Open { handle, counters, .. } = &*self.0;
        Arc::clone(counters.0[place_of(PLACES)].get_or_init(|| Arc::new(Counter(Arc::clone(handle)))))
    }
}

#[cfg(all(feature = "file", unix))]
impl Counters {
    /// Whether no credential is counted here.
    pub(super) fn are_idle(&self) -> bool {
        self.0.iter().filter_map(OnceLock::get).all(|counter| Arc::strong_count(counter) == 1)
    }
}

impl Deref for Counter {
    type Target = Handle;

    fn deref(&self) -> &Handle {
        &self.0
    }
}
