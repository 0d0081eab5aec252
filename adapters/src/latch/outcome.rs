//! What a provider's answer says about the credential that was used.

use credlatch_core::pool::FailureKind;
use http::HeaderMap;
use serde_json::Value;

use crate::patience::{limits_ms, now_ms, retry_after_ms};
use crate::when::{counted_ms, parse_rfc3339};

/// Reasons after which no rest helps: the credential itself is over.
const DEAD: [&str; 6] = [
    "token_invalidated",
    "token_revoked",
    "invalid_token",
    "invalid_grant",
    "unauthorized_client",
    "refresh_token_reused",
];

/// Reasons after which no rest helps an API key. A login may be renewed after them.
const DEAD_KEY: [&str; 7] = [
    "invalid_api_key",
    "api_key_invalid",
    "incorrect_api_key",
    "api_key_expired",
    "api_key_revoked",
    "authentication_error",
    "invalid_authentication_error",
];

/// The longest rest that a provider's word is taken for, in milliseconds: 31 days, a billing period.
const REST_MAX_MS: u64 = 31 * 86_400_000;

/// What came of a request that used a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What kind of failure, if it is one that the credential is to blame for.
    pub(super) answer: Option<FailureKind>,
    /// Milliseconds that the provider wants this credential left alone.
    pub(super) rest_ms: Option<u64>,
    /// The model a limit is about.
    pub(super) model: Option<String>,
    /// The reason why no rest helps.
    pub(super) dead: Option<String>,
    /// The reason why no rest helps if it is an API key.
    pub(super) dead_key: Option<String>,
}

impl Outcome {
    /// It was accepted.
    pub fn accepted() -> Self {
        Self { answer: None, rest_ms: None, model: None, dead: None, dead_key: None }
    }

    /// It was turned away, as by a 401 of which nothing else is known.
    pub fn unauthorized() -> Self {
        Self { answer: Some(FailureKind::Unauthorized), rest_ms: None, model: None, dead: None, dead_key: None }
    }

    /// Reads an HTTP answer: its status, `Retry-After` and the providers' own headers of that meaning, and what its JSON
    /// body says of reasons and reset times. `docs/guide.md` has what follows as a table.
    pub fn from_http(status: u16, headers: &HeaderMap, body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let reasons = reasons(&body);
        let speaks_of_billing = reasons.iter().any(|reason| is_billing(reason));
        let answer = match status {
            401 => Some(FailureKind::Unauthorized),
            402 => Some(FailureKind::Billing),
            403 | 429 if speaks_of_billing => Some(FailureKind::Billing),
            429 => Some(FailureKind::Limited),
            403 => Some(FailureKind::Other),
            _ => None,
        };
        if answer.is_none() {
            return Self::accepted();
        }
        let now_ms = now_ms();
        let told = retry_after_ms(headers, Some(now_ms)).or_else(|| reset_ms(&body, now_ms));
        // Those headers stand in every answer, so they tell something only where a limit was met.
        let is_limited = answer == Some(FailureKind::Limited);
        let told = told.or_else(|| limits_ms(headers, now_ms).filter(|_| is_limited));
        let named =
            |list: &[&str]| reasons.iter().find(|reason| status == 401 && list.contains(&reason.as_str())).cloned();
        Self {
            answer,
            rest_ms: told.map(|ms| ms.min(REST_MAX_MS)),
            model: None,
            dead: named(&DEAD),
            dead_key: named(&DEAD_KEY),
        }
    }

    /// The limit is about this model alone: the entry rests for it, and [`TokenRequest::for_model`](crate::TokenRequest::for_model) passes
    /// it over, while other models go on using it.
    #[must_use]
    pub fn of_model(mut self, model: &str) -> Self {
        self.model = Some(model.to_owned());
        self
    }
}

/// The short codes by which a body says why: OAuth's `error`, or the `code`, `type` and `status` of an error object.
fn reasons(body: &Value) -> Vec<String> {
    let Some(error) = body.get("error") else { return Vec::new() };
    let of = ["code", "type", "status"].iter().filter_map(|key| error.get(key)?.as_str());
    error.as_str().into_iter().chain(of).map(str::to_ascii_lowercase).collect()
}

fn is_billing(reason: &str) -> bool {
    ["billing", "insufficient_quota", "insufficient_credit", "payment", "credit_balance"]
        .iter()
        .any(|word| reason.contains(word))
}

/// The reset times that providers put into bodies: a date, or seconds or milliseconds since the epoch.
fn reset_ms(body: &Value, now_ms: u64) -> Option<u64> {
    let places = [Some(body), body.get("error")];
    let named = |place: &Value| ["reset_at", "resets_at", "retry_until"].iter().find_map(|key| place.get(key).cloned());
    let at = places.into_iter().flatten().find_map(named)?;
    instant_ms(&at).map(|at_ms| at_ms.saturating_sub(now_ms))
}

fn instant_ms(at: &Value) -> Option<u64> {
    if let Some(text) = at.as_str() {
        if let Ok(number) = text.parse::<u64>() {
            return Some(counted_ms(number));
        }
        return u64::try_from(parse_rfc3339(text)?).ok();
    }
    at.as_u64().map(counted_ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(retry_after: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry_after.parse().unwrap());
        headers
    }

    #[test]
    fn the_status_decides_whom_to_blame() {
        let none = HeaderMap::new();
        for (status, body, answer) in [
            (200, "", None),
            (404, "", None),
            (500, "", None),
            (503, "<html>", None),
            (401, "", Some(FailureKind::Unauthorized)),
            (402, "", Some(FailureKind::Billing)),
            (403, "", Some(FailureKind::Other)),
            (429, "", Some(FailureKind::Limited)),
            (429, r#"{"error":{"code":"insufficient_quota"}}"#, Some(FailureKind::Billing)),
        ] {
            assert_eq!(Outcome::from_http(status, &none, body.as_bytes()).answer, answer, "{status} {body}");
        }
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let of = |text: &str| Outcome::from_http(429, &headers(text), b"").rest_ms;
        assert_eq!(of("120"), Some(120_000));
        assert_eq!(of("Fri, 01 Jan 2021 00:00:00 GMT"), Some(0), "past");
        assert!(of("Fri, 01 Jan 2100 00:00:00 GMT").unwrap() > 86_400_000, "bounded");
        assert_eq!(of("soon"), None);
    }

    #[test]
    fn reset_times_come_in_every_shape() {
        let in_an_hour_ms = now_ms() + 3_600_000;
        let iso = crate::rfc3339_ms(in_an_hour_ms);
        for value in [in_an_hour_ms.to_string(), (in_an_hour_ms / 1000).to_string(), format!("{iso:?}")] {
            for key in ["reset_at", "resets_at", "retry_until"] {
                let body = format!(r#"{{"error":{{"{key}":{value}}}}}"#);
                let rest_ms = Outcome::from_http(429, &HeaderMap::new(), body.as_bytes()).rest_ms.unwrap();
                assert!((3_590_000..=3_600_000).contains(&rest_ms), "{body}: {rest_ms}");
            }
        }
    }

    #[test]
    fn a_reset_at_the_end_of_time_is_the_longest_rest_and_not_none() {
        for value in ["253402300799", "253402300799000", r#""9999-12-31T23:59:59Z""#] {
            let body = format!(r#"{{"error":{{"resets_at":{value}}}}}"#);
            let rest_ms = Outcome::from_http(429, &HeaderMap::new(), body.as_bytes()).rest_ms;
            assert_eq!(rest_ms, Some(REST_MAX_MS), "{body}");
        }
    }

    #[test]
    fn only_a_401_can_condemn() {
        let body = br#"{"error":"invalid_grant"}"#;
        assert_eq!(Outcome::from_http(401, &HeaderMap::new(), body).dead.as_deref(), Some("invalid_grant"));
        assert_eq!(Outcome::from_http(403, &HeaderMap::new(), body).dead, None);
    }

    #[test]
    fn a_401_that_names_the_key_condemns_a_key_and_no_login() {
        for body in [
            r#"{"error":{"code":"invalid_api_key","type":"invalid_request_error","message":"Incorrect API key"}}"#,
            r#"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
            r#"{"error":{"code":"invalid_request_error","type":"authentication_error"}}"#,
        ] {
            let outcome = Outcome::from_http(401, &HeaderMap::new(), body.as_bytes());
            assert!(outcome.dead_key.is_some() && outcome.dead.is_none(), "{body}");
            assert_eq!(Outcome::from_http(403, &HeaderMap::new(), body.as_bytes()).dead_key, None, "{body}");
        }
        assert_eq!(Outcome::from_http(401, &HeaderMap::new(), b"").dead_key, None);
    }

    #[test]
    fn reset_headers_count_where_a_limit_was_met_and_after_retry_after() {
        let mut headers = HeaderMap::new();
        headers.insert("x-ratelimit-reset-requests", "6m0s".parse().unwrap());
        let rest_ms =
            |status, headers: &HeaderMap, body: &str| Outcome::from_http(status, headers, body.as_bytes()).rest_ms;
        assert_eq!(rest_ms(429, &headers, ""), Some(360_000));
        assert_eq!(rest_ms(401, &headers, ""), None);
        assert_eq!(rest_ms(429, &headers, r#"{"error":{"code":"insufficient_quota"}}"#), None);
        headers.insert("retry-after-ms", "250".parse().unwrap());
        assert_eq!(rest_ms(429, &headers, ""), Some(250));
    }
}
