//! A provider is a row of data: its names, its variables, where its keys may be sent, how its tokens are renewed.
//!
//! The well-known rows that ship are [`BUILT_IN_JSON`], and the others a text beside it ([`Table::with_field`]); a user's file
//! has the form of the first. Whoever adds a provider writes a row and no code. Rows become usable only as a [`Table`], which
//! refuses what would be unsafe or ambiguous.

mod belongs;
mod check;
mod endpoint;
mod field;
mod lookup;
mod material;
mod names;
mod oauth;
mod pasted;
mod reading;
mod reserved;
pub mod sniff;
mod table;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use belongs::Misdirected;
pub use check::{BadEndpoint, BadTable};
pub use endpoint::endpoint;
pub use oauth::{Dialect, OAuth};
pub use pasted::{LeftOff, NotAKey, Pasted, alone, is_utf16, pasted};
pub use reading::{Reading, Role};
pub use reserved::Reserved;
pub use table::{Replaced, Table, UnknownProvider};

use crate::state::name::ProviderId;
use crate::state::origin::{Origin, Origins};
pub use crate::state::url::Url;

/// The well-known rows of the provider table, as JSON text: a [`TableFile`]. The core has no JSON parser, so adapters parse it.
pub const BUILT_IN_JSON: &str = include_str!("providers.json");

/// The form of a provider table on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// The rows.
    pub providers: Vec<Provider>,
}

/// One row: everything credlatch knows about a provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    /// The canonical id, under which credentials are stored.
    pub id: ProviderId,
    /// Other names people use for it.
    #[serde(default)]
    pub aliases: Vec<ProviderId>,
    /// What people call it; the id where the row does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its environment variables.
    #[serde(default)]
    pub env: EnvNames,
    /// Where it answers, by the dialect that is spoken there.
    #[serde(default)]
    pub base_urls: BaseUrls,
    /// The exact hosts that are this provider; a key sent to any other host has leaked.
    #[serde(default)]
    pub native_hosts: Vec<String>,
    /// How its secrets begin, by which one is recognised in a variable of any name.
    #[serde(default)]
    pub token_prefixes: TokenPrefixes,
    /// The header in which an API key travels.
    #[serde(default)]
    pub auth: AuthStyle,
    /// Whether its server answers without a key, as one on this machine may. A key that is stored is used all the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keyless: bool,
    /// The page where a person gets a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_url: Option<String>,
    /// How its tokens are obtained and renewed, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth: Option<OAuth>,
}

/// A provider's environment variables, by what they are for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnvNames {
    /// An API key is set in each of these.
    #[serde(default)]
    pub api_key: Vec<String>,
    /// An OAuth access token is set in each of these.
    #[serde(default)]
    pub oauth_token: Vec<String>,
    /// Where the provider's clients read a base URL.
    #[serde(default)]
    pub base_url: Vec<String>,
    /// Tools put a key or a token here; its content tells which. Read and dropped, never set, except by a shape.
    #[serde(default)]
    pub either: Vec<String>,
    /// Headers to add to each request are set in each of these; a credential may be among them. Dropped.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// Names an account, a project or a resource. It is no credential, so it is passed on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub account: Vec<String>,
    /// Holds no key of its own, yet decides where one goes or who pays: extra headers, switches to a cloud. Dropped.
    #[serde(default)]
    pub steering: Vec<String>,
    /// Those of the names above that programs read for other things than models, too: the provider's, and not its alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shared: Vec<String>,
}

/// Where a provider answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseUrls {
    /// Put into the provider's own base URL variables. Only a gateway of one's own needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<String>,
    /// Where it speaks Anthropic's dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anthropic: Option<String>,
    /// Where it speaks OpenAI's dialect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub openai: Option<String>,
}

/// How a provider's secrets begin. The longest prefix that fits decides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPrefixes {
    /// Of API keys.
    #[serde(default)]
    pub api_key: Vec<String>,
    /// Of OAuth access tokens.
    #[serde(default)]
    pub oauth_token: Vec<String>,
    /// Of secrets that belong in no variable, such as refresh tokens.
    #[serde(default)]
    pub other: Vec<String>,
}

/// What sort of credential it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WireKind {
    /// A key that works until somebody revokes it.
    ApiKey,
    /// An access token of an OAuth grant.
    OauthToken,
}

/// The header in which an API key travels. An OAuth token is always a bearer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuthStyle {
    /// `Authorization: Bearer …`
    #[default]
    Bearer,
    /// `x-api-key: …`
    XApiKey,
    /// `x-goog-api-key: …`
    XGoogApiKey,
}

impl Provider {
    /// A row of which only the id is known.
    pub fn named(id: ProviderId) -> Self {
        Self {
            id,
            aliases: Vec::new(),
            name: None,
            env: EnvNames::default(),
            base_urls: BaseUrls::default(),
            native_hosts: Vec::new(),
            token_prefixes: TokenPrefixes::default(),
            auth: AuthStyle::default(),
            keyless: false,
            key_url: None,
            oauth: None,
        }
    }

    /// What people call it.
    pub fn display_name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.id.as_str())
    }

    /// Every variable that can hold one of its credentials: what `import` reads and `clear` removes from a `.env`.
    pub fn credential_names(&self) -> impl Iterator<Item = &str> {
        let env = &self.env;
        env.api_key.iter().chain(&env.oauth_token).chain(&env.either).map(String::as_str)
    }

    /// Every variable that holds, redirects or bills one of its credentials: what no child of another provider may see.
    pub fn all_names(&self) -> impl Iterator<Item = &str> {
        let others = self.env.base_url.iter().chain(&self.env.headers).chain(&self.env.steering);
        self.credential_names().chain(others.map(String::as_str))
    }

    /// The variables in which a child looks for a credential of this kind. A bearer token may stand in for a key, so a
    /// row without token variables gets the token in its key variables.
    pub fn names_for(&self, kind: WireKind) -> &[String] {
        match kind {
            WireKind::OauthToken if !self.env.oauth_token.is_empty() || self.auth != AuthStyle::Bearer => {
                &self.env.oauth_token
            }
            _ => &self.env.api_key,
        }
    }

    /// Every origin to which a credential of this provider may be sent by this row.
    pub fn origins(&self) -> BTreeSet<Origin> {
        let native = self.native_hosts.iter().map(|host| {
            let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            format!("https://{host}")
        });
        let urls = &self.base_urls;
        let bases = [&urls.own, &urls.anthropic, &urls.openai].into_iter().flatten().cloned();
        let endpoints = self.oauth.iter().flat_map(|oauth| {
            let (device, browser) = (&oauth.device_authorization_endpoint, &oauth.authorization_endpoint);
            [device, browser, &oauth.token_endpoint, &oauth.revocation_endpoint].into_iter().flatten().cloned()
        });
        native.chain(bases).chain(endpoints).filter_map(|url| Origin::of(&url)).collect()
    }

    /// Where it sends a grant's secrets.
    pub fn grant_origins(&self) -> Origins {
        let of = |url: fn(&OAuth) -> &Option<String>| Origin::of(url(self.oauth.as_ref()?).as_deref()?);
        Origins { token: of(|oauth| &oauth.token_endpoint), revocation: of(|oauth| &oauth.revocation_endpoint) }
    }

    /// Whether a URL's host is exactly one of this provider's own.
    pub fn is_native(&self, url: &Url<'_>) -> bool {
        self.native_hosts.iter().any(|host| host.eq_ignore_ascii_case(url.host))
    }
}

impl TokenPrefixes {
    /// The prefixes, each with the kind of credential it tells; `None` for what belongs in no variable.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Option<WireKind>)> {
        let keys = self.api_key.iter().map(|prefix| (prefix.as_str(), Some(WireKind::ApiKey)));
        let tokens = self.oauth_token.iter().map(|prefix| (prefix.as_str(), Some(WireKind::OauthToken)));
        keys.chain(tokens).chain(self.other.iter().map(|prefix| (prefix.as_str(), None)))
    }
}

impl AuthStyle {
    /// The header's name, and what stands in it before the secret.
    pub fn header(self, kind: WireKind) -> (&'static str, &'static str) {
        match (kind, self) {
            (WireKind::ApiKey, Self::XApiKey) => ("x-api-key", ""),
            (WireKind::ApiKey, Self::XGoogApiKey) => ("x-goog-api-key", ""),
            _ => ("authorization", "Bearer "),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
