//! Exchanges that the caller does: a function that presents a refresh token and says what came of it.

use credlatch_core::flow::{FlowKind, Prompt};
use credlatch_core::name::ProviderId;
use credlatch_core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use credlatch_core::rotation::Exchanged;
use credlatch_core::secret::Secret;
use parking_lot::Mutex;

use crate::answer::Answer;

/// An issuer that is one function of the caller's, for one presentation.
pub(super) struct Once<F>(Mutex<Option<F>>);

impl<F> Once<F> {
    pub(super) fn new(exchange: F) -> Self {
        Self(Mutex::new(Some(exchange)))
    }
}

impl<F: FnOnce(&Secret) -> Answer + Send> Issuer for Once<F> {
    fn refresh(&self, _provider: &ProviderId, refresh: &Secret, _scopes: &[String]) -> Exchanged {
        let exchange = self.0.lock().take();
        exchange.map_or(Exchanged::NotConsumed { retry_after_ms: None }, |exchange| exchange(refresh).into())
    }

    fn prompt(&self, provider: &ProviderId, kind: FlowKind) -> Prompting {
        NoIssuer.prompt(provider, kind)
    }

    fn poll(&self, provider: &ProviderId, prompt: &Prompt) -> Polled {
        NoIssuer.poll(provider, prompt)
    }

    fn exchange(&self, provider: &ProviderId, code: &Code) -> CodeExchanged {
        NoIssuer.exchange(provider, code)
    }

    fn revoke(&self, provider: &ProviderId, token: &Secret) -> Revoked {
        NoIssuer.revoke(provider, token)
    }
}

/// The issuer of a latch that can't speak to any: nothing is ever sent.
pub(super) struct NoIssuer;

const UNSUPPORTED: &str = "unsupported";

impl Issuer for NoIssuer {
    fn can_refresh(&self, _: &ProviderId) -> bool {
        false
    }

    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        Exchanged::NotConsumed { retry_after_ms: None }
    }

    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        Prompting::Failed(UNSUPPORTED.into())
    }

    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        Polled::Failed(UNSUPPORTED.into())
    }

    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        CodeExchanged::Failed(UNSUPPORTED.into())
    }

    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        Revoked::Unsupported
    }
}
