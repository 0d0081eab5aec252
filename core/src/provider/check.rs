//! What a table must satisfy before anything trusts it.

use core::net::Ipv6Addr;
use std::collections::BTreeMap;

use super::{Dialect, OAuth, Provider, endpoint};
use crate::name::ProviderId;

/// Why rows can't be a table. No variant repeats a URL: one may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTable {
    /// An id or alias names two rows.
    #[error("`{name}` names both {first} and {second}; ids and aliases must differ")]
    Ambiguous {
        /// The id or alias.
        name: ProviderId,
        /// The row that had it first.
        first: ProviderId,
        /// The row that wants it too.
        second: ProviderId,
    },
    /// Not a name that a program could read. A shell can't assign one that begins with a digit, but passes it on.
    #[error("{provider}: a variable's name is made of letters, digits and `_`, and not of digits alone")]
    BadVariable {
        /// The row.
        provider: ProviderId,
    },
    /// Too short a prefix would take ordinary values for secrets.
    #[error(
        "{provider}: a token prefix has 3 to 64 printable characters and no space, and is not `sk-`, which is many providers'"
    )]
    BadPrefix {
        /// The row.
        provider: ProviderId,
    },
    /// A native host is not a bare host name.
    #[error("{provider}: a native host is a host name, without scheme, port or path")]
    BadHost {
        /// The row.
        provider: ProviderId,
    },
    /// A URL to which no secret may be sent.
    #[error("{provider}: {field}: {why}")]
    Endpoint {
        /// The row.
        provider: ProviderId,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: BadEndpoint,
    },
    /// A time that is out of bounds.
    #[error("{provider}: oauth.{field} must be from {min} to {max} seconds")]
    BadDuration {
        /// The row.
        provider: ProviderId,
        /// The field.
        field: &'static str,
        /// The least.
        min: u64,
        /// The most.
        max: u64,
    },
    /// The flow can't work without this field.
    #[error("{provider}: this oauth.flow needs oauth.{field}")]
    Incomplete {
        /// The row.
        provider: ProviderId,
        /// The field that is missing.
        field: &'static str,
    },
}

/// Why no secret may be sent to a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoint {
    /// Not an `http` or `https` URL, or one that two readers could understand differently.
    #[error("not a plain http or https URL")]
    NotAUrl,
    /// A user name or password before the host.
    #[error("a URL here has no user name or password")]
    HasUserinfo,
    /// Plain `http` beyond this machine.
    #[error("use https; plain http goes to 127.0.0.0/8, ::1 and localhost only")]
    NotEncrypted,
}

pub(super) fn rows(rows: &[Provider]) -> Result<(), BadTable> {
    names(rows)?;
    rows.iter().try_for_each(row)
}

fn names(rows: &[Provider]) -> Result<(), BadTable> {
    let mut seen: BTreeMap<&ProviderId, &ProviderId> = BTreeMap::new();
    for row in rows {
        for name in std::iter::once(&row.id).chain(&row.aliases) {
            if let Some(first) = seen.insert(name, &row.id) {
                let (name, first, second) = (name.clone(), first.clone(), row.id.clone());
                return Err(BadTable::Ambiguous { name, first, second });
            }
        }
    }
    Ok(())
}

fn row(row: &Provider) -> Result<(), BadTable> {
    let provider = || row.id.clone();
    let others = row.env.account.iter().chain(&row.env.shared).map(String::as_str);
    if !row.all_names().chain(others).all(is_variable) {
        return Err(BadTable::BadVariable { provider: provider() });
    }
    if !row.token_prefixes.iter().all(|(prefix, _)| is_prefix(prefix)) {
        return Err(BadTable::BadPrefix { provider: provider() });
    }
    if !row.native_hosts.iter().all(|host| is_host(host)) {
        return Err(BadTable::BadHost { provider: provider() });
    }
    let urls = &row.base_urls;
    base_url(row, "base_urls.own", urls.own.as_deref())?;
    base_url(row, "base_urls.anthropic", urls.anthropic.as_deref())?;
    base_url(row, "base_urls.openai", urls.openai.as_deref())?;
    url(row, "key_url", row.key_url.as_deref())?;
    row.oauth.as_ref().map_or(Ok(()), |oauth| check_oauth(row, oauth))
}

fn check_oauth(row: &Provider, oauth: &OAuth) -> Result<(), BadTable> {
    let device = oauth.device_authorization_endpoint.as_deref();
    let browser = oauth.authorization_endpoint.as_deref();
    let token = oauth.token_endpoint.as_deref();
    url(row, "oauth.device_authorization_endpoint", device)?;
    url(row, "oauth.authorization_endpoint", browser)?;
    url(row, "oauth.token_endpoint", token)?;
    url(row, "oauth.revocation_endpoint", oauth.revocation_endpoint.as_deref())?;

    for former in &oauth.former_origins {
        url(row, "oauth.former_origins", Some(former))?;
    }

    let device = ("device_authorization_endpoint", device);
    let browser = ("authorization_endpoint", browser);
    let (token, client) = (("token_endpoint", token), ("client_id", oauth.client_id.as_deref()));
    let needed = match oauth.flow {
        Some(Dialect::Device | Dialect::CodexDevice) => vec![device, token, client],
        Some(Dialect::Loopback) => vec![browser, token, client],
        Some(Dialect::ClaudeLink) | None => vec![],
    };
    if let Some((field, _)) = needed.into_iter().find(|(_, value)| value.is_none_or(str::is_empty)) {
        return Err(BadTable::Incomplete { provider: row.id.clone(), field });
    }

    let (skew, timeout, grace) = (oauth.refresh_skew_secs, oauth.http_timeout_secs, oauth.grace_secs);
    let bounds = [
        ("refresh_skew_secs", skew, 0, 86_400),
        ("http_timeout_secs", timeout, 1, 120),
        ("grace_secs", grace, 0, 3_600),
    ];
    match bounds.into_iter().find(|(_, value, min, max)| !(min..=max).contains(&value)) {
        Some((field, _, min, max)) => Err(BadTable::BadDuration { provider: row.id.clone(), field, min, max }),
        None => Ok(()),
    }
}

/// Where no key is wanted none is sent, so a server on the network at home may be asked unencrypted.
fn base_url(row: &Provider, field: &'static str, text: Option<&str>) -> Result<(), BadTable> {
    match url(row, field, text) {
        Err(BadTable::Endpoint { why: BadEndpoint::NotEncrypted, .. }) if row.keyless => Ok(()),
        result => result,
    }
}

fn url(row: &Provider, field: &'static str, text: Option<&str>) -> Result<(), BadTable> {
    text.map_or(Ok(()), |text| match endpoint(text) {
        Ok(_) => Ok(()),
        Err(why) => Err(BadTable::Endpoint { provider: row.id.clone(), field, why }),
    })
}

fn is_variable(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(plain) && !name.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_prefix(prefix: &str) -> bool {
    let is_long_enough = prefix.len() >= 4 || (prefix.len() == 3 && prefix.ends_with('_'));
    is_long_enough && prefix.len() <= 64 && prefix.bytes().all(|byte| byte.is_ascii_graphic())
}

fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    host.parse::<Ipv6Addr>().is_ok() || (!host.is_empty() && host.bytes().all(plain))
}
