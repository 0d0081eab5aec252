//! What an answer to a refresh token means: the table on which it depends whether a login lives.
//!
//! | answer | meaning |
//! |---|---|
//! | nothing was sent: no name, no route, refused, no TLS, a certificate of another host or time, a proxy's no | unreached: not consumed, and told by what stood between |
//! | nothing was sent: a certificate that nobody who is trusted vouches for | untrusted: not consumed, and told as this |
//! | sent, and no answer: time-out, reset, closed | unknown |
//! | 2xx with tokens | granted |
//! | 2xx with a token that is too long to be kept | rejected: what was presented is spent, and nothing came for it |
//! | 2xx without (malformed, HTML, cut off, too large) | unknown |
//! | 2xx or 4xx with an error that condemns the token | rejected |
//! | 429; 503 with `Retry-After` or `temporarily_unavailable` | turned away: not consumed, and told by status and code |
//! | any other 4xx, except a bare 408, 409 or 499, which may come after the act | turned away |
//! | anything else: 3xx, 5xx, a bare 408, 409 or 499 | unknown |
//!
//! In doubt it is unknown: that costs a wait. Rejected costs the login, so it takes an error that speaks of these very
//! bytes; not consumed and turned away let them be presented again at once, so it takes an answer that no issuer gives after
//! the act.

use credlatch_core::flow::Failure;
use credlatch_core::port::CodeExchanged;
use credlatch_core::rotation::{Exchanged, TurnedAway};
use credlatch_core::secret::Secret;

use super::http::{HttpResponse, Reply};
use super::{answer, description};
use crate::login_codes::{self, UNTRUSTED};

/// The errors that condemn the token that was presented: RFC 6749 and 6750, OpenAI's and GitHub's words for the same.
const CONDEMNING: [&str; 11] = [
    "invalid_grant",
    "invalid_token",
    "invalid_refresh_token",
    "bad_refresh_token",
    "token_expired",
    "token_invalidated",
    "token_revoked",
    "refresh_token_expired",
    "refresh_token_invalidated",
    "refresh_token_reused",
    "refresh_token_revoked",
];

/// The code of a grant that can't be kept.
const TOO_LONG: &str = "granted_token_too_long";

/// What came of presenting this refresh token.
pub(super) fn refreshed(reply: &Reply, presented: &Secret, client: Option<&str>) -> Exchanged {
    let sent = &sent(&[presented.expose_secret()], client);
    let answer = match reply {
        Reply::NotSent(None) => return Exchanged::NotConsumed { retry_after_ms: None },
        Reply::NotSent(Some(unreached)) => return Exchanged::Unreached(unreached.clone()),
        Reply::Untrusted => return Exchanged::Untrusted,
        Reply::NoResponse => return Exchanged::Unknown,
        Reply::Response(answer) => answer,
    };
    let turned_away = |code: Option<&str>| Exchanged::TurnedAway {
        answer: TurnedAway {
            status: answer.status,
            code: code.filter(|code| !is_echo(code, presented)).map(str::to_owned),
            description: answer.description(sent),
        },
        retry_after_ms: answer.retry_after_ms,
    };
    if let Some(fresh) = answer.tokens().filter(|_| answer.is_success()) {
        return Exchanged::Granted(fresh);
    }
    if answer.is_success() && answer.body.as_deref().is_some_and(|body| answer::is_too_long(body)) {
        return Exchanged::Rejected { code: TOO_LONG.to_owned() };
    }
    match (answer.status, answer.error_code().as_deref()) {
        (429, code) => turned_away(code),
        (200..=299 | 400..=499, Some(code)) if CONDEMNING.contains(&code) => {
            Exchanged::Rejected { code: code.to_owned() }
        }
        (503, code) if answer.retry_after_ms.is_some() || code == Some("temporarily_unavailable") => turned_away(code),
        (408 | 409 | 499, None) => Exchanged::Unknown,
        (400..=499, code) => turned_away(code),
        _ => Exchanged::Unknown,
    }
}

/// Shorter than this a token may stand in a code by chance; no issuer gives any that short.
const LEAST_ECHO: usize = 8;

/// Whether a code is part of what was presented, or holds it: a server that gives back what it was sent gave no code.
fn is_echo(code: &str, presented: &Secret) -> bool {
    let presented = presented.expose_secret();
    presented.contains(code) || (presented.len() >= LEAST_ECHO && code.contains(presented))
}

/// What came of exchanging an authorization code. A code is good for one try, so all that isn't tokens is a failure.
pub(super) fn exchanged(reply: &Reply, sent: &[&str]) -> CodeExchanged {
    match reply {
        Reply::Response(answer) if answer.is_success() => match answer.tokens() {
            Some(fresh) => CodeExchanged::Granted(fresh),
            None => CodeExchanged::Failed(unusable(answer, sent)),
        },
        other => CodeExchanged::Failed(failure(other, sent)),
    }
}

/// The secrets of a request: these, and what names the client.
pub(super) fn sent<'a>(secrets: &[&'a str], client: Option<&'a str>) -> Vec<&'a str> {
    secrets.iter().copied().chain(client).collect()
}

/// The short code of a success that can't be used.
pub(super) const UNUSABLE: &str = "unusable_answer";

/// Why a success brought nothing: the error that it names all the same, or that it can't be used.
pub(super) fn unusable(answer: &HttpResponse, sent: &[&str]) -> Failure {
    let code = answer.error_code();
    Failure {
        description: code.as_ref().and_then(|_| answer.description(sent)),
        code: code.unwrap_or_else(|| UNUSABLE.to_owned()),
    }
}

/// A short code for a request that brought nothing, and what the issuer says of that. These secrets were sent.
pub(super) fn failure(reply: &Reply, sent: &[&str]) -> Failure {
    match reply {
        Reply::NotSent(why) => why.as_ref().map_or(login_codes::UNREACHABLE, login_codes::unreached).into(),
        Reply::Untrusted => UNTRUSTED.into(),
        Reply::NoResponse => "no_answer".into(),
        Reply::Response(answer) => Failure {
            code: answer.error_code().unwrap_or_else(|| format!("http_{}", answer.status)),
            description: answer.description(sent),
        },
    }
}

impl HttpResponse {
    /// Whether the request succeeded.
    pub(super) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// The error code, if the body has one.
    pub(super) fn error_code(&self) -> Option<String> {
        answer::error_code(self.body.as_deref()?)
    }

    /// What the issuer says of an error in its own words, unless it repeats what was sent.
    fn description(&self, sent: &[&str]) -> Option<String> {
        description::kept(&answer::description(self.body.as_deref()?)?, sent)
    }

    /// Whether it speaks OAuth. A challenge page, a captive portal, a redirect and what was cut off don't.
    pub(super) fn is_oauth(&self) -> bool {
        self.body.as_deref().is_some_and(|body| answer::is_answer(body))
    }

    fn tokens(&self) -> Option<credlatch_core::rotation::Fresh> {
        answer::tokens(self.body.as_deref()?)
    }
}

#[cfg(test)]
mod tests;
