//! What a token that is a JWT (RFC 7519) says of its own time. Its signature is not checked: nobody is let in by this.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credlatch_core::secret::Secret;
use serde::Deserialize;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct Claims {
    #[cfg(feature = "oauth")]
    #[serde(default)]
    iat: Option<f64>,
    #[serde(default)]
    exp: Option<f64>,
}

/// Seconds from `iat` to `exp`; none if it isn't a JWT that says both. Counted from its receipt it needs neither of the two
/// clocks to be right. Whoever could forge it could name any `expires_in` too.
#[cfg(feature = "oauth")]
pub(crate) fn lifetime_secs(token: &str) -> Option<f64> {
    let claims = claims(token)?;
    Some(claims.exp? - claims.iat?).filter(|secs| secs.is_finite() && *secs > 0.0)
}

/// When it ends by its own `exp`, in milliseconds since the epoch; none if it isn't a JWT that says so.
pub(crate) fn end_ms(token: &Secret) -> Option<u64> {
    let end_ms = claims(token.expose_secret())?.exp? * 1000.0;
    // Beyond 2^53 a number is no longer exact, and no time.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (0.0..9e15).contains(&end_ms).then_some(end_ms.round() as u64)
}

fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
    let payload = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
    serde_json::from_slice(&payload).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jwt(payload: &str) -> String {
        format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(payload))
    }

    #[cfg(feature = "oauth")]
    #[test]
    fn the_lifetime_is_the_distance_of_its_two_claims() {
        assert_eq!(lifetime_secs(&jwt(r#"{"iat":1000,"exp":4600,"sub":"x"}"#)), Some(3600.0));
    }

    #[cfg(feature = "oauth")]
    #[test]
    fn anything_else_has_none() {
        let backwards = jwt(r#"{"iat":9,"exp":1}"#);
        for other in ["", "opaque", "a.b.c", "a.b.c.d", &jwt("{}"), &jwt(r#"{"exp":1}"#), &backwards] {
            assert_eq!(lifetime_secs(other), None, "{other}");
        }
    }

    #[test]
    fn the_end_is_its_exp_and_what_says_none_has_none() {
        let end = |text: &str| end_ms(&Secret::try_from(text).unwrap());
        assert_eq!(end(&jwt(r#"{"exp":1766925296}"#)), Some(1_766_925_296_000));
        assert_eq!(end(&jwt(r#"{"exp":1766925296.5,"aud":["x"]}"#)), Some(1_766_925_296_500));
        for other in
            ["opaque", "a.b.c", "a.b.c.d", &jwt("{}"), &jwt("[]"), &jwt(r#"{"exp":"soon"}"#), &jwt(r#"{"exp":-1}"#)]
        {
            assert_eq!(end(other), None, "{other}");
        }
    }
}
