//! The dialects that a child may expect instead of its provider's own: which variables say where a request goes and what
//! it carries, and what is set beside them.

use super::{ChildCredential, Shape, Value};
use crate::provider::{Provider, WireKind};

/// A foreign dialect: a base URL in one variable, the key in another.
pub(super) struct Dialect {
    pub(super) shape: Shape,
    pub(super) url: &'static str,
    pub(super) key: &'static str,
    /// How the names of its programs' own logins and switches begin.
    pub(super) families: &'static [&'static str],
    /// Set with it, so that its programs keep to the environment.
    pub(super) switches: &'static [&'static str],
    /// Set beside a login of the provider whose mother tongue it is, so that its programs tell it as one.
    pub(super) login: &'static [(&'static str, &'static str)],
}

pub(super) const SHAPES: [Dialect; 2] = [
    Dialect {
        shape: Shape::Anthropic,
        url: "ANTHROPIC_BASE_URL",
        key: "ANTHROPIC_AUTH_TOKEN",
        families: &["ANTHROPIC_", "CLAUDE_"],
        // Claude Code leaves out what its settings files say of credentials and addresses, as long as both are set here.
        switches: &["CLAUDE_CODE_PROVIDER_MANAGED_BY_HOST"],
        // Without this word in a header Anthropic takes no login as a bearer. Claude Code reads it in the first variable, the
        // SDKs in the second.
        login: &[
            ("ANTHROPIC_BETAS", "oauth-2025-04-20"),
            ("ANTHROPIC_CUSTOM_HEADERS", "anthropic-beta: oauth-2025-04-20"),
        ],
    },
    Dialect {
        shape: Shape::OpenAi,
        url: "OPENAI_BASE_URL",
        key: "OPENAI_API_KEY",
        families: &["OPENAI_", "CODEX_"],
        switches: &[],
        login: &[],
    },
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

    /// What is set beside the credential of the provider whose mother tongue it is.
    pub(super) fn native(
        &self,
        mut set: Vec<Setting>,
        provider: &Provider,
        credential: &ChildCredential,
    ) -> Vec<Setting> {
        if credential.kind == WireKind::OauthToken && !self.login.is_empty() {
            let plain = self.login.iter().map(|(name, text)| ((*name).to_owned(), Value::Plain((*text).to_owned())));
            set.push((self.key.to_owned(), Value::Secret(credential.secret.clone())));
            set.extend(plain);
        }
        self.guarded(set, provider)
    }

    /// Its switches, and the address without which its programs don't heed them.
    pub(super) fn guarded(&self, mut set: Vec<Setting>, provider: &Provider) -> Vec<Setting> {
        if self.switches.is_empty() {
            return set;
        }
        if let Some(url) = self.endpoint(provider).filter(|_| set.iter().all(|(name, _)| name != self.url)) {
            set.push((self.url.to_owned(), Value::Plain(url.to_owned())));
        }
        if set.iter().any(|(name, _)| name == self.url) {
            set.extend(self.switches.iter().map(|name| ((*name).to_owned(), Value::Plain("1".to_owned()))));
        }
        set
    }
}

/// A variable that is set, and to what.
pub(super) type Setting = (String, Value);
