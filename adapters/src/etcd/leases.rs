//! Signs of life that other machines see: each act has a lease. As long as its process lives a thread keeps it alive, and when nobody
//! does it ends, no earlier than the longest that an exchange can last.
//!
//! A lease is no fence. So nothing is sent in the tail of one, and before the first byte it is looked at once more.

use std::sync::{Arc, LazyLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::port::{Cluster, Lease, Trouble};

/// After which time without a sign of life others take over.
pub(super) const TTL: Duration = Duration::from_secs(120);
/// How much of that must be left when the first byte leaves: more than a token request may take.
pub(super) const TAIL: Duration = Duration::from_secs(60);
/// Between two signs of life.
const BEAT: Duration = Duration::from_secs(20);
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// All of this process that are kept alive.
static ALL: LazyLock<Mutex<Beating>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Beating {
    leases: Vec<Weak<Held>>,
    /// The process that has a thread for it: a forked child has none.
    pid: u32,
}

/// A lease of an act of this process. Dropping it ends it.
pub(super) struct Held {
    cluster: Arc<dyn Cluster>,
    pub(super) lease: Lease,
    /// When it was last asked for, by this machine's clock: it ends no earlier than its time after that.
    since_ms: Mutex<u64>,
    pid: u32,
}

impl Held {
    /// A new one.
    pub(super) fn grant(cluster: &Arc<dyn Cluster>) -> Result<Arc<Self>, Trouble> {
        let (pid, since_ms) = (std::process::id(), cluster.up_ms());
        let lease = cluster.grant(TTL, PATIENCE)?;
        let held = Arc::new(Self { cluster: Arc::clone(cluster), lease, since_ms: Mutex::new(since_ms), pid });
        keep_alive(&held);
        Ok(held)
    }

    /// How long it certainly lasts if nobody does anything.
    pub(super) fn lasts(&self) -> Duration {
        let for_ms = self.cluster.up_ms().saturating_sub(*self.since_ms.lock());
        TTL.saturating_sub(Duration::from_millis(for_ms))
    }

    /// Has it begin anew. Returns whether it was still there.
    pub(super) fn beat(&self) -> Result<bool, Trouble> {
        let asked_ms = self.cluster.up_ms();
        let is_there = self.cluster.keep_alive(self.lease, PATIENCE)?;
        if is_there {
            let mut since_ms = self.since_ms.lock();
            *since_ms = (*since_ms).max(asked_ms);
        }
        Ok(is_there)
    }

    /// Whether this is the process that asked for it, and not a fork of it.
    pub(super) fn is_mine(&self) -> bool {
        self.pid == std::process::id()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if self.is_mine() {
            // One that can't be ended ends by itself.
            let _ = self.cluster.revoke(self.lease, Duration::from_secs(2));
        }
    }
}

fn keep_alive(held: &Arc<Held>) {
    let mut all = ALL.lock();
    all.leases.retain(|lease| lease.strong_count() > 0);
    all.leases.push(Arc::downgrade(held));
    let pid = std::process::id();
    if all.pid == pid {
        return;
    }
    let beating = std::thread::Builder::new().name("credlatch-leases".to_owned()).spawn(move || {
        loop {
            std::thread::sleep(BEAT);
            let leases: Vec<_> =
                ALL.lock().leases.iter().filter_map(Weak::upgrade).filter(|held| held.is_mine()).collect();
            // What fails is tried again; where it is too late, whoever is about to send finds out.
            for held in &leases {
                let _ = held.beat();
            }
        }
    });
    if beating.is_ok() {
        all.pid = pid;
    }
}
