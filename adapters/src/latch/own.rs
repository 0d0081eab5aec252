//! Exchanges of the caller's that go on in this process: whoever asks, from within one, for the entry that it renews would
//! wait for itself.

use std::sync::Arc;
use std::thread::{self, ThreadId};

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::Provider;
use parking_lot::Mutex;

use super::Inner;
use crate::error::{Error, ErrorKind};

/// Which thread is in an exchange of its own, for which entry.
#[derive(Clone, Default)]
pub(super) struct Exchanging(Arc<Mutex<Vec<Exchange>>>);

#[derive(Clone, PartialEq)]
struct Exchange {
    thread: ThreadId,
    provider: ProviderId,
    label: Label,
}

/// An exchange that may begin.
pub(super) struct Entered {
    all: Exchanging,
    provider: ProviderId,
    label: Label,
}

/// An exchange that goes on; dropping it ends it.
pub(super) struct Begun {
    all: Exchanging,
    exchange: Exchange,
}

impl Exchanging {
    pub(super) fn enter(&self, provider: &ProviderId, label: &Label) -> Entered {
        Entered { all: self.clone(), provider: provider.clone(), label: label.clone() }
    }

    fn is_own(&self, provider: &ProviderId, label: &Label) -> bool {
        let thread = thread::current().id();
        let all = self.0.lock();
        all.iter().any(|one| one.thread == thread && one.provider == *provider && one.label == *label)
    }
}

impl Entered {
    /// It goes on in this thread; one that waits does so each time it is polled.
    pub(super) fn begun(&self) -> Begun {
        let (provider, label) = (self.provider.clone(), self.label.clone());
        let exchange = Exchange { thread: thread::current().id(), provider, label };
        self.all.0.lock().push(exchange.clone());
        Begun { all: self.all.clone(), exchange }
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        let mut all = self.all.0.lock();
        if let Some(at) = all.iter().position(|one| *one == self.exchange) {
            all.swap_remove(at);
        }
    }
}

impl Inner {
    /// Refuses to wait, within an exchange of the caller's, for the end of that exchange.
    pub(super) fn refuse_own_exchange(&self, row: &Provider, label: &Label) -> Result<(), Error> {
        if !self.exchanging.is_own(&row.id, label) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Usage,
            format!("this thread rotates the {} entry {label} itself, so it can't wait for the new token", row.id),
            "return the new tokens from the function that `rotate_with` was given, and ask after that",
        ))
    }
}
