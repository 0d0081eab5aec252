//! Why an issuer could not be asked, or gave nothing, in words, and what to do: the same for a token, a rotation and doctor.

use credlatch_core::name::{Label, ProviderId};
use credlatch_core::pool::EntryHealth;
use credlatch_core::provider::{Provider, endpoint};
use credlatch_core::rotation::{Obstacle, TurnedAway, Unreached};
use credlatch_core::time::Deadline;

use super::{Error, ErrorKind, clock_time};
use crate::commands::rotate_now;
use crate::login_codes;

#[cfg(feature = "oauth")]
use crate::oauth::{proxy::named_by_the_environment as named_proxy, roots::problem as bad_roots};

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
    /// What a program should do: what somebody set wrong is not mended by another try.
    pub(crate) kind: ErrorKind,
}

impl Trouble {
    /// What is kept of the last try beside the entry, if it was more than that nobody answered.
    pub(crate) fn from_health(provider: Option<&Provider>, health: &EntryHealth) -> Option<Self> {
        let turned_away = health.turned_away.as_ref().map(|answer| Self::turned_away(provider, answer));
        let unreached = || health.unreached.as_ref().map(Self::unreached);
        let untrusted = || health.untrusted.then(|| Self::passing(distrust(provider), Some(trust())));
        turned_away.or_else(unreached).or_else(untrusted)
    }

    fn passing(what: String, remedy: Option<String>) -> Self {
        Self { what, remedy, kind: ErrorKind::Unreachable }
    }

    /// The issuer answered, and turned the request away.
    pub(crate) fn turned_away(provider: Option<&Provider>, answer: &TurnedAway) -> Self {
        let endpoint = provider.and_then(token_endpoint).and_then(|url| endpoint(url).ok());
        let issuer = endpoint.map_or("its issuer", |url| url.origin);
        let said = said(answer.description.as_deref());
        if answer.passes() {
            return Self::passing(format!("{issuer} asked to be left alone (HTTP {answer}){said}"), None);
        }
        if answer.code.as_deref().is_some_and(|code| ASKS_FOR_A_PERSON.contains(&code)) {
            let what = format!("{issuer} wants a person to sign in (HTTP {answer}){said}");
            let remedy =
                provider.map_or_else(String::new, |row| format!("sign in again: `credlatch login {}`", row.id));
            return Self { what, remedy: Some(remedy), kind: ErrorKind::SignIn };
        }
        let (kind, remedy) = match (answer.status, answer.code.as_deref()) {
            (_, Some("invalid_client" | "unauthorized_client")) => {
                (ErrorKind::Usage, format!("look at `client_id` in {ROW}"))
            }
            (404 | 405 | 410, _) | (_, Some("invalid_request" | "unsupported_grant_type")) => {
                (ErrorKind::Usage, format!("look at `token_endpoint` in {ROW}"))
            }
            (_, Some(_)) => (ErrorKind::Unreachable, format!("look at `client_id` and `token_endpoint` in {ROW}")),
            (_, None) => (
                ErrorKind::Unreachable,
                format!(
                    "that is no answer of OAuth, and may be a firewall's, a proxy's or a challenge page: try from another \
                     network, or look at `token_endpoint` in {ROW}"
                ),
            ),
        };
        Self { what: format!("{issuer} answered HTTP {answer}{said}"), remedy: Some(remedy), kind }
    }

    /// Nothing was sent to the issuer, because this stood between.
    pub(crate) fn unreached(unreached: &Unreached) -> Self {
        let (what, remedy) = hindrance(unreached);
        let kind = if unreached.passes() { ErrorKind::Unreachable } else { ErrorKind::Usage };
        Self { what, remedy: Some(remedy.to_owned()), kind }
    }

    /// The error of whoever wanted a token, with the time of the next try if that is for time to mend.
    pub(crate) fn error(&self, what: &str, provider: &ProviderId, label: &Label, next: Option<&Deadline>) -> Error {
        let what = format!("{what}: {}", self.what);
        let error = Error::new(self.kind, what, Self::remedy(Some(self), provider, label, next));
        next.filter(|_| self.kind == ErrorKind::Unreachable).into_iter().fold(error, Error::until)
    }

    /// What to do about it: what helps, and when the next try may be made, if that isn't at once.
    pub(crate) fn remedy(this: Option<&Self>, provider: &ProviderId, label: &Label, next: Option<&Deadline>) -> String {
        let kind = this.map_or(ErrorKind::Unreachable, |trouble| trouble.kind);
        let (next, now) = (next.map(clock_time), rotate_now(provider, label));
        let next = next.filter(|_| kind == ErrorKind::Unreachable);
        match (this.and_then(|trouble| trouble.remedy.as_deref()), next) {
            (Some(remedy), _) if kind == ErrorKind::SignIn => remedy.to_owned(),
            (Some(remedy), Some(next)) => {
                format!("{remedy}; then try again: {now}; else the next try may be made at {next} or later")
            }
            (Some(remedy), None) => format!("{remedy}; then try again: {now}"),
            (None, Some(next)) => format!("the next try may be made at {next} or later; to ask all the same: {now}"),
            (None, None) => format!("try again: {now}"),
        }
    }
}

/// What an issuer says of an error in its own words, after what is said of it here.
pub(crate) fn said(description: Option<&str>) -> String {
    description.map_or_else(String::new, |said| format!(", and says \"{said}\""))
}

/// The errors that a person mends at the issuer's own pages (OpenID Connect Core, 3.1.2.6): a new login leads there.
const ASKS_FOR_A_PERSON: [&str; 5] =
    ["interaction_required", "login_required", "consent_required", "account_selection_required", "mfa_required"];

/// What stood between this machine and an issuer, and what helps.
fn hindrance(unreached: &Unreached) -> (String, &'static str) {
    let Unreached { obstacle, host, variable } = unreached;
    let (network, proxy) = ("look at the network", "look at that variable, and at the proxy");
    let Some(variable) = variable else {
        return match obstacle {
            Obstacle::NoAddress => (
                format!("no address was found for {host}"),
                "look at the network and its name servers, and at the name",
            ),
            Obstacle::NoConnection => (format!("{host} takes no connection"), network),
            Obstacle::CertificateTime => (
                format!("the certificate of {host} has ended, or is not valid yet, and nothing was sent to it"),
                "look at this machine's clock; if that is right, the issuer has to renew its certificate",
            ),
            Obstacle::CertificateName => (
                format!("what answers for {host} shows the certificate of another host, and nothing was sent to it"),
                "look at the host in the provider's row, and at who stands between, such as a proxy or a captive portal",
            ),
            Obstacle::NoTls => (
                format!("what answers for {host} does not speak TLS, and nothing was sent to it"),
                "look at the address in the provider's row, and at who stands between, such as a proxy or a captive portal",
            ),
            _ => (format!("nothing could be sent to {host}"), network),
        };
    };
    match obstacle {
        Obstacle::BadProxy => (
            format!("{variable} is set and holds no address of a proxy, so nothing was sent"),
            "mend or unset that variable",
        ),
        Obstacle::Password => (
            format!("the proxy {host}, which {variable} names, wants a user name and a password, or other ones"),
            "write them into that variable: http://USER:PASSWORD@HOST:PORT",
        ),
        Obstacle::NoAddress => (format!("no address was found for the proxy {host}, which {variable} names"), proxy),
        Obstacle::NoConnection => (format!("the proxy {host}, which {variable} names, takes no connection"), proxy),
        Obstacle::NoTunnel => (
            format!("the proxy {host}, which {variable} names, made no connection to the issuer"),
            "ask who runs the proxy, or name the issuer's host in NO_PROXY",
        ),
        _ => (format!("nothing could be sent through the proxy {host}, which {variable} names"), proxy),
    }
}

/// Why a login that ended with this short code could not be begun, if nothing was sent. A flow keeps the code alone; the
/// proxy is the one that the environment names now.
pub(crate) fn unreached_login(provider: &Provider, code: &str) -> Option<Trouble> {
    let (obstacle, is_proxy) = login_codes::obstacle(code)?;
    let oauth = provider.oauth.as_ref()?;
    let asked = oauth.device_authorization_endpoint.as_deref().or(oauth.token_endpoint.as_deref())?;
    let issuer = || endpoint(asked).map_or_else(|_| "its issuer".to_owned(), |url| url.host.to_owned());
    let named = is_proxy.then(named_proxy).flatten();
    let (host, variable) = match named {
        Some((host, variable)) => (host, Some(variable.to_owned())),
        None => (issuer(), is_proxy.then(|| "the environment".to_owned())),
    };
    Some(Trouble::unreached(&Unreached { obstacle, host, variable }))
}

/// What helps after a login that ended with this short code, if starting again alone doesn't; and what a program should do.
pub(crate) fn after_login(code: &str) -> Option<(ErrorKind, String)> {
    match code {
        "invalid_client" | "unauthorized_client" => Some((ErrorKind::Usage, format!("look at `client_id` in {ROW}"))),
        "invalid_request" | "unsupported_grant_type" | "invalid_scope" | "http_404" | "http_405" | "http_410" => {
            Some((ErrorKind::Usage, format!("look at the endpoints and the scope in {ROW}")))
        }
        "http_400" | "http_401" | "http_403" => Some((
            ErrorKind::Unreachable,
            format!("that was no answer of OAuth: try from another network, or look at the endpoints in {ROW}"),
        )),
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

fn token_endpoint(provider: &Provider) -> Option<&str> {
    provider.oauth.as_ref()?.token_endpoint.as_deref()
}

/// Without issuers of ours nothing in the environment counts.
#[cfg(not(feature = "oauth"))]
fn named_proxy() -> Option<(String, &'static str)> {
    None
}

#[cfg(not(feature = "oauth"))]
fn bad_roots() -> Option<String> {
    None
}
