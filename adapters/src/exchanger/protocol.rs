//! What a process is asked on its standard input, and what it says of it at its end: a line of JSON each.

use credlatch_core::engine::RotationRequest;
use credlatch_core::flow::Step;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::{Code, Part};
use credlatch_core::rotation::{Cause, Exchanged};
use credlatch_core::secret::{Secret, stored, stored_option};
use credlatch_core::state::Nonce;
use serde::{Deserialize, Serialize};

/// What is to be done.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "act")]
pub(crate) enum ExchangeRequest {
    /// Renew an entry's token.
    Rotate { provider: ProviderId, label: Label, version: u64, cause: Cause },
    /// Poll until a flow ends, in the place of its holder.
    Poll { provider: ProviderId, flow: Nonce, attempt: Nonce },
    /// Exchange a code in the place of the flow's holder.
    Exchange {
        provider: ProviderId,
        flow: Nonce,
        attempt: Nonce,
        #[serde(with = "stored")]
        code: Secret,
        #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
        verifier: Option<Secret>,
        redirect_uri: String,
    },
}

/// What came of it.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "end")]
pub(crate) enum ExchangeResult {
    /// The new tokens are stored under this version.
    Granted { version: u64 },
    /// The polling is in this process's hands.
    Began,
    /// The issuer granted nothing.
    Failed { outcome: Exchanged },
    /// Look at the store.
    Ended,
    /// The store can't be used by this process, and nothing was done.
    Trouble,
}

impl ExchangeRequest {
    pub(crate) fn rotation(request: &RotationRequest) -> Self {
        let (provider, label) = (request.provider.clone(), request.label.clone());
        Self::Rotate { provider, label, version: request.version, cause: request.cause }
    }

    pub(crate) fn login(step: &Step, part: Part<'_>) -> Self {
        let (provider, flow, attempt) = (step.provider.clone(), step.flow, step.attempt);
        match part {
            Part::Poll => Self::Poll { provider, flow, attempt },
            Part::Exchange(Code { code, verifier, redirect_uri }) => {
                let (code, verifier, redirect_uri) = (code.clone(), verifier.clone(), redirect_uri.clone());
                Self::Exchange { provider, flow, attempt, code, verifier, redirect_uri }
            }
        }
    }
}
