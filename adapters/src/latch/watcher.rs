//! Watching one flow, without keeping the latch alive.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use credlatch_core::custody::Nonce;
use credlatch_core::engine::{FlowView, TransactError};
use credlatch_core::flow::{EndedFlow, Failure, FlowEnd};
use credlatch_core::name::ProviderId;
use credlatch_core::provider::Provider;

use super::{Inner, Latch};
use crate::error::Error;
use crate::error::not_signed_in::INTERRUPTED;

impl Latch {
    /// A watcher ends with the latch, or its last handle would wait as long as the flow lives.
    pub(super) fn watcher(&self, provider: ProviderId, id: Nonce) -> Watcher {
        let stop = Arc::default();
        self.0.workers.stops.add(Arc::clone(&stop));
        Watcher { inner: Arc::clone(&self.0.inner), provider, id, stop }
    }
}

/// Watches one flow.
pub(super) struct Watcher {
    inner: Arc<Inner>,
    provider: ProviderId,
    id: Nonce,
    stop: Arc<AtomicBool>,
}

impl Watcher {
    /// Waits until there is something to show: whoever joins early waits for the starter's code.
    pub(super) fn wait_until_shown(&self) -> Result<(), Unshown> {
        match self.inner.engine.await_prompt(&self.provider, self.id, &self.stop)? {
            FlowView::Ended(EndedFlow { end: FlowEnd::Failed(code), .. }) if code == INTERRUPTED => {
                Err(Unshown::Interrupted)
            }
            FlowView::Ended(EndedFlow { end: FlowEnd::Failed(code), description, .. }) => {
                Err(Unshown::Refused(Failure { code, description }))
            }
            _ => Ok(()),
        }
    }

    /// Waits until it ends, and polls on if its poller dies.
    pub(super) fn wait_for_end(&self) -> Result<FlowView, Error> {
        Ok(self.inner.engine.await_flow_unless(&*self.inner.issuer, &self.provider, self.id, &self.stop)?)
    }
}

/// Why there is no code to show.
pub(super) enum Unshown {
    /// Whoever asked for it died.
    Interrupted,
    /// The issuer gave none, for this reason.
    Refused(Failure),
    Store(Error),
}

impl From<TransactError> for Unshown {
    fn from(error: TransactError) -> Self {
        Self::Store(error.into())
    }
}

impl Unshown {
    pub(super) fn into_error(self, row: &Provider) -> Error {
        match self {
            Self::Interrupted => Error::not_signed_in(row, &INTERRUPTED.into()),
            Self::Refused(why) => Error::not_signed_in(row, &why),
            Self::Store(error) => error,
        }
    }
}
