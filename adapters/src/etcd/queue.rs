//! Standing in line. Nothing rests on it: commits refuse by comparing. Where many machines change one profile, those who were
//! overtaken wait for each other, so that each has its turn and none tries in vain for long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use credlatch_core::port::Nonces;

use super::document::Document;
use super::port::{Change, Cluster, Compare, Keys, Lease, Op, Trouble, Txn, Watching};
use crate::system::SystemNonces;

/// For how long a process that was overtaken stands in line.
const CROWDED: Duration = Duration::from_secs(30);
/// After which time one who died in line is gone.
const PLACE: Duration = Duration::from_secs(10);
/// A lease that ends sooner is not stood in line with any more.
const LEFT: Duration = Duration::from_secs(5);
/// How long whoever is before one is waited for: it may have died, or go on without hurry.
const TURN: Duration = Duration::from_secs(3);

/// A place in line. Dropping it lets the next one go.
pub(super) struct Ticket {
    cluster: Arc<dyn Cluster>,
    place: Option<String>,
}

impl Ticket {
    /// What gives the place up together with a commit.
    pub(super) fn leave(&self) -> Option<Op> {
        self.place.clone().map(Op::Delete)
    }

    /// That commit was made.
    pub(super) fn has_left(&mut self) {
        self.place = None;
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(leave) = self.leave() {
            // A place that stays ends with its lease.
            let _ = self.cluster.transact(&Txn { when: Vec::new(), then: vec![leave] }, Duration::from_secs(1));
        }
    }
}

/// From now on writers of this process stand in line for a while.
pub(super) fn crowded(document: &Document) {
    *document.crowded.lock() = Some(Instant::now() + CROWDED);
}

/// Waits for one's turn where there is a crowd. Where there can be no line, or it doesn't move, one goes on without.
pub(super) fn wait(document: &Document, deadline: Instant) -> Option<Ticket> {
    let is_crowded = document.crowded.lock().is_some_and(|until| Instant::now() < until);
    if is_crowded { stand(document, deadline).ok() } else { None }
}

fn stand(document: &Document, deadline: Instant) -> Result<Ticket, Trouble> {
    let left = || deadline.saturating_duration_since(Instant::now()).min(TURN);
    let cluster = &document.cluster;
    let lease = lease(document, left())?;
    let place = format!("{}{}", document.names.queue, SystemNonces.nonce());
    let ticket = Ticket { cluster: Arc::clone(cluster), place: Some(place.clone()) };
    let when = vec![Compare::Created(place.clone(), 0)];
    let txn = Txn { when, then: vec![Op::Put(place, b"".to_vec().into(), Some(lease))] };
    let stood = cluster.transact(&txn, left()).inspect_err(|_| *document.place.lock() = None)?;
    let before = cluster.list(&Keys::LastCreatedBefore(document.names.queue.clone(), stood.revision), left())?;
    if let Some(before) = before.first() {
        cluster.watch(&before.key, before.modified, left(), &mut |change| match change {
            Change::Deleted(_) => Watching::Enough,
            Change::Alive(_) | Change::Put(_) => Watching::GoOn,
        })?;
    }
    Ok(ticket)
}

/// The lease with which this process stands in line.
fn lease(document: &Document, patience: Duration) -> Result<Lease, Trouble> {
    let mut place = document.place.lock();
    if let Some((lease, since)) = *place
        && since.elapsed() + LEFT < PLACE
    {
        return Ok(lease);
    }
    let since = Instant::now();
    let lease = document.cluster.grant(PLACE, patience)?;
    *place = Some((lease, since));
    Ok(lease)
}
