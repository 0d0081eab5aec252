//! Standing in line. Nothing rests on it: commits refuse by comparing. Where many machines change one profile, those who were
//! overtaken wait for each other, so that each has its turn and none tries in vain for long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use credlatch_core::port::Nonces;

use super::document::Document;
use super::port::{Change, Cluster, Compare, Keys, Lease, Op, Txn, Watching};
use crate::system::SystemNonces;

/// For how long a process that was overtaken stands in line.
const CROWDED: Duration = Duration::from_secs(30);
/// After which time one who died in line is gone.
const PLACE: Duration = Duration::from_secs(10);
/// How long whoever is before one is waited for: it may have died, or go on without hurry.
const TURN: Duration = Duration::from_secs(3);

/// A place in line. Dropping it lets the next one go.
pub(super) struct Ticket {
    cluster: Arc<dyn Cluster>,
    lease: Lease,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // One that stays ends by itself.
        let _ = self.cluster.revoke(self.lease, Duration::from_secs(1));
    }
}

/// From now on writers of this process stand in line for a while.
pub(super) fn crowded(document: &Document) {
    *document.crowded.lock() = Some(Instant::now() + CROWDED);
}

/// Waits for one's turn where there is a crowd. Where there can be no line, or it doesn't move, one goes on without.
pub(super) fn wait(document: &Document, deadline: Instant) -> Option<Ticket> {
    let is_crowded = document.crowded.lock().is_some_and(|until| Instant::now() < until);
    if !is_crowded {
        return None;
    }
    let left = || deadline.saturating_duration_since(Instant::now()).min(TURN);
    let cluster = &document.cluster;
    let lease = cluster.grant(PLACE, left()).ok()?;
    let ticket = Ticket { cluster: Arc::clone(cluster), lease };
    let place = format!("{}{}", document.names.queue, SystemNonces.nonce());
    let when = vec![Compare::Created(place.clone(), 0)];
    let txn = Txn { when, then: vec![Op::Put(place, b"".to_vec().into(), Some(lease))] };
    let mine = cluster.transact(&txn, left()).ok()?.revision;
    let before = cluster.list(&Keys::LastCreatedBefore(document.names.queue.clone(), mine), left()).ok()?;
    if let Some(before) = before.first() {
        let _ = cluster.watch(&before.key, before.modified, left(), &mut |change| match change {
            Change::Deleted(_) => Watching::Enough,
            Change::Alive(_) | Change::Put(_) => Watching::GoOn,
        });
    }
    Some(ticket)
}
