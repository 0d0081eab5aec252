//! What a program gives to be stored, judged before anything is: a key that is none would take the place of one that works.

use std::time::Duration;

use credlatch_core::provider::{NotAKey, Provider, alone};
use credlatch_core::secret::Secret;
use credlatch_core::time::Stamp;

use crate::answer::Tokens;
use crate::error::{Error, ErrorKind};
use crate::{jwt, when};

/// Refuses what is no key, or one that says itself that it has ended.
pub(super) fn key(row: &Provider, key: &Secret, now: &Stamp) -> Result<(), Error> {
    alone(key, row.keyless)?;
    match jwt::end_ms(key).filter(|end_ms| *end_ms <= now.wall_ms) {
        Some(end_ms) => Err(ended("key", end_ms)),
        None => Ok(()),
    }
}

/// Refuses what are no tokens. An access token that says itself when it ends needs nobody else to say it; one that has ended
/// is of use only with a refresh token.
pub(super) fn tokens(tokens: Tokens, now: &Stamp) -> Result<Tokens, Error> {
    for secret in [Some(&tokens.access), tokens.refresh.as_ref()].into_iter().flatten() {
        alone(secret, false).map_err(no_token)?;
    }
    if tokens.expires_in.is_some() {
        return Ok(tokens);
    }
    match jwt::end_ms(&tokens.access) {
        Some(end_ms) if end_ms <= now.wall_ms && tokens.refresh.is_none() => Err(ended("access token", end_ms)),
        end_ms => {
            let left = end_ms.map(|end_ms| Duration::from_millis(end_ms.saturating_sub(now.wall_ms)));
            Ok(Tokens { expires_in: left, ..tokens })
        }
    }
}

/// No request could carry it: RFC 6750 allows none of this in a token, and so nothing takes it as it is.
fn no_token(why: NotAKey) -> Error {
    let remedy =
        "nothing was stored, and what was stored before is still there; give the tokens as their issuer gave them";
    Error::new(ErrorKind::Usage, why.to_string(), remedy).below(why)
}

fn ended(what: &str, end_ms: u64) -> Error {
    Error::new(
        ErrorKind::Usage,
        format!("this {what} says itself that it ended at {}", when::rfc3339_ms(end_ms)),
        "nothing was stored, and what was stored before is still there; get a new one, or set this machine's clock if it is wrong",
    )
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;

    use super::*;
    use crate::{Label, Latch};

    fn secret(text: &str) -> Secret {
        Secret::try_from(text).unwrap()
    }

    fn jwt(end_secs: u64) -> Secret {
        secret(&format!("e30.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"exp":{end_secs}}}"#))))
    }

    #[test]
    fn what_is_no_key_takes_the_place_of_none_and_verbatim_takes_it() {
        let latch = Latch::in_memory();
        latch.set("minimax", secret("mm-1")).unwrap();
        for text in
            ["'mm-2'", "Bearer mm-2", "A_KEY=mm-2", "null", "<YOUR_KEY>", "op://a/b", "${X}", "$(x)", "m m", "{{ x }}"]
        {
            let error = latch.set("minimax", secret(text)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage, "{text}");
            assert!(!format!("{error} {error:?} {}", error.remedy()).contains("mm-2"), "{error}");
            assert!(error.remedy().ends_with("`set --verbatim` (`Latch::set_verbatim`)"), "{}", error.remedy());
        }
        assert_eq!(latch.set("minimax", jwt(1)).unwrap_err().kind(), ErrorKind::Usage);
        assert_eq!(latch.token("minimax").unwrap().expose_secret(), "mm-1");
        latch.set_verbatim("minimax", &Label::default(), secret("Bearer mm-2")).unwrap();
        assert_eq!(latch.token("minimax").unwrap().expose_secret(), "Bearer mm-2");
        latch.set("ollama", secret("null")).unwrap();
    }

    #[test]
    fn tokens_are_judged_too_and_one_that_says_its_end_has_it() {
        let latch = Latch::in_memory();
        let set = |tokens| latch.set_tokens("anthropic", &Label::default(), tokens);
        let kind = |tokens| set(tokens).unwrap_err().kind();
        assert_eq!(kind(Tokens::new(secret("<TOKEN>"))), ErrorKind::Usage);
        assert_eq!(kind(Tokens::new(secret("at-1")).with_refresh(secret("undefined"))), ErrorKind::Usage);
        assert_eq!(kind(Tokens::new(jwt(1_000_000_000))), ErrorKind::Usage);
        let _ = set(Tokens::new(jwt(1_000_000_000)).with_refresh(secret("rt-1"))).unwrap();
        let _ = set(Tokens::new(jwt(4_000_000_000))).unwrap();
        let end = latch.token("anthropic").unwrap().expires_at().unwrap();
        assert!(end.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().abs_diff(4_000_000_000) < 60);
    }
}
