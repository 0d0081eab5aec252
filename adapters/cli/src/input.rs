//! Secrets as they come in: from a pipe, or from a person who doesn't want to see them on the screen.

use std::io::{self, IsTerminal, Read};
use std::time::Duration;

use credlatch::core::provider::{NotAKey, Pasted, is_utf16, pasted};
use credlatch::{BadSecret, Error, Provider, Secret, Tokens, counted_ms, parse_rfc3339, plain};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::end::{Done, End};
use crate::prompt;

/// More than the longest secret, or three of them in JSON.
const MOST_BYTES: usize = 256 * 1024;

/// Reads all of standard input, or one line of a terminal without showing it.
pub(crate) fn read(what: &str) -> Done<Zeroizing<String>> {
    let failed =
        |error: io::Error| End::other(format!("could not read the secret: {error}"), "nothing was stored; try again");
    if io::stdin().is_terminal() {
        return prompt::hidden(&question(what)).map_err(failed);
    }
    text(&mut io::stdin().lock(), failed)
}

/// Asks the person at the terminal for a key, wherever standard input comes from.
pub(crate) fn ask(what: &str) -> Done<Secret> {
    let typed = prompt::hidden(&question(what)).map_err(|error| {
        End::other(
            format!("no secret was given, and nobody can be asked for it: {error}"),
            "use `credlatch set PROVIDER`",
        )
    })?;
    Ok(Secret::try_from(typed.as_str()).map_err(Error::from)?)
}

fn question(what: &str) -> String {
    format!("{} (not shown): ", plain::line(what))
}

/// Reads the request of a program that this one helps, up to its end. It may hold a secret.
pub(crate) fn request() -> Done<Zeroizing<String>> {
    text(&mut io::stdin().lock(), |error| {
        End::other(format!("could not read what is asked for: {error}"), "this command is for programs to call")
    })
}

fn text(from: &mut impl Read, failed: impl Fn(io::Error) -> End) -> Done<Zeroizing<String>> {
    // With room from the start the buffer doesn't grow, and so leaves no copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    from.take(MOST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > MOST_BYTES {
        return Err(Error::from(BadSecret::TooLong).into());
    }
    if is_utf16(&bytes) {
        return Err(Error::from(NotAKey::Utf16).into());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| Error::from(BadSecret::NotPrintable))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// An access token without what stood around it. `--verbatim` is for keys: no request could carry more than a token.
pub(crate) fn token(text: &str) -> Done<Pasted> {
    pasted(text, false).map_err(|why| {
        End::usage(
            why.to_string(),
            "nothing was stored, and what was stored before is still there; give the token as its issuer gave it",
        )
    })
}

/// An API key without what stood around it.
pub(crate) fn api_key(text: &str, row: &Provider) -> Done<Pasted> {
    if is_answer(text) {
        return Err(End::usage(
            "this is JSON and not a key",
            "nothing was stored; for a token answer add --kind oauth",
        ));
    }
    Ok(pasted(text, row.keyless).map_err(Error::from)?)
}

/// Whether a text is an issuer's answer, and not a bare access token, nor a place in a template.
pub(crate) fn is_answer(text: &str) -> bool {
    let text = unmarked(text).trim();
    text.strip_prefix('{').is_some_and(|rest| !rest.starts_with('{') && (rest.contains('"') || rest.trim() == "}"))
}

/// The text without the byte order mark that some programs write before it.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A bare access token, which nothing renews.
pub(crate) fn bare(access: Secret) -> Tokens {
    Tokens::new(access)
}

/// An issuer's answer in JSON (RFC 6749, 5.1).
pub(crate) fn tokens(text: &str, now: Timestamp) -> Done<Tokens> {
    let answer: TokenResponse = serde_json::from_str(unmarked(text)).map_err(|error| {
        // The parser's own words may quote what it saw.
        let place = format!("(line {}, column {})", error.line(), error.column());
        End::usage(format!("this JSON is not a token answer {place}"), FORM)
    })?;
    let expires_in = match (&answer.expires_in, &answer.expires_at) {
        (Some(_), Some(_)) => return Err(End::usage("expires_in and expires_at are both given", "give one of them")),
        (Some(lifetime), None) => Some(seconds(lifetime).ok_or_else(|| not_a_time("expires_in"))?),
        (None, Some(end)) => Some(left(end, now).ok_or_else(|| not_a_time("expires_at"))?),
        (None, None) => None,
    };
    if expires_in.is_some_and(|left| left.is_zero()) && answer.refresh_token.is_none() {
        return Err(End::usage(
            "this access token has ended, and there is no refresh token",
            "nothing was stored; get a new one",
        ));
    }
    let scopes = answer.scope.map(Scope::into_list);
    let mut tokens = Tokens::new(answer.access_token);
    (tokens.refresh, tokens.expires_in, tokens.scopes) = (answer.refresh_token, expires_in, scopes);
    Ok(tokens)
}

const FORM: &str = r#"nothing was stored; the form is {"access_token":…,"refresh_token":…,"expires_in":SECONDS}, where only the first is required"#;

/// An issuer's answer. What else it says is not needed.
#[derive(Deserialize)]
struct TokenResponse {
    #[serde(with = "credlatch::core::secret::stored")]
    access_token: Secret,
    #[serde(default, with = "credlatch::core::secret::stored_option")]
    refresh_token: Option<Secret>,
    #[serde(default)]
    expires_in: Option<Value>,
    #[serde(default)]
    expires_at: Option<Value>,
    #[serde(default)]
    scope: Option<Scope>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    List(Vec<String>),
}

impl Scope {
    fn into_list(self) -> Vec<String> {
        match self {
            Self::Text(text) => text.split_whitespace().map(str::to_owned).collect(),
            Self::List(list) => list,
        }
    }
}

fn not_a_time(field: &str) -> End {
    End::usage(
        format!("{field} is not a time"),
        "nothing was stored; expires_in takes seconds, expires_at seconds or milliseconds since 1970 or RFC 3339",
    )
}

fn seconds(value: &Value) -> Option<Duration> {
    Some(Duration::from_secs(number(value)?))
}

fn left(end: &Value, now: Timestamp) -> Option<Duration> {
    let end_ms = match (number(end), end) {
        (Some(number), _) => counted_ms(number),
        // What ended before 1970 has ended.
        (None, Value::String(text)) => u64::try_from(parse_rfc3339(text)?).unwrap_or(0),
        _ => return None,
    };
    let now_ms = u64::try_from(now.as_millisecond()).ok()?;
    Some(Duration::from_millis(end_ms.saturating_sub(now_ms)))
}

/// A whole number; some issuers put it in quotes.
fn number(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_u64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_bare_token_is_one_without_an_end() {
        let tokens = bare(token("at-1\n").unwrap().key);
        assert_eq!(tokens.access.expose_secret(), "at-1");
        assert!(tokens.refresh.is_none() && tokens.expires_in.is_none());
    }

    #[test]
    fn an_end_may_be_a_lifetime_or_a_time_in_three_forms() {
        let lifetime = |rest: &str| {
            let text = format!(r#"{{"access_token":"at-1","token_type":"bearer",{rest}}}"#);
            tokens(&text, at(2_000_000_000)).unwrap().expires_in
        };
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(lifetime(r#""expires_in":3600"#), hour);
        assert_eq!(lifetime(r#""expires_in":"3600""#), hour);
        assert_eq!(lifetime(r#""expires_at":2000003600"#), hour);
        assert_eq!(lifetime(r#""expires_at":2000003600000"#), hour);
        assert_eq!(lifetime(r#""expires_at":"2033-05-18T04:33:20Z""#), hour);
        assert_eq!(lifetime(r#""scope":"a b""#), None);
        let to_the_last = Some(Duration::from_secs(253_402_300_799 - 2_000_000_000));
        for end in [r#""9999-12-31T23:59:59Z""#, "253402300799", "253402300799000"] {
            assert_eq!(lifetime(&format!(r#""expires_at":{end}"#)), to_the_last, "{end}");
        }
        for past in [r#""1969-07-20T20:17:40Z""#, r#""0001-01-01T00:00:00Z""#] {
            assert_eq!(
                lifetime(&format!(r#""refresh_token":"rt-1","expires_at":{past}"#)),
                Some(Duration::ZERO),
                "{past}"
            );
        }
    }

    #[test]
    fn what_is_not_a_token_answer_is_refused_without_a_word_of_it() {
        for text in [
            r#"{"refresh_token":"hush-1"}"#,
            r#"{"access_token":"hush-1","#,
            r#"{"access_token":["hush-1"]}"#,
            r#"{"access_token":"hush-1","expires_in":"hush-1"}"#,
            r#"{"access_token":"hush-1","expires_at":"hush-1"}"#,
            r#"{"access_token":"hush-1\nhush-1"}"#,
            r#"{"access_token":"hush-1","expires_at":5}"#,
        ] {
            let end = tokens(text, at(2_000_000_000)).unwrap_err();
            assert!(!format!("{end:?}").contains("hush-1"), "{end:?}");
        }
    }
}
