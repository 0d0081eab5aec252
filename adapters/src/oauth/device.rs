//! Device authorization (RFC 8628): a code is shown, the person confirms it on another page, we ask until they have.

use credlatch_core::flow::Prompt;
use credlatch_core::port::{CodeExchanged, Polled, Prompting};
use credlatch_core::provider::endpoint;
use credlatch_core::secret::Secret;
use serde::Deserialize;
use serde_json::Value;

use super::answer::{self, Wiped};
use super::classify::{UNUSABLE, exchanged, failure, sent, unusable};
use super::http::Reply;

/// `grant_type` of a poll (RFC 8628, 3.4).
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Seconds between two polls if the issuer names none (RFC 8628, 3.2).
const INTERVAL_SECS: u64 = 5;
/// The shortest that is accepted: an issuer that names less would be asked all the time.
const INTERVAL_MIN_SECS: u64 = 3;
/// The longest that is believed; a flow lives 900 s.
const INTERVAL_MAX_SECS: u64 = 300;
/// A code's lifetime in milliseconds if the issuer names none.
const LIFETIME_MS: u64 = 900_000;
/// The longest code that is shown.
const MAX_USER_CODE: usize = 64;

/// A device authorization answer (RFC 8628, 3.2), with the spelling of one big issuer that was there before the RFC.
#[derive(Deserialize)]
struct Authorization {
    device_code: Wiped,
    user_code: String,
    #[serde(alias = "verification_url")]
    verification_uri: String,
    #[serde(default, alias = "verification_url_complete")]
    verification_uri_complete: Option<String>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    interval: Value,
}

/// What to show, from the answer to a device authorization request.
pub(super) fn prompted(reply: &Reply, client: Option<&str>) -> Prompting {
    let sent = &sent(&[], client);
    let Reply::Response(answer) = reply else { return Prompting::Failed(failure(reply, sent)) };
    if !answer.is_success() {
        return Prompting::Failed(failure(reply, sent));
    }
    let device = answer.body.as_deref().and_then(|body| serde_json::from_slice::<Authorization>(body).ok());
    let unusable = || Prompting::Failed(unusable(answer, sent));
    let Some(device) = device else { return unusable() };
    let Some(code) = device.device_code.secret() else { return unusable() };
    let complete = device.verification_uri_complete.filter(|uri| endpoint(uri).is_ok());
    show(code, device.user_code, device.verification_uri, complete, &device.interval, &device.expires_in)
}

/// A prompt, unless its code or its page is nothing to put before a person.
pub(super) fn show(
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    interval: &Value,
    expires_in: &Value,
) -> Prompting {
    // It goes to a terminal and into a page: no escape sequence, no script.
    let plain = user_code.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if user_code.is_empty() || user_code.len() > MAX_USER_CODE || !plain || endpoint(&verification_uri).is_err() {
        return Prompting::Failed(UNUSABLE.into());
    }
    let interval_secs = answer::number(interval).map_or(INTERVAL_SECS, |secs| answer::milliseconds(secs) / 1000);
    let prompt = Prompt {
        device_code: Some(device_code),
        user_code,
        verification_uri,
        verification_uri_complete,
        interval_secs: match interval_secs {
            0 => INTERVAL_SECS,
            secs => secs.clamp(INTERVAL_MIN_SECS, INTERVAL_MAX_SECS),
        },
    };
    Prompting::Prompt { prompt, expires_in_ms: answer::number(expires_in).map_or(LIFETIME_MS, answer::milliseconds) }
}

/// What a poll brought (RFC 8628, 3.5). Some issuers send the errors with status 200, so the code decides.
pub(super) fn polled(reply: &Reply, sent: &[&str]) -> Polled {
    if let Some(wait) = wait(reply) {
        return wait;
    }
    let code = match reply {
        Reply::Response(answer) => answer.error_code(),
        Reply::NotSent(_) | Reply::Untrusted | Reply::NoResponse => None,
    };
    match code.as_deref() {
        Some("authorization_pending") => Polled::Pending,
        Some("slow_down") => Polled::SlowDown,
        Some("expired_token") => Polled::Expired,
        _ => match exchanged(reply, sent) {
            CodeExchanged::Granted(fresh) => Polled::Granted(fresh),
            CodeExchanged::Failed(why) => Polled::Failed(why),
        },
    }
}

/// Whether this is a poll that got nowhere, so that the next one may bring more. After a time-out or a refusal the
/// issuer is asked less often (RFC 8628, 3.5); if nothing was sent it has not been bothered. What is no answer of OAuth
/// was given by somebody between here and the issuer, who may be gone at the next poll: it counts as a dropped connection.
pub(super) fn wait(reply: &Reply) -> Option<Polled> {
    match reply {
        Reply::NotSent(_) | Reply::Untrusted => Some(Polled::Pending),
        Reply::NoResponse => Some(Polled::SlowDown),
        Reply::Response(answer) if answer.status == 429 || answer.status >= 500 || !answer.is_oauth() => {
            Some(Polled::SlowDown)
        }
        Reply::Response(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::http::HttpResponse;
    use super::*;
    use zeroize::Zeroizing;

    fn answer(status: u16, body: &str) -> Reply {
        Reply::Response(HttpResponse {
            status,
            retry_after_ms: None,
            body: Some(Zeroizing::new(body.as_bytes().to_vec())),
        })
    }

    fn prompt(rest: &str) -> (Prompt, u64) {
        let body = format!(
            r#"{{"device_code":"dc-1","user_code":"AB-12","verification_uri":"https://a.example/device"{rest}}}"#
        );
        match prompted(&answer(200, &body), None) {
            Prompting::Prompt { prompt, expires_in_ms } => (prompt, expires_in_ms),
            Prompting::Failed(why) => panic!("{body}: {}", why.code),
        }
    }

    #[test]
    fn the_interval_is_three_seconds_at_least_and_five_if_none_is_named() {
        for (rest, secs) in [
            ("", 5),
            (r#","interval":0"#, 5),
            (r#","interval":1"#, 3),
            (r#","interval":"7""#, 7),
            (r#","interval":7"#, 7),
            (r#","interval":-2"#, 5),
            (r#","interval":1e12"#, 300),
        ] {
            assert_eq!(prompt(rest).0.interval_secs, secs, "{rest}");
        }
    }

    #[test]
    fn lifetimes_and_complete_addresses_are_optional() {
        assert_eq!(prompt("").1, 900_000);
        assert_eq!(prompt(r#","expires_in":600"#).1, 600_000);
        let complete = r#","verification_uri_complete":"https://a.example/device?c=AB-12""#;
        assert!(prompt(complete).0.verification_uri_complete.is_some());
        let script = r#","verification_uri_complete":"javascript:alert(1)""#;
        assert_eq!(prompt(script).0.verification_uri_complete, None);
    }

    #[test]
    fn what_should_not_be_shown_is_not() {
        for body in [
            r#"{"device_code":"d","user_code":"","verification_uri":"https://a.example"}"#,
            r#"{"device_code":"d","user_code":"\u001b[2J","verification_uri":"https://a.example"}"#,
            r#"{"device_code":"d","user_code":"A","verification_uri":"javascript:alert(1)"}"#,
            r#"{"device_code":"d","user_code":"A","verification_uri":"http://a.example"}"#,
            r#"{"device_code":"","user_code":"A","verification_uri":"https://a.example"}"#,
            "<html>",
        ] {
            assert_eq!(prompted(&answer(200, body), None), Prompting::Failed("unusable_answer".into()), "{body}");
        }
        let refused = prompted(&answer(400, r#"{"error":"invalid_client"}"#), None);
        assert_eq!(refused, Prompting::Failed("invalid_client".into()));
    }

    #[test]
    fn a_poll_says_what_the_rfc_says() {
        let error = |code: &str| format!(r#"{{"error":"{code}"}}"#);
        for status in [400, 200] {
            assert_eq!(polled(&answer(status, &error("authorization_pending")), &[]), Polled::Pending);
            assert_eq!(polled(&answer(status, &error("slow_down")), &[]), Polled::SlowDown);
            assert_eq!(polled(&answer(status, &error("expired_token")), &[]), Polled::Expired);
            let denied = Polled::Failed("access_denied".into());
            assert_eq!(polled(&answer(status, &error("access_denied")), &[]), denied);
        }
        let good = r#"{"access_token":"at-1","token_type":"Bearer"}"#;
        assert!(matches!(polled(&answer(200, good), &[]), Polled::Granted(_)));
        let unusable = Polled::Failed("unusable_answer".into());
        assert_eq!(polled(&answer(200, r#"{"access_token":"***"}"#), &[]), unusable);
    }

    #[test]
    fn an_answer_that_is_no_oauth_answer_is_waited_out_as_a_dropped_connection_is() {
        for status in [200, 204, 301, 302, 307, 400, 401, 403, 404, 511] {
            for body in ["", "<html>", "<!doctype html><title>Sign in to this network</title>", "{}", "[]", "null"] {
                assert_eq!(polled(&answer(status, body), &[]), Polled::SlowDown, "{status} {body}");
            }
            for body in [r#"{"captive":true,"user-portal-url":"https://x.example"}"#, r#"{"access_token":"at-1"#] {
                assert_eq!(polled(&answer(status, body), &[]), Polled::SlowDown, "{status} {body}");
            }
            let cut = Reply::Response(HttpResponse { status, retry_after_ms: None, body: None });
            assert_eq!(polled(&cut, &[]), Polled::SlowDown, "{status}");
        }
    }

    #[test]
    fn trouble_on_the_way_is_waited_out() {
        assert_eq!(polled(&Reply::NotSent(None), &[]), Polled::Pending);
        assert_eq!(polled(&Reply::NoResponse, &[]), Polled::SlowDown);
        for status in [429, 500, 502, 503] {
            assert_eq!(polled(&answer(status, ""), &[]), Polled::SlowDown);
        }
    }
}
