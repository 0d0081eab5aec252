//! Authorization servers over HTTP: logins, rotation and revocation, as rows of the provider table describe them.
//!
//! The messages are plain serde structs. A client library would hide what rotation turns on: whether the request was sent
//! at all, the status beside the error, `Retry-After`, an answer that is there but can't be read. `classify` is the
//! table that makes an outcome of those.

mod answer;
mod classify;
mod codex;
mod connect;
mod description;
mod device;
mod http;
mod loopback;
mod names;
mod no_proxy;
mod obstacle;
mod pkce;
pub(crate) mod proxy;
pub(crate) mod roots;
mod socks;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use credlatch_core::flow::{FlowKind, Prompt};
use credlatch_core::name::ProviderId;
use credlatch_core::origin::Reach;
use credlatch_core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked, Sending};
use credlatch_core::provider::{Dialect, OAuth, Provider, Table};
use credlatch_core::rotation::{Exchanged, Fresh};
use credlatch_core::secret::Secret;
use serde_json::json;
use zeroize::Zeroizing;

use http::{Post, Reply, form, post};

/// Seconds between two looks for another tool's login.
const LINK_INTERVAL_SECS: u64 = 5;
/// How long another tool's login is waited for, in milliseconds.
const LINK_LIFETIME_MS: u64 = 900_000;

/// Looks once whether another tool has logged in to this provider: [`Polled::Linked`] if so, [`Polled::Pending`] if not
/// yet. It only reads.
pub type LinkReader = dyn Fn(&ProviderId) -> Polled + Send + Sync;

/// Whether a person agreed to the hosts that a row of a provider file names.
pub type Agreement = dyn Fn(&Provider) -> bool + Send + Sync;

/// The authorization servers of a provider table.
///
/// Nothing is resolved, opened or built before the first request. Requests go to the endpoints of the provider's row and
/// nowhere else: encrypted or to this machine, without following redirects, and through the proxy that the environment
/// names (`ALL_PROXY`, `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`) only as a tunnel.
pub struct HttpIssuer {
    table: Arc<Table>,
    links: Option<Box<LinkReader>>,
    accepts: Option<Box<Agreement>>,
    waiting: loopback::Waiting,
}

impl HttpIssuer {
    /// The servers of these rows.
    pub fn new(table: impl Into<Arc<Table>>) -> Self {
        Self { table: table.into(), links: None, accepts: None, waiting: loopback::Waiting::default() }
    }

    /// With what looks for another tool's login; without it, such flows fail with `unsupported`.
    #[must_use]
    pub fn with_links(mut self, reader: impl Fn(&ProviderId) -> Polled + Send + Sync + 'static) -> Self {
        self.links = Some(Box::new(reader));
        self
    }

    /// With what knows to which rows of a provider file a person agreed; without it, no login is sent elsewhere than it came
    /// from.
    #[must_use]
    pub fn accepting(mut self, is_accepted: impl Fn(&Provider) -> bool + Send + Sync + 'static) -> Self {
        self.accepts = Some(Box::new(is_accepted));
        self
    }

    fn row(&self, provider: &ProviderId) -> Option<&OAuth> {
        self.table.get(provider)?.oauth.as_ref()
    }
}

impl fmt::Debug for HttpIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpIssuer").finish_non_exhaustive()
    }
}

impl Issuer for HttpIssuer {
    fn can_refresh(&self, provider: &ProviderId) -> bool {
        self.row(provider).is_some_and(|row| row.token_endpoint.is_some())
    }

    fn reach(&self, provider: &ProviderId) -> Option<Reach> {
        self.table.reach(provider, |row| self.accepts.as_ref().is_some_and(|is_accepted| is_accepted(row)))
    }

    /// Asks for no scope: left out, it means the scope that was granted (RFC 6749, 6), and naming it fails where an issuer
    /// has renamed one since.
    fn refresh(&self, provider: &ProviderId, refresh: &Secret, _scopes: &[String]) -> Exchanged {
        let Some(row) = self.row(provider) else { return Exchanged::NotConsumed { retry_after_ms: None } };
        classify::refreshed(
            &ask(row, row.token_endpoint.as_deref(), &refreshing(refresh)),
            refresh,
            row.client_id.as_deref(),
        )
    }

    fn refresh_noting(
        &self,
        provider: &ProviderId,
        refresh: &Secret,
        _scopes: &[String],
        sending: &Sending,
    ) -> Exchanged {
        let Some(row) = self.row(provider) else { return Exchanged::NotConsumed { retry_after_ms: None } };
        let reply = ask_noting(row, row.token_endpoint.as_deref(), &refreshing(refresh), Some(sending));
        classify::refreshed(&reply, refresh, row.client_id.as_deref())
    }

    fn prompt(&self, provider: &ProviderId, kind: FlowKind) -> Prompting {
        let row = self.row(provider);
        let dialect = row.and_then(|row| row.flow).filter(|dialect| dialect.flow_kind() == kind);
        match (row, dialect) {
            (Some(row), Some(Dialect::Device)) => {
                let scope = row.scope.as_deref().map(|scope| ("scope", scope));
                let fields: Vec<_> = scope.into_iter().collect();
                let reply = ask(row, row.device_authorization_endpoint.as_deref(), &fields);
                device::prompted(&reply, row.client_id.as_deref())
            }
            (Some(row), Some(Dialect::CodexDevice)) => {
                let body = json!({"client_id": row.client_id}).to_string();
                codex::prompted(&ask_json(row, row.device_authorization_endpoint.as_deref(), body), row)
            }
            (Some(row), Some(Dialect::Loopback)) => self.waiting.prompt(row),
            (Some(_), Some(Dialect::ClaudeLink)) if self.links.is_some() => wait_for_link(),
            _ => Prompting::Failed("unsupported".into()),
        }
    }

    fn poll(&self, provider: &ProviderId, prompt: &Prompt) -> Polled {
        let Some((row, dialect)) = self.row(provider).and_then(|row| Some((row, row.flow?))) else {
            return Polled::Failed("unsupported".into());
        };
        match (dialect, &prompt.device_code) {
            (Dialect::Device, Some(code)) => {
                let fields = [("grant_type", device::GRANT), ("device_code", code.expose_secret())];
                let sent = classify::sent(&[code.expose_secret()], row.client_id.as_deref());
                let polled = device::polled(&ask(row, row.token_endpoint.as_deref(), &fields), &sent);
                if let Polled::Granted(fresh) = polled { Polled::Granted(in_scope(fresh, row)) } else { polled }
            }
            (Dialect::CodexDevice, Some(id)) => {
                let body = json!({"device_auth_id": id.expose_secret(), "user_code": prompt.user_code}).to_string();
                let sent = classify::sent(&[id.expose_secret(), &prompt.user_code], row.client_id.as_deref());
                codex::polled(&ask_json(row, row.codex_poll_endpoint().as_deref(), body), row, &sent)
            }
            (Dialect::Loopback, _) => self.waiting.poll(prompt),
            (Dialect::ClaudeLink, _) => {
                self.links.as_ref().map_or_else(|| Polled::Failed("unsupported".into()), |look| look(provider))
            }
            (Dialect::Device | Dialect::CodexDevice, None) => Polled::Failed("unsupported".into()),
        }
    }

    fn exchange(&self, provider: &ProviderId, code: &Code) -> CodeExchanged {
        let Some(row) = self.row(provider) else { return CodeExchanged::Failed("unsupported".into()) };
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", code.code.expose_secret()),
            ("redirect_uri", &code.redirect_uri),
        ];
        fields.extend(code.verifier.as_ref().map(|verifier| ("code_verifier", verifier.expose_secret())));
        let secrets = [Some(&code.code), code.verifier.as_ref()];
        let secrets: Vec<_> = secrets.into_iter().flatten().map(Secret::expose_secret).collect();
        let sent = classify::sent(&secrets, row.client_id.as_deref());
        match classify::exchanged(&ask(row, row.token_endpoint.as_deref(), &fields), &sent) {
            CodeExchanged::Granted(fresh) => CodeExchanged::Granted(in_scope(fresh, row)),
            failed @ CodeExchanged::Failed(_) => failed,
        }
    }

    fn revoke(&self, provider: &ProviderId, token: &Secret) -> Revoked {
        let Some((row, url)) = self.row(provider).and_then(|row| Some((row, row.revocation_endpoint.as_deref()?)))
        else {
            return Revoked::Unsupported;
        };
        match ask(row, Some(url), &[("token", token.expose_secret())]) {
            Reply::Response(answer) if answer.is_success() => Revoked::Yes,
            Reply::Response(answer) if answer.error_code().as_deref() == Some("unsupported_token_type") => {
                Revoked::Unsupported
            }
            _ => Revoked::No,
        }
    }
}

/// A first grant that names no scope has the one that was asked for (RFC 6749, 5.1).
fn in_scope(fresh: Fresh, row: &OAuth) -> Fresh {
    let asked = || row.scope.as_deref().map(|scope| scope.split_whitespace().map(str::to_owned).collect());
    Fresh { scopes: fresh.scopes.or_else(asked), ..fresh }
}

fn wait_for_link() -> Prompting {
    let prompt = Prompt {
        device_code: None,
        user_code: String::new(),
        verification_uri: String::new(),
        verification_uri_complete: None,
        interval_secs: LINK_INTERVAL_SECS,
    };
    Prompting::Prompt { prompt, expires_in_ms: LINK_LIFETIME_MS }
}

/// What a refresh asks with (RFC 6749, 6).
fn refreshing(refresh: &Secret) -> [(&'static str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", refresh.expose_secret())]
}

/// Posts a form, with the client's id.
fn ask(row: &OAuth, url: Option<&str>, fields: &[(&str, &str)]) -> Reply {
    ask_noting(row, url, fields, None)
}

fn ask_noting(row: &OAuth, url: Option<&str>, fields: &[(&str, &str)], sending: Option<&Sending>) -> Reply {
    let client = row.client_id.as_deref().map(|id| ("client_id", id));
    let fields: Vec<_> = fields.iter().copied().chain(client).collect();
    send(row, url, "application/x-www-form-urlencoded", form(&fields), sending)
}

fn ask_json(row: &OAuth, url: Option<&str>, body: String) -> Reply {
    send(row, url, "application/json", Zeroizing::new(body), None)
}

fn send(
    row: &OAuth,
    url: Option<&str>,
    content_type: &'static str,
    body: Zeroizing<String>,
    sending: Option<&Sending>,
) -> Reply {
    let Some(url) = url else { return Reply::NotSent(None) };
    post(&Post { url, content_type, body, timeout: Duration::from_secs(row.http_timeout_secs), sending })
}
