//! The engine: the only place that knows the order of things.
//!
//! Every change goes through [`Engine::transact`]: lock the store, load, fold the events, commit once if anything changed,
//! publish, unlock, and only then hand out the effects. So *no effect leaves before the state that permits it is durable*,
//! and *nothing is locked while somebody waits for a network*: what excludes others during an exchange is the claim in
//! the store, and reads, cancels and changes of everything else go on.
//!
//! Every read goes through [`Engine::read`]: one look at the store's word, and the published snapshot if it is current.
//!
//! Here and there a call says by [`Ports::keep_only`] what still makes a difference to it of what it has seen: that is for an explorer of
//! situations alone, which takes two for one if nobody's future can tell them apart.

mod adopt;
mod clear;
mod elsewhere;
mod exchange;
mod group;
mod held;
mod join;
mod ledger;
mod login;
mod moving;
mod name_number;
mod no_token;
mod origins;
mod read;
mod rotate;
mod snapshot;
mod token;
mod transact;
mod unlawful;
mod unsaved;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub use adopt::AdoptError;
pub use clear::Cleared;
pub use group::Grouped;
pub use held::{Held, acts, acts_of, held};
pub use join::FlowView;
pub use login::{Login, Poller};
pub use moving::{MoveError, Moved};
pub use no_token::NoToken;
pub use origins::Withheld;
pub use rotate::Rotation;
pub use snapshot::{Live, LiveKind, Snapshot};
pub use token::Chosen;
pub use transact::{TransactError, Transacted};
pub use unsaved::UnsavedGrant;

pub use crate::port::RotationRequest;
use crate::port::{Cell, Issuer, Ports, Seam};
pub use crate::state::LEAST_LEFT_MS;
use ledger::Ledger;

type CellOf<P, T> = <<P as Ports>::Seam as Seam>::Cell<T>;
type PublishedOf<P, T> = <<P as Ports>::Seam as Seam>::Published<T>;

/// One profile of one store, as one process uses it. In this order, what a read needs lies together: with very many profiles each
/// look at another place in memory counts.
#[repr(C)]
pub struct Engine<P: Ports> {
    store: P::Store,
    published: PublishedOf<P, Snapshot>,
    clock: P::Clock,
    nonces: P::Nonces,
    ledger: CellOf<P, Ledger>,
    unsaved: CellOf<P, Vec<unsaved::Unsaved<P>>>,
    group: CellOf<P, group::Group<P>>,
    /// How many choices were made from pools that are used in turn.
    turns: AtomicU64,
    patience_ms: u64,
    /// Whose rows say where a grant comes from.
    rows: Option<Arc<dyn Issuer>>,
}

impl<P: Ports> Engine<P> {
    /// An engine over these ports. It reads nothing yet.
    ///
    /// `patience_ms` bounds every wait for the store's lock.
    pub fn new(store: P::Store, clock: P::Clock, nonces: P::Nonces, patience_ms: u64) -> Self {
        let mut ledger = Ledger::default();
        let nothing = Arc::new(ledger.snapshot(Arc::default(), None, P::COPIES));
        Self {
            store,
            clock,
            nonces,
            published: Cell::new(nothing),
            ledger: Cell::new(ledger),
            unsaved: Cell::new(Vec::new()),
            group: Cell::new(group::Group::new()),
            turns: AtomicU64::new(0),
            patience_ms,
            rows: None,
        }
    }

    /// Remembers with each grant where this issuer sent its secrets when it came, and revokes it nowhere else.
    #[must_use]
    pub fn remembering(mut self, issuer: Arc<dyn Issuer>) -> Self {
        self.rows = Some(issuer);
        self
    }

    /// The store.
    pub fn store(&self) -> &P::Store {
        &self.store
    }

    /// The clock.
    pub fn clock(&self) -> &P::Clock {
        &self.clock
    }

    /// The source of nonces.
    pub fn nonces(&self) -> &P::Nonces {
        &self.nonces
    }
}

#[cfg(test)]
mod tests;
