//! The port to an authorization server: what it is asked, and what may come of that.

use super::alive::Sending;
use super::code::Code;
use super::elsewhere::Delegate;
use crate::machine::exchanged::{Exchanged, Fresh};
use crate::state::flow::{Failure, FlowKind, Prompt};
use crate::state::name::ProviderId;
use crate::state::origin::Reach;
use crate::state::secret::Secret;
use crate::state::{Material, Source};

/// An authorization server.
pub trait Issuer: Send + Sync {
    /// Whether it can present this provider's refresh tokens at all. Where nobody can, nothing is claimed for it, and nobody
    /// is told to wait for a next try.
    fn can_refresh(&self, provider: &ProviderId) -> bool {
        let _ = provider;
        true
    }

    /// Presents a refresh token (RFC 6749, 6).
    fn refresh(&self, provider: &ProviderId, refresh: &Secret, scopes: &[String]) -> Exchanged;

    /// The same, with what is to be called before the first byte may leave. Whoever calls it as late as that leaves less in
    /// doubt when it dies; what knows nothing of it is taken to send at once.
    fn refresh_noting(
        &self,
        provider: &ProviderId,
        refresh: &Secret,
        scopes: &[String],
        sending: &Sending,
    ) -> Exchanged {
        if sending.may_begin() {
            self.refresh(provider, refresh, scopes)
        } else {
            Exchanged::NotConsumed { retry_after_ms: Some(0) }
        }
    }

    /// Where it would send a grant's secrets for this provider; none if that isn't decided by a row.
    fn reach(&self, _provider: &ProviderId) -> Option<Reach> {
        None
    }

    /// Who asks it in a process of its own, which outlives this one; none if this process does.
    fn delegate(&self) -> Option<&dyn Delegate> {
        None
    }

    /// Asks for something to show to the person (RFC 8628, 3.1, or an authorization URL).
    fn prompt(&self, provider: &ProviderId, kind: FlowKind) -> Prompting;

    /// Asks once whether the person has agreed.
    fn poll(&self, provider: &ProviderId, prompt: &Prompt) -> Polled;

    /// Exchanges the code that a poll gave.
    fn exchange(&self, provider: &ProviderId, code: &Code) -> CodeExchanged;

    /// Revokes a token (RFC 7009).
    fn revoke(&self, provider: &ProviderId, token: &Secret) -> Revoked;
}

/// What came of asking for a prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum Prompting {
    /// Show this.
    Prompt {
        /// What to show and to poll with.
        prompt: Prompt,
        /// The code's lifetime in milliseconds.
        expires_in_ms: u64,
    },
    /// It failed for this reason.
    Failed(Failure),
}

/// What a poll brought.
#[derive(Clone, Debug, PartialEq)]
pub enum Polled {
    /// Not yet.
    Pending,
    /// Not yet, and ask less often.
    SlowDown,
    /// A code to exchange.
    Code(Code),
    /// The tokens, without another exchange.
    Granted(Fresh),
    /// Another tool has logged in.
    Linked {
        /// The link to store.
        material: Material,
        /// Which tool.
        source: Source,
    },
    /// The person's time is up.
    Expired,
    /// It failed for this reason.
    Failed(Failure),
}

/// What came of exchanging a code.
#[derive(Clone, Debug, PartialEq)]
pub enum CodeExchanged {
    /// The tokens.
    Granted(Fresh),
    /// It failed for this reason.
    Failed(Failure),
}

/// What came of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// The issuer confirmed it.
    Yes,
    /// It was tried and failed.
    No,
    /// The issuer has no revocation.
    Unsupported,
}
