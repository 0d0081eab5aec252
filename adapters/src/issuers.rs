//! Why an issuer could not be asked, or gave nothing, in words, and what to do: the same for a token, a rotation and doctor.

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::Health;
use credlatch_core::provider::{Provider, endpoint};
use credlatch_core::rotation::TurnedAway;
use credlatch_core::time::Deadline;

use crate::commands::rotate_now;
use crate::error::clock_time;

#[cfg(feature = "oauth")]
use crate::oauth::{proxy::trouble as bad_proxy, roots::trouble as bad_roots};

/// The short code of a login whose issuer showed a certificate that is not trusted.
pub(crate) const UNTRUSTED: &str = "untrusted_certificate";

/// Why no refresh token of a provider can be presented.
pub(crate) const NO_ISSUER: &str = if cfg!(feature = "oauth") {
    "its provider's row names no token endpoint"
} else {
    "this build was made without the `oauth` feature"
};

/// Why the last try to get new tokens came to nothing.
pub(crate) struct Trouble {
    /// What happened, as a sentence of its own.
    pub(crate) what: String,
    /// What helps, unless that is time alone.
    pub(crate) remedy: Option<String>,
}

impl Trouble {
    /// What is kept of the last try beside the entry, if it was more than that nobody answered.
    pub(crate) fn of(provider: Option<&Provider>, health: &Health) -> Option<Self> {
        let turned_away = health.turned_away.as_ref().map(|answer| Self::turned_away(provider, answer));
        turned_away.or_else(|| health.untrusted.then(|| Self { what: distrust(provider), remedy: Some(trust()) }))
    }

    /// The issuer answered, and turned the request away.
    pub(crate) fn turned_away(provider: Option<&Provider>, answer: &TurnedAway) -> Self {
        let endpoint = provider.and_then(token_endpoint).and_then(|url| endpoint(url).ok());
        let issuer = endpoint.map_or("its issuer", |url| url.origin);
        if answer.passes() {
            return Self { what: format!("{issuer} asked to be left alone (HTTP {answer})"), remedy: None };
        }
        let remedy = match (answer.status, answer.code.as_deref()) {
            (_, Some("invalid_client" | "unauthorized_client")) => format!("look at `client_id` in {ROW}"),
            (404 | 405 | 410, _) | (_, Some("invalid_request" | "unsupported_grant_type")) => {
                format!("look at `token_endpoint` in {ROW}")
            }
            (_, Some(_)) => format!("look at `client_id` and `token_endpoint` in {ROW}"),
            (_, None) => format!(
                "that is no answer of OAuth, and may be a firewall's, a proxy's or a challenge page: try from another network, \
                 or look at `token_endpoint` in {ROW}"
            ),
        };
        Self { what: format!("{issuer} answered HTTP {answer}"), remedy: Some(remedy) }
    }

    /// What to do about it: what helps, and when the next try is made by itself, if that isn't at once.
    pub(crate) fn remedy(this: Option<&Self>, provider: &ProviderId, label: &Label, next: Option<&Deadline>) -> String {
        let (next, now) = (next.map(clock_time), rotate_now(provider, label));
        match (this.and_then(|trouble| trouble.remedy.as_deref()), next) {
            (Some(remedy), Some(next)) => {
                format!("{remedy}; then try again: {now}, or wait: the next try is made at {next} or later")
            }
            (Some(remedy), None) => format!("{remedy}; then try again: {now}"),
            (None, Some(next)) => format!("the next try is made at {next} or later; to ask all the same: {now}"),
            (None, None) => format!("try again: {now}"),
        }
    }
}

/// What helps after a login that ended with this short code, if starting again alone doesn't.
pub(crate) fn after_login(code: &str) -> Option<String> {
    match code {
        "invalid_client" | "unauthorized_client" => Some(format!("look at `client_id` in {ROW}")),
        "invalid_request" | "unsupported_grant_type" | "invalid_scope" | "http_404" | "http_405" | "http_410" => {
            Some(format!("look at the endpoints and the scope in {ROW}"))
        }
        "http_400" | "http_401" | "http_403" => {
            Some(format!("that was no answer of OAuth: try from another network, or look at the endpoints in {ROW}"))
        }
        _ => None,
    }
}

/// Where a person finds what a provider's row says.
const ROW: &str = "the provider's row (`credlatch providers --json` shows it, a provider file changes it)";

/// That an issuer's certificate is not trusted.
pub(crate) fn distrust(provider: Option<&Provider>) -> String {
    let host =
        provider.and_then(token_endpoint).and_then(|url| endpoint(url).ok()).map_or("its issuer", |url| url.host);
    format!("the certificate of {host} is not trusted here, and nothing was sent to it")
}

/// What to do about a certificate that is not trusted.
pub(crate) fn trust() -> String {
    bad_roots().map_or_else(
        || {
            "if that is your company's proxy, add its authority to this machine's certificates or name its file in \
             SSL_CERT_FILE (which then counts alone); else look at the clock, and at who stands between"
                .to_owned()
        },
        |why| format!("{why}: mend that, or unset the variable, which counts in place of this machine's certificates"),
    )
}

/// What in the environment keeps this provider's issuer from being asked, for the end of a message.
pub(crate) fn hindrance(provider: &Provider) -> String {
    let url = token_endpoint(provider).and_then(|url| endpoint(url).ok());
    let goes_out = url.is_some_and(|url| !url.is_loopback());
    bad_proxy().filter(|_| goes_out).map(|why| format!("; {why}")).unwrap_or_default()
}

fn token_endpoint(provider: &Provider) -> Option<&str> {
    provider.oauth.as_ref()?.token_endpoint.as_deref()
}

/// Without issuers of ours nothing in the environment counts.
#[cfg(not(feature = "oauth"))]
fn bad_proxy() -> Option<String> {
    None
}

#[cfg(not(feature = "oauth"))]
use bad_proxy as bad_roots;
