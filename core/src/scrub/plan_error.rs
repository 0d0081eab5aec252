//! Why there is no plan for a child, for people: what is so, and what to do about each.

use std::fmt;

use super::Shape;
use crate::provider::Provider;
use crate::state::name::ProviderId;

/// Nothing is stored that the child could use. What else lies around in the environment is no substitute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Missing {
    /// Whose credential it is.
    pub provider: ProviderId,
    /// The variables in which it would be.
    pub variables: Vec<String>,
    /// Whether a person can sign in from here.
    pub can_login: bool,
}

/// Why there is no plan. The child must not be started.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// There is no credential.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// The provider is not known to speak that dialect.
    #[error("{provider} has no {shape}-compatible base URL")]
    NoEndpoint {
        /// The provider.
        provider: ProviderId,
        /// The dialect.
        shape: Shape,
    },
    /// The provider's clients read no such credential from the environment.
    #[error("{provider} has no variable for this kind of credential")]
    NoVariable {
        /// The provider.
        provider: ProviderId,
        /// Where in the row a variable would be named.
        field: &'static str,
    },
    /// Two providers can't be told to one program.
    #[error("{first} and {second} can't be used by one program: both would be told in {name}")]
    Clash {
        /// The variable.
        name: String,
        /// Who is told in it.
        first: ProviderId,
        /// And who else.
        second: ProviderId,
    },
    /// What was to pass would decide which credential the child uses.
    #[error(
        "{name} can't be allowed here: a program that is started for {provider} reads it to learn whose credential to use, \
         and where to send it"
    )]
    NotAllowed {
        /// The variable.
        name: String,
        /// For whom the child is started.
        provider: ProviderId,
    },
    /// A key would be sent to another machine unencrypted.
    #[error("a key is stored for {provider}, whose row names plain http to another machine")]
    NotEncrypted {
        /// The provider.
        provider: ProviderId,
    },
    /// What is stored under one provider is another's secret.
    #[error("what is stored for {provider} begins like a credential of {owner}")]
    Foreign {
        /// The provider it is stored under.
        provider: ProviderId,
        /// Whose secret it looks like.
        owner: ProviderId,
    },
}

impl PlanError {
    /// What a person does about it.
    pub fn remedy(&self) -> String {
        match self {
            Self::Missing(missing) => missing.remedy(),
            Self::NoEndpoint { shape, .. } => format!("add `base_urls.{shape}` to its row in your providers file"),
            Self::NoVariable { field, .. } => format!("add one to `env.{field}` in its row"),
            Self::Clash { .. } => "start one program for each, or choose another `--as`".to_owned(),
            Self::NotAllowed { .. } => "leave it out of `--allow`, or start the program without credlatch".to_owned(),
            Self::NotEncrypted { provider } => format!(
                "run `credlatch clear {provider}`, as such a server wants no key, or name an https address in the row"
            ),
            Self::Foreign { provider, owner } => {
                format!("store it under {owner}, or list its prefix under `token_prefixes` in the row of {provider}")
            }
        }
    }
}

impl Missing {
    /// The error for this provider.
    pub fn for_provider(provider: &Provider) -> Self {
        let mut variables = provider.env.api_key.clone();
        variables.extend(provider.env.oauth_token.iter().filter(|name| !provider.env.api_key.contains(name)).cloned());
        let can_login = provider.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some());
        Self { provider: provider.id.clone(), variables, can_login }
    }

    /// What a person does about it.
    pub fn remedy(&self) -> String {
        let provider = &self.provider;
        let login = if self.can_login { format!(" or `credlatch login {provider}`") } else { String::new() };
        format!("run `credlatch set {provider}`{login}")
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.provider;
        write!(f, "no credential for {provider}")?;
        if !self.variables.is_empty() {
            write!(f, " ({} would be empty)", self.variables.join(", "))?;
        }
        Ok(())
    }
}
