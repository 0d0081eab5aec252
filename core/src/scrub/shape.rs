//! What is set for a child, by the shape it expects.

use crate::name::ProviderId;
use crate::provider::{Kind, Provider, Url, sniff};

use super::{ChildCredential, Missing, PlanError, Shape, Value, Wanted};

/// A foreign dialect: a base URL in one variable, the key in another.
pub(super) struct Dialect {
    pub(super) shape: Shape,
    pub(super) url: &'static str,
    pub(super) key: &'static str,
}

pub(super) const SHAPES: [Dialect; 2] = [
    Dialect { shape: Shape::Anthropic, url: "ANTHROPIC_BASE_URL", key: "ANTHROPIC_AUTH_TOKEN" },
    Dialect { shape: Shape::OpenAi, url: "OPENAI_BASE_URL", key: "OPENAI_API_KEY" },
];

impl Dialect {
    /// Where this provider speaks the dialect, if it does.
    pub(super) fn endpoint<'a>(&self, provider: &'a Provider) -> Option<&'a str> {
        match self.shape {
            Shape::Own => provider.base_urls.own.as_deref(),
            Shape::Anthropic => provider.base_urls.anthropic.as_deref(),
            Shape::OpenAi => provider.base_urls.openai.as_deref(),
        }
    }

    /// Whether the dialect is this provider's mother tongue.
    pub(super) fn is_native_to(&self, provider: &Provider) -> bool {
        provider.env.base_url.iter().any(|name| name == self.url)
    }
}

pub(super) fn settings(wanted: &Wanted<'_>) -> Result<Vec<(String, Value)>, PlanError> {
    let provider = wanted.provider;
    let credential = wanted.credential.ok_or_else(|| Missing::of(provider))?;
    if let Some(owner) = stranger(wanted, credential) {
        return Err(PlanError::Foreign { provider: provider.id.clone(), owner });
    }
    let Some(dialect) = SHAPES.iter().find(|dialect| dialect.shape == wanted.shape) else {
        return own(provider, credential, provider.base_urls.own.as_deref());
    };
    let endpoint = dialect.endpoint(provider);
    if dialect.is_native_to(provider) {
        // Clients know the native address themselves; only a gateway has to be named.
        let is_home = |text: &&str| Url::parse(text).is_some_and(|url| provider.is_native(&url));
        return own(provider, credential, endpoint.filter(|text| !is_home(text)));
    }
    let no_endpoint = || PlanError::NoEndpoint { provider: provider.id.clone(), shape: wanted.shape };
    let endpoint = endpoint.ok_or_else(no_endpoint)?;
    Ok(vec![
        (dialect.url.to_owned(), Value::Plain(endpoint.to_owned())),
        (dialect.key.to_owned(), Value::Secret(credential.secret.clone())),
    ])
}

/// The provider's own variables, and its base URL where the row names one.
fn own(
    provider: &Provider,
    credential: &ChildCredential,
    url: Option<&str>,
) -> Result<Vec<(String, Value)>, PlanError> {
    let names = provider.names_for(credential.kind);
    if names.is_empty() {
        let field = if credential.kind == Kind::ApiKey { "api_key" } else { "oauth_token" };
        return Err(PlanError::NoVariable { provider: provider.id.clone(), field });
    }
    let secrets = names.iter().map(|name| (name.clone(), Value::Secret(credential.secret.clone())));
    let urls = provider.env.base_url.iter().zip(std::iter::repeat(url));
    let urls = urls.filter_map(|(name, url)| Some((name.clone(), Value::Plain(url?.to_owned()))));
    Ok(secrets.chain(urls).collect())
}

/// Whose secret is stored under this provider's name, if not its own.
fn stranger(wanted: &Wanted<'_>, credential: &ChildCredential) -> Option<ProviderId> {
    let found = sniff::tokens(wanted.table, credential.secret.expose_secret());
    found.iter().find(|token| !token.belongs_to(&wanted.provider.id)).map(|token| token.owners[0].clone())
}
