//! What a place holds, told by as little as can still make a difference.

use std::any::Any;
use std::sync::Arc;

use credlatch_core::engine::{Held, Snapshot, held};

use super::digest::digest;
use super::disk::Document;
use super::holds::Holds;
use super::ports::SimPorts;
use super::scripted::Scripted;
use super::server::Server;
use super::signs::Trail;
use super::situation::{self, Memory};
use super::states::state_digest;

/// What tells apart what `value` is, where that is less than all that ever happened to it.
pub(super) fn holds<T: 'static>(value: &T) -> Holds {
    let value = value as &dyn Any;
    // The word is the only number. Whoever finds it odd minds nothing else of it.
    let word = value.downcast_ref().map(|word: &u64| digest(if word % 2 == 1 { 1 } else { *word }));
    let document = || value.downcast_ref().map(Document::digest);
    let server = || value.downcast_ref().map(|it: &Server| digest(it));
    if let Some(told) = word.or_else(document).or_else(server) {
        return Holds::Told(told);
    }
    let is_by_content = situation::memory() == Memory::Content;
    if let Some(trail) = value.downcast_ref::<Trail>() {
        let (name, is_over, told) = (trail.name, !trail.is_alive && trail.answer.is_none(), trail.digest());
        // Nobody is told of a note while its actor lives.
        let seen = Trail { noted: trail.noted.filter(|_| !trail.is_alive), ..trail.clone() }.digest();
        return if is_by_content { Holds::Sign { name, is_over, told, seen } } else { Holds::Told(told) };
    }
    if let Some(snapshot) = value.downcast_ref::<Arc<Snapshot>>() {
        let by_content = || {
            let told = digest((snapshot.id, state_digest(&snapshot.state)));
            Holds::Published(Arc::downgrade(snapshot), Arc::clone(&snapshot.state), snapshot.id, told)
        };
        return if is_by_content { by_content() } else { Holds::Told(published(snapshot)) };
    }
    match is_by_content.then(|| held::<SimPorts<Scripted>>(value)).flatten() {
        Some(Held::Told(text)) => Holds::Told(digest(text)),
        Some(Held::Ledger { watched, records }) => Holds::Ledger { watched, records },
        None => Holds::History,
    }
}

/// What was published, and how often each of its records was used since that was last written down.
fn published(snapshot: &Arc<Snapshot>) -> u128 {
    let pools = snapshot.state.providers.keys().map(|provider| format!("{:?}", snapshot.pool(provider.as_str())));
    digest((snapshot.id, state_digest(&snapshot.state), pools.collect::<Vec<_>>()))
}
