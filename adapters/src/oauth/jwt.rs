//! The lifetime that an access token carries in itself, for issuers that give none beside it (Codex).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Claims {
    iat: f64,
    exp: f64,
}

/// Seconds from `iat` to `exp` of a JWT (RFC 7519); none if it isn't one. Counted from its receipt it needs neither of
/// the two clocks to be right. The signature is not checked: whoever could forge it could name any `expires_in` too.
pub(super) fn lifetime_secs(token: &str) -> Option<f64> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let payload = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload).ok()?);
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    Some(claims.exp - claims.iat).filter(|secs| secs.is_finite() && *secs > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(payload))
    }

    #[test]
    fn the_lifetime_is_the_distance_of_its_two_claims() {
        assert_eq!(lifetime_secs(&jwt(r#"{"iat":1000,"exp":4600,"sub":"x"}"#)), Some(3600.0));
    }

    #[test]
    fn anything_else_has_none() {
        let backwards = jwt(r#"{"iat":9,"exp":1}"#);
        for other in ["", "opaque", "a.b.c", "a.b.c.d", &jwt("{}"), &jwt(r#"{"exp":1}"#), &backwards] {
            assert_eq!(lifetime_secs(other), None, "{other}");
        }
    }
}
