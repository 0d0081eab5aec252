//! One face for engines over different stores, so that a `Latch` has no type parameters.

use std::any::Any;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use credlatch_core::clear::Clear;
use credlatch_core::custody::{Actor, Nonce};
use credlatch_core::engine::{
    Cleared, Engine, FlowView, Live, NoToken, Picked, Poller, Rotation, Snapshot, TransactError, Transacted, Wish,
};
use credlatch_core::flow::FlowKind;
#[cfg(all(feature = "file", unix))]
use credlatch_core::flow::Step;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::Choice;
#[cfg(all(feature = "file", unix))]
use credlatch_core::port::Code;
use credlatch_core::port::{Clock, Issuer, Ports, Revoked, Store, StoreError};
#[cfg(feature = "env")]
use credlatch_core::rewrite::Rewrite;
use credlatch_core::rotation::Times;
use credlatch_core::time::Stamp;
use credlatch_core::{Effect, Event};
#[cfg(all(feature = "doctor", unix))]
use credlatch_core::{custody::Claim, port::Left};

pub(crate) trait Backend: Send + Sync {
    fn choose(&self, provider: &str, choice: &Choice<'_>) -> Result<Picked, NoToken>;
    fn renew(
        &self,
        issuer: &dyn Issuer,
        picked: Picked,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Picked, NoToken>;
    fn is_current(&self, live: &Live) -> Result<bool, StoreError>;
    fn is_due(&self, picked: &Picked, times: Times) -> Result<bool, NoToken>;
    fn is_good(&self, picked: &Picked) -> bool;
    fn rotate(&self, issuer: &dyn Issuer, wish: &Wish, patience_ms: u64) -> Result<Rotation, TransactError>;
    fn transact(&self, events: &[Event]) -> Result<Transacted, TransactError>;
    fn clear(&self, clear: Clear) -> Result<Cleared, TransactError>;
    #[cfg(feature = "env")]
    fn clear_owing(&self, clear: Clear, owed: Rewrite) -> Result<Cleared, TransactError>;
    fn remove(&self, provider: ProviderId, label: Label) -> Result<Cleared, TransactError>;
    fn drain(&self, cleared: &Cleared, timeout_ms: u64) -> bool;
    fn is_drained(&self, cleared: &Cleared) -> bool;
    fn readers(&self) -> Vec<u64>;
    /// Whether nobody holds here what another latch on the same document has cleared.
    fn is_free_of(&self, cleared: &Cleared, readers: &[u64]) -> bool;
    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError>;
    fn save_unsaved(&self) -> Result<(), TransactError>;
    /// Whether something that was granted waits to be saved.
    #[cfg(any(feature = "http", all(feature = "file", unix)))]
    fn has_unsaved(&self) -> bool;
    fn revoke_all(&self, issuer: &dyn Issuer, effects: &[Effect]) -> Vec<Revoked>;
    fn login(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        label: &Label,
        kind: FlowKind,
    ) -> Result<Login, TransactError>;
    /// Polls until the flow ends. The duty is one that this backend's `login` gave.
    fn poll(&self, issuer: &dyn Issuer, duty: Duty) -> Result<FlowView, TransactError>;
    fn await_flow(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        flow: Nonce,
        stop: &Arc<AtomicBool>,
    ) -> Result<FlowView, TransactError>;
    /// Polls in the place of the flow's holder; `began` is called once that is durable.
    #[cfg(all(feature = "file", unix))]
    fn poll_in_place_of(
        &self,
        issuer: &dyn Issuer,
        holder: &Step,
        began: &mut dyn FnMut(),
    ) -> Result<FlowView, TransactError>;
    /// Exchanges a code in the place of the flow's holder.
    #[cfg(all(feature = "file", unix))]
    fn exchange_in_place_of(&self, issuer: &dyn Issuer, holder: Step, code: &Code) -> Result<FlowView, TransactError>;
    /// Whether a flow has ended, or somebody living works on it.
    fn is_tended(&self, provider: &ProviderId, flow: Nonce) -> Result<bool, StoreError>;
    fn await_prompt(&self, provider: &ProviderId, flow: Nonce, stop: &AtomicBool) -> Result<FlowView, TransactError>;
    fn cancel(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, TransactError>;
    fn view(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, StoreError>;
    fn now(&self) -> Stamp;
    /// What a claim's actor has left.
    #[cfg(all(feature = "doctor", unix))]
    fn left(&self, claim: &Claim) -> Result<Left, StoreError>;
    /// Whether a claim's actor is this process.
    fn is_own(&self, actor: &Actor) -> bool;
}

/// A login that was started or joined.
pub(crate) struct Login {
    pub(crate) flow: Nonce,
    pub(crate) started: bool,
    pub(crate) duty: Option<Duty>,
}

/// The duty to poll, without its engine's type.
pub(crate) struct Duty {
    poller: Box<dyn Any + Send>,
    pub(crate) stop: Arc<AtomicBool>,
}

impl<P: Ports> Backend for Engine<P> {
    fn choose(&self, provider: &str, choice: &Choice<'_>) -> Result<Picked, NoToken> {
        self.choose(provider, choice)
    }

    fn renew(
        &self,
        issuer: &dyn Issuer,
        picked: Picked,
        choice: &Choice<'_>,
        times: Times,
        patience_ms: u64,
    ) -> Result<Picked, NoToken> {
        self.renew(issuer, picked, choice, times, patience_ms)
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

    fn is_good(&self, picked: &Picked) -> bool {
        self.is_good(picked)
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

    #[cfg(feature = "env")]
    fn clear_owing(&self, clear: Clear, owed: Rewrite) -> Result<Cleared, TransactError> {
        self.clear_owing(clear, owed)
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

    fn readers(&self) -> Vec<u64> {
        self.readers()
    }

    fn is_free_of(&self, cleared: &Cleared, readers: &[u64]) -> bool {
        self.is_free_of(cleared, readers)
    }

    fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.snapshot()
    }

    fn save_unsaved(&self) -> Result<(), TransactError> {
        self.save_unsaved()
    }

    #[cfg(any(feature = "http", all(feature = "file", unix)))]
    fn has_unsaved(&self) -> bool {
        self.has_unsaved()
    }

    fn revoke_all(&self, issuer: &dyn Issuer, effects: &[Effect]) -> Vec<Revoked> {
        self.revoke_all(issuer, effects)
    }

    fn login(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        label: &Label,
        kind: FlowKind,
    ) -> Result<Login, TransactError> {
        let login = self.login(issuer, provider, label, kind)?;
        let duty = login.poller.map(|poller| Duty { stop: poller.stop_flag(), poller: Box::new(poller) });
        Ok(Login { flow: login.flow, started: login.started, duty })
    }

    fn poll(&self, issuer: &dyn Issuer, duty: Duty) -> Result<FlowView, TransactError> {
        match duty.poller.downcast::<Poller<P>>() {
            Ok(poller) => self.poll_to_end(issuer, *poller),
            Err(_) => unreachable!("a duty is done by the backend that gave it"),
        }
    }

    fn await_flow(
        &self,
        issuer: &dyn Issuer,
        provider: &ProviderId,
        flow: Nonce,
        stop: &Arc<AtomicBool>,
    ) -> Result<FlowView, TransactError> {
        self.await_flow_unless(issuer, provider, flow, stop)
    }

    #[cfg(all(feature = "file", unix))]
    fn poll_in_place_of(
        &self,
        issuer: &dyn Issuer,
        holder: &Step,
        began: &mut dyn FnMut(),
    ) -> Result<FlowView, TransactError> {
        self.poll_in_place_of(issuer, holder, began)
    }

    #[cfg(all(feature = "file", unix))]
    fn exchange_in_place_of(&self, issuer: &dyn Issuer, holder: Step, code: &Code) -> Result<FlowView, TransactError> {
        self.exchange_in_place_of(issuer, holder, code)
    }

    fn is_tended(&self, provider: &ProviderId, flow: Nonce) -> Result<bool, StoreError> {
        self.is_tended(provider, flow)
    }

    fn await_prompt(&self, provider: &ProviderId, flow: Nonce, stop: &AtomicBool) -> Result<FlowView, TransactError> {
        self.await_prompt(provider, flow, stop)
    }

    fn cancel(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, TransactError> {
        self.cancel(provider, flow)
    }

    fn view(&self, provider: &ProviderId, flow: Nonce) -> Result<FlowView, StoreError> {
        self.view(provider, flow)
    }

    fn now(&self) -> Stamp {
        self.clock().now()
    }

    #[cfg(all(feature = "doctor", unix))]
    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        self.store().left(claim)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        self.store().is_own(actor)
    }
}
