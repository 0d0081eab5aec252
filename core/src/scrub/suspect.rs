//! What looks like a credential though nobody knows whose: by the words in its name, and by the form of what it holds.

use super::{harmless, others};

/// Whether a variable looks like a credential, or like a place where one lies or is sent. An empty one is none.
pub(super) fn looks_like_a_credential(name: &str, value: &str) -> bool {
    !value.is_empty() && (has_its_name(name) || has_its_form(value))
}

/// Whether a name is like a credential's, or a file's in which one lies.
pub(super) fn has_its_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase().replace(['-', '.'], "_");
    if NEVER.contains(&name.as_str()) || name.starts_with("CREDLATCH_") || harmless::is_a_familys(&name) {
        return false;
    }
    let is_one = |name: &str| {
        let is_word = |end: &&str| name.strip_suffix(*end).is_some_and(|head| head.is_empty() || head.ends_with('_'));
        ENDS.iter().any(is_word) || HOLDS.iter().any(|part| name.contains(part))
    };
    is_one(&name) || without_file(&name).is_some_and(is_one)
}

/// Whether a value has a form that only credentials have: a URL with a password in it, a key in PEM, a signed token, or one
/// that begins like those of a house that sells no models.
pub(super) fn has_its_form(value: &str) -> bool {
    let is_pem = value.contains("-----BEGIN ") && value.contains("PRIVATE KEY-----");
    has_password(value) || is_pem || is_jwt(value) || others::holds_a_token(value)
}

/// The name without what says that it is a file's.
pub(super) fn without_file(name: &str) -> Option<&str> {
    let cut = |end: &&str| {
        let at = name.len().checked_sub(end.len())?;
        name.get(at..).filter(|tail| tail.eq_ignore_ascii_case(end)).and_then(|_| name.get(..at))
    };
    ["_FILE", "_PATH", "_FD", "_FILE_DESCRIPTOR", "_COMMAND"].iter().find_map(cut).filter(|name| !name.is_empty())
}

/// Whether a value is a URL with a user name and a password in it, as a proxy's or a database's may be. The scheme may be
/// missing, as in many a proxy variable.
pub(super) fn has_password(value: &str) -> bool {
    let (has_scheme, rest) = value.split_once("://").map_or((false, value), |(_, rest)| (true, rest));
    let authority = &rest[..rest.find(['/', '?', '#', ' ']).unwrap_or(rest.len())];
    let Some((user, host)) = authority.rsplit_once('@') else { return false };
    !host.is_empty()
        && user.split_once(':').is_some_and(|(_, password)| !password.is_empty())
        && (has_scheme || is_port(host))
}

fn is_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// A JSON Web Token (RFC 7519): three parts, the first of which is a JSON object in base64url.
fn is_jwt(value: &str) -> bool {
    let text = value.trim();
    let is_part =
        |part: &str| part.len() >= 8 && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_part)
}

/// As the last words of a name.
#[rustfmt::skip]
const ENDS: &[&str] = &[
    "KEY", "KEYS", "APIKEY", "KEY_ID", "TOKEN", "AUTH", "AUTHORIZATION", "AUTH_CONFIG", "BEARER", "HEADER", "HEADERS", "PAT",
    "PWD", "PASS", "PGPASSFILE", "PASSCOMMAND", "PASSPHRASE", "SSHPASS", "JWT", "JWK", "JWKS", "COOKIE", "DSN", "WEBHOOK",
    "WEBHOOK_URL", "WEBHOOK_URI", "BASE_URL", "API_BASE", "KEYFILE", "SSLKEY", "LICENSE", "VCAP_SERVICES",
];

/// Anywhere in a name.
const HOLDS: &[&str] = &["SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTHTOKEN", "ACCESSTOKEN", "TF_TOKEN_"];

/// They end like one and never are one, as our own, which name files.
const NEVER: &[&str] = &["PWD", "OLDPWD", "PASS"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_looks_like_a_credential_by_whole_words() {
        for name in [
            "ACME_API_KEY",
            "GITHUB_TOKEN",
            "TOKEN",
            "DB_PASSWORD",
            "DB_PASSWORD_FILE",
            "MY_SECRET_1",
            "acme_apikey",
            "X_BASE_URL",
            "DOCKER_AUTH_CONFIG",
            "npm_config__authToken",
            "npm_config_//registry.npmjs.org/:_authToken",
            "MYSQL_PWD",
            "PGPASSWORD",
        ] {
            assert!(has_its_name(name), "{name}");
        }
        for name in [
            "PATH",
            "PWD",
            "OLDPWD",
            "MAX_TOKENS",
            "KEYBOARD",
            "SSH_AUTH_SOCK",
            "DISPAT",
            "MONKEY",
            "OAUTH_DEBUG",
            "COMPASS",
        ] {
            assert!(!has_its_name(name), "{name}");
        }
    }

    #[test]
    fn a_form_that_only_credentials_have_is_seen_under_any_name() {
        for value in [
            "postgres://me:pw@db/x",
            "http://me:pw@proxy:3128",
            "me:pw@proxy:3128",
            "-----BEGIN RSA PRIVATE KEY-----\nMII",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz",
            "ghp_0123456789abcdef0123456789abcdef0123",
            "https://me:glpat-0123456789abcdef0123@git.example/x",
        ] {
            assert!(has_its_form(value), "{value}");
        }
        for value in [
            "https://host/path",
            "ssh://git@host/x",
            "git@host:me/x",
            "me@example.org",
            "12:30@noon",
            "-----BEGIN CERTIFICATE-----",
            "eyJ.a.b",
            "ghp_token_of_the_team",
            "pypi-server-2024",
            "npm_config_registry",
            "a.b.c",
        ] {
            assert!(!has_its_form(value), "{value}");
        }
    }
}
