//! The `credential_process` of AWS clients: no request, one JSON object out.
//!
//! An entry holds one secret, and AWS wants two or three texts, none of which can hold a colon; so the secret is those
//! texts with colons between.

use credlatch::rfc3339;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::args::{Global, Provider};
use crate::cmd::fresh::stored;
use crate::end::{Done, End};
use crate::output;

pub(super) fn aws(global: &Global, of: &Provider) -> Done {
    let latch = global.latch()?;
    let credential = stored(&latch, &of.provider)?;
    let keys = Keys::parse(credential.expose_secret(), credential.expires_at().map(rfc3339)).ok_or_else(|| {
        let id = credential.provider();
        End::usage(
            format!("what is stored for {id} is not the keys of an AWS account"),
            format!("store KEY_ID:SECRET_KEY, or KEY_ID:SECRET_KEY:SESSION_TOKEN, with `credlatch set {id}`"),
        )
    })?;
    let line = Zeroizing::new(serde_json::to_string(&keys).unwrap_or_default());
    output::write(&[line.as_bytes(), b"\n"])
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Keys<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration: Option<String>,
}

impl<'a> Keys<'a> {
    fn parse(secret: &'a str, expiration: Option<String>) -> Option<Self> {
        let mut parts = secret.split(':');
        let (access_key_id, secret_access_key, session_token) = (parts.next()?, parts.next()?, parts.next());
        let is_text = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic());
        let all = [Some(access_key_id), Some(secret_access_key), session_token];
        (parts.next().is_none() && all.into_iter().flatten().all(is_text)).then_some(Self {
            version: 1,
            access_key_id,
            secret_access_key,
            session_token,
            expiration,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(secret: &str, expiration: Option<&str>) -> Option<String> {
        Keys::parse(secret, expiration.map(str::to_owned)).map(|keys| serde_json::to_string(&keys).unwrap())
    }

    #[test]
    fn the_keys_are_answered_in_the_published_form() {
        assert_eq!(
            json("AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", None).unwrap(),
            r#"{"Version":1,"AccessKeyId":"AKIAIOSFODNN7EXAMPLE","SecretAccessKey":"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}"#
        );
        assert_eq!(
            json("ASIAEXAMPLE:secret:IQoJb3JpZ2lu==", Some("2033-05-18T03:33:20Z")).unwrap(),
            r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","SecretAccessKey":"secret","SessionToken":"IQoJb3JpZ2lu==","Expiration":"2033-05-18T03:33:20Z"}"#
        );
    }

    #[test]
    fn anything_else_is_no_keys() {
        for bad in ["AKIAEXAMPLE", "AKIAEXAMPLE:", ":secret", "a:b:", "a:b:c:d", "a:b c", "sk-ant-api03-x"] {
            assert_eq!(json(bad, None), None, "{bad}");
        }
    }
}
