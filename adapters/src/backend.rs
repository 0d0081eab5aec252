//! One face for engines over different stores, so that a `Latch` has no type parameters.

use credlatch_core::Event;
use credlatch_core::clear::Clear;
use credlatch_core::engine::{
    Cleared, Engine, Live, NoToken, Picked, Rotation, Snapshot, TransactError, Transacted, Wish,
};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::Choice;
use credlatch_core::port::{Clock, Issuer, Ports, StoreError};
use credlatch_core::rotation::Times;
use credlatch_core::time::Stamp;
use std::sync::Arc;

pub(crate) trait Backend: Send + Sync {
    fn current(&self, provider: &str, choice: &Choice<'_>) -> Result<Picked, NoToken>;
    fn token(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Picked, NoToken>;
    fn is_current(&self, live: &Live) -> Result<bool, StoreError>;
    fn is_due(&self, picked: &Picked, times: Times) -> Result<bool, NoToken>;
    fn rotate(&self, issuer: &dyn Issuer, wish: &Wish, patience_ms: u64) -> Result<Rotation, TransactError>;
    fn transact(&self, events: &[Event]) -> Result<Transacted, TransactError>;
    fn clear(&self, clear: Clear) -> Result<Cleared, TransactError>;
    fn remove(&self, provider: ProviderId, label: Label) -> Result<Cleared, TransactError>;
    fn drain(&self, cleared: &Cleared, timeout_ms: u64) -> bool;
    fn is_drained(&self, cleared: &Cleared) -> bool;
    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError>;
    fn save_unsaved(&self) -> Result<(), TransactError>;
    fn now(&self) -> Stamp;
}

impl<P: Ports> Backend for Engine<P> {
    fn current(&self, provider: &str, choice: &Choice<'_>) -> Result<Picked, NoToken> {
        self.current(provider, choice)
    }

    fn token(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Picked, NoToken> {
        self.token(issuer, provider, choice, times, patience_ms)
    }

    fn is_current(&self, live: &Live) -> Result<bool, StoreError> {
        self.read(|snapshot| {
            let newest = snapshot.live(live.provider.as_str(), live.label.as_str());
            newest.is_some_and(|newest| newest.version == live.version)
        })
    }

    fn is_due(&self, picked: &Picked, times: Times) -> Result<bool, NoToken> {
        self.is_due(picked, times)
    }

    fn rotate(&self, issuer: &dyn Issuer, wish: &Wish, patience_ms: u64) -> Result<Rotation, TransactError> {
        self.rotate(issuer, wish, patience_ms)
    }

    fn transact(&self, events: &[Event]) -> Result<Transacted, TransactError> {
        self.transact(events)
    }

    fn clear(&self, clear: Clear) -> Result<Cleared, TransactError> {
        self.clear(clear)
    }

    fn remove(&self, provider: ProviderId, label: Label) -> Result<Cleared, TransactError> {
        self.remove(provider, label)
    }

    fn drain(&self, cleared: &Cleared, timeout_ms: u64) -> bool {
        self.drain(cleared, timeout_ms)
    }

    fn is_drained(&self, cleared: &Cleared) -> bool {
        self.is_drained(cleared)
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.snapshot()
    }

    fn save_unsaved(&self) -> Result<(), TransactError> {
        self.save_unsaved()
    }

    fn now(&self) -> Stamp {
        self.clock().now()
    }
}
