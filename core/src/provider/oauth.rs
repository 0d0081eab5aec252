//! How a provider's tokens are obtained, renewed and revoked.

use serde::{Deserialize, Serialize};

use super::Url;
use crate::state::flow::FlowKind;
use crate::state::times::Times;

/// How a provider's tokens are obtained, renewed and revoked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OAuth {
    /// How a person signs in. Absent: not from here, but a grant that was imported can still be renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Dialect>,
    /// Where a device code is requested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_authorization_endpoint: Option<String>,
    /// Where a browser is sent in a loopback flow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_endpoint: Option<String>,
    /// Where codes and refresh tokens are exchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint: Option<String>,
    /// Where a token is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
    /// URLs whose hosts earlier versions of this row named as token or revocation endpoints: a login that came from one may
    /// be renewed where the row points now. It counts in rows that ship, and in no file of a user.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_origins: Vec<String>,
    /// The public client id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The scopes to ask for, separated by spaces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// How long before its expiry a token is renewed.
    #[serde(default = "default_skew")]
    pub refresh_skew_secs: u64,
    /// How long one request may take.
    #[serde(default = "default_timeout")]
    pub http_timeout_secs: u64,
    /// For how long the issuer takes a refresh token that it has already replaced.
    #[serde(default)]
    pub grace_secs: u64,
}

/// The ways to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// RFC 8628: a code is shown, the person confirms it on another page, we poll.
    Device,
    /// OpenAI's own device dialect.
    CodexDevice,
    /// Claude Code signs in; we wait for its file and read it.
    ClaudeLink,
    /// A browser comes back to a port of this machine.
    Loopback,
}

fn default_skew() -> u64 {
    120
}

fn default_timeout() -> u64 {
    15
}

impl Dialect {
    /// Which kind of flow it makes.
    pub fn flow_kind(self) -> FlowKind {
        match self {
            Self::Device | Self::CodexDevice => FlowKind::Device,
            Self::ClaudeLink => FlowKind::Link,
            Self::Loopback => FlowKind::Loopback,
        }
    }
}

impl OAuth {
    /// The row's times as a rotation takes them.
    pub fn times(&self) -> Times {
        Times {
            skew_ms: self.refresh_skew_secs.saturating_mul(1000),
            http_timeout_ms: self.http_timeout_secs.saturating_mul(1000),
            grace_ms: self.grace_secs.saturating_mul(1000),
        }
    }

    /// Where the Codex dialect asks whether the person has confirmed: beside the device endpoint.
    pub fn codex_poll_endpoint(&self) -> Option<String> {
        let (parent, _) = self.device_authorization_endpoint.as_deref()?.rsplit_once('/')?;
        Some(format!("{parent}/token"))
    }

    /// The redirect URI that the Codex dialect names in its exchange; nothing listens there.
    pub fn codex_redirect_uri(&self) -> Option<String> {
        self.device_origin().map(|origin| format!("{origin}/deviceauth/callback"))
    }

    /// The page on which the person types the code of the Codex dialect.
    pub fn codex_verification_uri(&self) -> Option<String> {
        self.device_origin().map(|origin| format!("{origin}/codex/device"))
    }

    fn device_origin(&self) -> Option<&str> {
        self.device_authorization_endpoint.as_deref().and_then(Url::parse).map(|url| url.origin)
    }
}
