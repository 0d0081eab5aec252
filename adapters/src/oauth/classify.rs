//! What an answer to a refresh token means: the table on which it depends whether a login lives.
//!
//! | answer | meaning |
//! |---|---|
//! | nothing was sent: no name, no route, refused, no TLS, a proxy's no | not consumed |
//! | nothing was sent: a certificate that nobody who is trusted vouches for | untrusted: not consumed, and told as this |
//! | sent, and no answer: time-out, reset, closed | unknown |
//! | 2xx with tokens | granted |
//! | 2xx without (malformed, HTML, cut off, too large) | unknown |
//! | 2xx or 4xx with an error that condemns the token | rejected |
//! | 429; 503 with `Retry-After` or `temporarily_unavailable` | turned away: not consumed, and told by status and code |
//! | any other 4xx, except a bare 408, 409 or 499, which may come after the act | turned away |
//! | anything else: 3xx, 5xx, a bare 408, 409 or 499 | unknown |
//!
//! In doubt it is unknown: that costs a wait. Rejected costs the login, so it takes an error that speaks of these very
//! bytes; not consumed and turned away let them be presented again at once, so it takes an answer that no issuer gives after
//! the act.

use credlatch_core::port::CodeExchanged;
use credlatch_core::rotation::{Exchanged, TurnedAway};
use credlatch_core::secret::Secret;

use super::answer;
use super::http::{Answer, Reply};
use crate::issuers::UNTRUSTED;

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

/// What came of presenting this refresh token.
pub(super) fn refreshed(reply: &Reply, presented: &Secret) -> Exchanged {
    let answer = match reply {
        Reply::NotSent => return Exchanged::NotConsumed { retry_after_ms: None },
        Reply::Untrusted => return Exchanged::Untrusted,
        Reply::NoAnswer => return Exchanged::Unknown,
        Reply::Answer(answer) => answer,
    };
    let turned_away = |code: Option<&str>| Exchanged::TurnedAway {
        answer: TurnedAway {
            status: answer.status,
            code: code.filter(|code| !is_echo(code, presented)).map(str::to_owned),
        },
        retry_after_ms: answer.retry_after_ms,
    };
    if let Some(fresh) = answer.tokens().filter(|_| answer.is_success()) {
        return Exchanged::Granted(fresh);
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
pub(super) fn exchanged(reply: &Reply) -> CodeExchanged {
    match reply {
        Reply::Answer(answer) if answer.is_success() => match (answer.tokens(), answer.error_code()) {
            (Some(fresh), _) => CodeExchanged::Granted(fresh),
            (None, code) => CodeExchanged::Failed(code.unwrap_or_else(|| UNUSABLE.to_owned())),
        },
        other => CodeExchanged::Failed(failure(other)),
    }
}

/// The short code of a success that can't be used.
pub(super) const UNUSABLE: &str = "unusable_answer";

/// A short code for a request that brought nothing.
pub(super) fn failure(reply: &Reply) -> String {
    match reply {
        Reply::NotSent => "unreachable".to_owned(),
        Reply::Untrusted => UNTRUSTED.to_owned(),
        Reply::NoAnswer => "no_answer".to_owned(),
        Reply::Answer(answer) => answer.error_code().unwrap_or_else(|| format!("http_{}", answer.status)),
    }
}

impl Answer {
    /// Whether the request succeeded.
    pub(super) fn is_success(&self) -> bool {
        (200..=299).contains(&self.status)
    }

    /// The error code, if the body has one.
    pub(super) fn error_code(&self) -> Option<String> {
        answer::error_code(self.body.as_deref()?)
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
mod tests {
    use super::*;
    use credlatch_core::rotation::Fresh;
    use zeroize::Zeroizing;

    const GOOD: &str = r#"{"access_token":"at-1","refresh_token":"rt-2","token_type":"Bearer","expires_in":3600}"#;
    const HTML: &str = "<!doctype html><title>Sign in to this network</title>";

    fn answer(status: u16, body: &str) -> Reply {
        answer_with(status, None, body)
    }

    fn answer_with(status: u16, retry_after_ms: Option<u64>, body: &str) -> Reply {
        Reply::Answer(Answer { status, retry_after_ms, body: Some(Zeroizing::new(body.as_bytes().to_vec())) })
    }

    /// What came of presenting `rt-1`.
    fn refreshed(reply: &Reply) -> Exchanged {
        super::refreshed(reply, &Secret::try_from("rt-1").unwrap())
    }

    fn error(code: &str) -> String {
        format!(r#"{{"error":"{code}","error_description":"because"}}"#)
    }

    fn granted(body: &str) -> Fresh {
        match refreshed(&answer(200, body)) {
            Exchanged::Granted(fresh) => fresh,
            other => panic!("{body}: {other:?}"),
        }
    }

    fn turned_away(status: u16, code: Option<&str>, retry_after_ms: Option<u64>) -> Exchanged {
        Exchanged::TurnedAway { answer: TurnedAway { status, code: code.map(str::to_owned) }, retry_after_ms }
    }

    #[test]
    fn nothing_sent_is_not_consumed() {
        assert_eq!(refreshed(&Reply::NotSent), Exchanged::NotConsumed { retry_after_ms: None });
    }

    #[test]
    fn no_answer_is_unknown() {
        assert_eq!(refreshed(&Reply::NoAnswer), Exchanged::Unknown);
    }

    #[test]
    fn tokens_are_granted() {
        let fresh = granted(GOOD);
        assert_eq!(fresh.access.expose_secret(), "at-1");
        assert_eq!(fresh.refresh.as_ref().unwrap().expose_secret(), "rt-2");
        assert_eq!((fresh.expires_in_ms, &fresh.scopes), (Some(3_600_000), &None));
        assert!(matches!(refreshed(&answer(201, GOOD)), Exchanged::Granted(_)));
    }

    #[test]
    fn a_missing_or_empty_refresh_token_keeps_the_old_one() {
        for refresh in ["", r#","refresh_token":null"#, r#","refresh_token":"""#] {
            let fresh = granted(&format!(r#"{{"access_token":"at-1","token_type":"bearer"{refresh}}}"#));
            assert_eq!(fresh.refresh, None);
        }
    }

    #[test]
    fn a_changed_scope_is_what_was_granted() {
        for scope in [r#""read  admin""#, r#"["read","admin"]"#] {
            let fresh = granted(&format!(r#"{{"access_token":"at-1","scope":{scope}}}"#));
            assert_eq!(fresh.scopes, Some(vec!["read".to_owned(), "admin".to_owned()]));
        }
    }

    #[test]
    fn absurd_and_missing_lifetimes_are_granted_within_bounds() {
        for (given, ms) in [
            ("", None),
            (r#","expires_in":"60""#, Some(60_000)),
            (r#","expires_in":-1"#, Some(0)),
            (r#","expires_in":1e99"#, Some(315_360_000_000)),
            (r#","expires_in":[]"#, None),
        ] {
            let fresh = granted(&format!(r#"{{"access_token":"at-1"{given}}}"#));
            assert_eq!(fresh.expires_in_ms, ms, "{given}");
        }
    }

    #[test]
    fn a_token_type_spelled_otherwise_does_not_throw_a_granted_pair_away() {
        for kind in [r#""BEARER""#, r#"" bearer ""#, r#""Bearer token""#, r#""api""#, "\"\"", "null", "7", "{}"] {
            let fresh = granted(&format!(r#"{{"access_token":"at-1","refresh_token":"rt-2","token_type":{kind}}}"#));
            assert_eq!(fresh.refresh.unwrap().expose_secret(), "rt-2", "{kind}");
        }
    }

    #[test]
    fn a_success_without_usable_tokens_is_unknown() {
        for body in [
            "",
            HTML,
            "{",
            "[]",
            "{}",
            &GOOD[..40],
            r#"{"access_token":"","refresh_token":"rt-2"}"#,
            r#"{"access_token":null}"#,
            r#"{"access_token":"***"}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"at-1","refresh_token":"a\u0000b"}"#,
            &error("server_error"),
        ] {
            assert_eq!(refreshed(&answer(200, body)), Exchanged::Unknown, "{body}");
        }
        assert_eq!(
            refreshed(&Reply::Answer(Answer { status: 200, retry_after_ms: None, body: None })),
            Exchanged::Unknown
        );
    }

    #[test]
    fn only_an_error_that_speaks_of_these_bytes_rejects_them() {
        for code in CONDEMNING {
            for status in [400, 401, 403, 200] {
                let reply = answer(status, &error(code));
                assert_eq!(refreshed(&reply), Exchanged::Rejected { code: code.to_owned() }, "{status} {code}");
            }
        }
        let nested = r#"{"error":{"message":"m","type":"invalid_request_error","code":"refresh_token_reused"}}"#;
        assert_eq!(refreshed(&answer(401, nested)), Exchanged::Rejected { code: "refresh_token_reused".to_owned() });
    }

    #[test]
    fn a_refusal_for_another_reason_has_not_consumed_it_and_is_told() {
        for code in [
            "invalid_client",
            "unauthorized_client",
            "invalid_request",
            "invalid_scope",
            "unsupported_grant_type",
            "temporarily_unavailable",
            "slow_down",
            "something_new",
        ] {
            for status in [400, 401, 403] {
                assert_eq!(refreshed(&answer(status, &error(code))), turned_away(status, Some(code), None), "{status}");
            }
        }
        let unnamed = turned_away(400, Some("unnamed_error"), None);
        assert_eq!(refreshed(&answer(400, &error("Not A Code"))), unnamed);
        for status in [400, 401, 403, 404, 405, 413, 415] {
            assert_eq!(refreshed(&answer(status, HTML)), turned_away(status, None, None), "{status}");
            let cut = Reply::Answer(Answer { status, retry_after_ms: None, body: None });
            assert_eq!(refreshed(&cut), turned_away(status, None, None), "{status} cut off");
        }
    }

    #[test]
    fn a_server_that_gives_back_what_it_was_sent_names_no_code() {
        for (presented, echoed) in
            [("hush_hush", "hush_hush"), ("hush_hush-1", "hush_hush"), ("hush_hush", "bad_token_hush_hush")]
        {
            let told = super::refreshed(&answer(400, &error(echoed)), &Secret::try_from(presented).unwrap());
            assert_eq!(told, turned_away(400, None, None), "{presented} {echoed}");
        }
    }

    #[test]
    fn an_issuer_that_asks_for_patience_has_not_consumed_it() {
        assert_eq!(refreshed(&answer(429, "")), turned_away(429, None, None));
        assert_eq!(refreshed(&answer_with(429, Some(7_000), HTML)), turned_away(429, None, Some(7_000)));
        assert_eq!(refreshed(&answer(429, &error("invalid_grant"))), turned_away(429, Some("invalid_grant"), None));
        assert_eq!(refreshed(&answer_with(503, Some(7_000), HTML)), turned_away(503, None, Some(7_000)));
        let unavailable = turned_away(503, Some("temporarily_unavailable"), None);
        assert_eq!(refreshed(&answer(503, &error("temporarily_unavailable"))), unavailable);
    }

    #[test]
    fn what_may_come_after_the_act_is_unknown() {
        for status in [301, 302, 303, 307, 408, 409, 499, 500, 502, 503, 504, 520] {
            for body in ["", HTML] {
                assert_eq!(refreshed(&answer(status, body)), Exchanged::Unknown, "{status}");
            }
        }
        for code in ["server_error", "invalid_grant"] {
            assert_eq!(refreshed(&answer(500, &error(code))), Exchanged::Unknown, "a 500 vouches for nothing");
        }
    }

    #[test]
    fn a_code_exchange_gives_tokens_or_a_short_code() {
        assert!(matches!(exchanged(&answer(200, GOOD)), CodeExchanged::Granted(_)));
        for (reply, code) in [
            (Reply::NotSent, "unreachable"),
            (Reply::Untrusted, "untrusted_certificate"),
            (Reply::NoAnswer, "no_answer"),
            (answer(200, HTML), "unusable_answer"),
            (answer(200, &error("bad_verification_code")), "bad_verification_code"),
            (answer(400, &error("invalid_grant")), "invalid_grant"),
            (answer(502, HTML), "http_502"),
        ] {
            assert_eq!(exchanged(&reply), CodeExchanged::Failed(code.to_owned()));
        }
    }
}
