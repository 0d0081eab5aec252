//! What an issuer's JSON says, read leniently where issuers differ and strictly where a token is at stake.

use credlatch_core::rotation::Fresh;
use credlatch_core::secret::{MAX_SECRET_BYTES, Secret};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use zeroize::Zeroizing;

/// The longest lifetime that is believed, in seconds: ten years.
const MAX_LIFETIME_SECS: f64 = 315_360_000.0;
/// The longest error code that is passed on.
const MAX_CODE: usize = 40;

/// A text that is wiped, whether or not it becomes a secret.
#[derive(Default)]
pub(super) struct Wiped(pub(super) Zeroizing<String>);

impl<'de> Deserialize<'de> for Wiped {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Self(Zeroizing::new(String::deserialize(from)?)))
    }
}

impl Wiped {
    /// The secret, if the text can be one.
    pub(super) fn secret(&self) -> Option<Secret> {
        Secret::try_from(self.0.as_str()).ok()
    }
}

/// A token answer (RFC 6749, 5.1).
#[derive(Deserialize)]
struct Tokens {
    access_token: Wiped,
    #[serde(default)]
    refresh_token: Option<Wiped>,
    #[serde(default)]
    expires_in: Value,
    #[serde(default)]
    scope: Value,
}

/// Whether an answer is one of OAuth, whatever it is worth: it has what was asked for, or names an error.
pub(super) fn is_answer(body: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Any {
        #[serde(default)]
        access_token: Option<IgnoredAny>,
        #[serde(default)]
        authorization_code: Option<IgnoredAny>,
    }
    let any = serde_json::from_slice::<Any>(body);
    any.is_ok_and(|any| any.access_token.is_some() || any.authorization_code.is_some()) || error_code(body).is_some()
}

/// The tokens of an answer; none if it can't be used, and then nobody knows what became of what was presented.
///
/// The token type is not read. An issuer that spells "Bearer" otherwise has granted the pair all the same, and with it
/// spent what was presented: not to keep it would cost the login.
pub(super) fn tokens(body: &[u8]) -> Option<Fresh> {
    let answer: Tokens = serde_json::from_slice(body).ok()?;
    let access = answer.access_token.secret()?;
    let refresh = match answer.refresh_token.filter(|text| !text.0.trim().is_empty()) {
        // A successor that can't be kept is worse than none: the old one may be spent.
        Some(text) => Some(text.secret()?),
        None => None,
    };
    let lifetime_secs = number(&answer.expires_in).or_else(|| crate::jwt::lifetime_secs(access.expose_secret()));
    Some(Fresh { expires_in_ms: lifetime_secs.map(milliseconds), scopes: scopes(&answer.scope), access, refresh })
}

/// Whether an answer grants a token that is longer than any that can be kept: then what was presented is spent, and nothing is
/// there in its place.
pub(super) fn is_too_long(body: &[u8]) -> bool {
    serde_json::from_slice::<Tokens>(body).is_ok_and(|answer| {
        std::iter::once(&answer.access_token).chain(&answer.refresh_token).any(|text| text.0.len() > MAX_SECRET_BYTES)
    })
}

/// A number, or a text that is one: issuers write both.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

/// Seconds as milliseconds, taken as nothing at least and ten years at most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the clamp leaves what fits")]
pub(super) fn milliseconds(secs: f64) -> u64 {
    (secs.clamp(0.0, MAX_LIFETIME_SECS) * 1000.0) as u64
}

fn scopes(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(text.split_whitespace().map(str::to_owned).collect()),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    error: Value,
    #[serde(default)]
    code: Value,
}

/// The error code of an answer: `{"error":"…"}` (RFC 6749, 5.2), or `{"error":{"code":"…"}}` as OpenAI writes it.
pub(super) fn error_code(body: &[u8]) -> Option<String> {
    let failure: Failure = serde_json::from_slice(body).ok()?;
    let nested = |key: &str| failure.error.get(key).and_then(Value::as_str);
    let code =
        failure.error.as_str().or_else(|| nested("code")).or_else(|| nested("type")).or(failure.code.as_str())?;
    let is_code = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    // A code goes into errors and logs, so nothing that might be a secret passes for one.
    let plain = !code.is_empty() && code.len() <= MAX_CODE && code.bytes().all(is_code);
    Some(if plain { code.to_owned() } else { "unnamed_error".to_owned() })
}

/// What an answer says of its error in its own words: `error_description` (RFC 6749, 5.2), or `{"error":{"message":"…"}}`.
pub(super) fn description(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    let said = body.get("error_description").or_else(|| body.get("error")?.get("message"));
    said.and_then(Value::as_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_codes_are_found_where_issuers_put_them_and_never_carry_a_secret() {
        for (body, code) in [
            (r#"{"error":"invalid_grant","error_description":"x"}"#, Some("invalid_grant")),
            (r#"{"error":{"code":"refresh_token_reused","message":"x"}}"#, Some("refresh_token_reused")),
            (r#"{"error":{"type":"invalid_request_error"}}"#, Some("invalid_request_error")),
            (r#"{"code":"token_expired"}"#, Some("token_expired")),
            (r#"{"error":"bad token rt-1234"}"#, Some("unnamed_error")),
            (r#"{"error":7}"#, None),
            ("{}", None),
            ("<html>", None),
        ] {
            assert_eq!(error_code(body.as_bytes()).as_deref(), code, "{body}");
        }
    }

    #[test]
    fn a_lifetime_is_clamped_whatever_it_is() {
        for (json, ms) in [
            ("3600", Some(3_600_000)),
            ("\"3600\"", Some(3_600_000)),
            ("1.5", Some(1_500)),
            ("0", Some(0)),
            ("-5", Some(0)),
            ("1e300", Some(315_360_000_000)),
            ("99999999999999999999", Some(315_360_000_000)),
            ("\"soon\"", None),
            ("\"NaN\"", None),
            ("null", None),
            ("{}", None),
        ] {
            let value = serde_json::from_str(json).unwrap();
            assert_eq!(number(&value).map(milliseconds), ms, "{json}");
        }
    }
}
