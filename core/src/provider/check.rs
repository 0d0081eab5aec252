//! What a table must satisfy before anything trusts it.

use core::net::Ipv6Addr;
use std::collections::BTreeMap;

use super::{Dialect, OAuth, Provider, Reserved, Role, endpoint, reserved};
use crate::state::name::ProviderId;

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
    #[error(
        "`{provider}`: `{field}[{at}]`: a variable's name is made of letters, digits and `_`, and not of digits alone"
    )]
    BadVariable {
        /// The row.
        provider: ProviderId,
        /// The list.
        field: &'static str,
        /// The place in it.
        at: usize,
    },
    /// A name that means something to every program.
    #[error("`{provider}`: `{field}[{at}]`: {name} can't be a provider's: {why}")]
    ReservedVariable {
        /// The row.
        provider: ProviderId,
        /// The list.
        field: &'static str,
        /// The place in it.
        at: usize,
        /// The variable.
        name: String,
        /// Who reads it.
        why: Reserved,
    },
    /// Too short a prefix would take ordinary values for secrets.
    #[error(
        "`{provider}`: `{field}[{at}]`: a token prefix has 4 to 64 letters, digits, `_`, `-` and `.`, or 3 of which the last is `_`, \
          begins with a letter or digit, and is not a word in small letters"
    )]
    BadPrefix {
        /// The row.
        provider: ProviderId,
        /// The list.
        field: &'static str,
        /// The place in it.
        at: usize,
    },
    /// A native host is not a bare host name.
    #[error("`{provider}`: `native_hosts[{at}]`: a native host is a host name, without scheme, port or path")]
    BadHost {
        /// The row.
        provider: ProviderId,
        /// The place in the list.
        at: usize,
    },
    /// A URL to which no secret may be sent.
    #[error("`{provider}`: `{field}`: {why}")]
    Endpoint {
        /// The row.
        provider: ProviderId,
        /// The field.
        field: &'static str,
        /// What is wrong.
        why: BadEndpoint,
    },
    /// A time that is out of bounds.
    #[error("`{provider}`: `oauth.{field}` must be from {min} to {max} seconds")]
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
    #[error("`{provider}`: `oauth.flow` needs `oauth.{field}`")]
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
    for role in Role::ALL {
        variables(row, role.field(), row.env.names(role), role.is_credential() || role == Role::BaseUrl)?;
    }
    variables(row, "env.shared", &row.env.shared, false)?;
    let prefixes = &row.token_prefixes;
    for (field, list) in [
        ("token_prefixes.api_key", &prefixes.api_key),
        ("token_prefixes.oauth_token", &prefixes.oauth_token),
        ("token_prefixes.other", &prefixes.other),
    ] {
        if let Some(at) = list.iter().position(|prefix| !is_prefix(prefix)) {
            return Err(BadTable::BadPrefix { provider: provider(), field, at });
        }
    }
    if let Some(at) = row.native_hosts.iter().position(|host| !is_host(host)) {
        return Err(BadTable::BadHost { provider: provider(), at });
    }
    let urls = &row.base_urls;
    base_url(row, "base_urls.own", urls.own.as_deref())?;
    base_url(row, "base_urls.anthropic", urls.anthropic.as_deref())?;
    base_url(row, "base_urls.openai", urls.openai.as_deref())?;
    url(row, "key_url", row.key_url.as_deref())?;
    row.oauth.as_ref().map_or(Ok(()), |oauth| check_oauth(row, oauth))
}

/// The names in a list. `holds` says whether a key or an address may be in them, which `run` sets and `import` reads.
fn variables(row: &Provider, field: &'static str, names: &[String], holds: bool) -> Result<(), BadTable> {
    for (at, name) in names.iter().enumerate() {
        let provider = row.id.clone();
        if !is_variable(name) {
            return Err(BadTable::BadVariable { provider, field, at });
        }
        let of_plan = || holds.then(|| reserved::of_plan(name)).flatten();
        if let Some(why) = reserved::of_system(name).or_else(of_plan) {
            // It is one of our own lists or begins like one, and still somebody's text.
            let name = name.chars().take(40).collect();
            return Err(BadTable::ReservedVariable { provider, field, at, name, why });
        }
    }
    Ok(())
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
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let is_word = prefix.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_long_enough = prefix.len() >= 4 || (prefix.len() == 3 && prefix.ends_with('_'));
    is_long_enough
        && prefix.len() <= 64
        && prefix.bytes().all(is_token)
        && prefix.starts_with(|first: char| first.is_ascii_alphanumeric())
        && !is_word
}

fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    host.parse::<Ipv6Addr>().is_ok() || (!host.is_empty() && host.bytes().all(plain))
}
