//! Who reads a variable, and as what.

use super::{EnvNames, Provider};

/// As what a provider's clients read a variable. Each is a list of [`EnvNames`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// An API key.
    ApiKey,
    /// An OAuth access token.
    OauthToken,
    /// A key or a token.
    Either,
    /// Where to send requests.
    BaseUrl,
    /// Headers to add to requests, among which a credential may be.
    Headers,
    /// Which account, project or resource it is about: no credential, and of no use without one.
    Account,
    /// What else decides where a credential goes or who pays.
    Steering,
}

/// One provider that reads a variable.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The provider.
    pub provider: &'a Provider,
    /// As what.
    pub role: Role,
    /// Whether programs that use no model read it, too: it is not this provider's alone.
    pub is_shared: bool,
}

impl Role {
    pub(super) const ALL: [Self; 7] =
        [Self::ApiKey, Self::OauthToken, Self::Either, Self::BaseUrl, Self::Headers, Self::Account, Self::Steering];

    /// The list of a row in which the names are.
    pub(super) fn field(self) -> &'static str {
        match self {
            Self::ApiKey => "env.api_key",
            Self::OauthToken => "env.oauth_token",
            Self::Either => "env.either",
            Self::BaseUrl => "env.base_url",
            Self::Headers => "env.headers",
            Self::Account => "env.account",
            Self::Steering => "env.steering",
        }
    }

    /// Whether it holds a credential.
    pub fn is_credential(self) -> bool {
        matches!(self, Self::ApiKey | Self::OauthToken | Self::Either)
    }
}

impl EnvNames {
    /// The variables that are read so.
    pub fn names(&self, role: Role) -> &[String] {
        match role {
            Role::ApiKey => &self.api_key,
            Role::OauthToken => &self.oauth_token,
            Role::Either => &self.either,
            Role::BaseUrl => &self.base_url,
            Role::Headers => &self.headers,
            Role::Account => &self.account,
            Role::Steering => &self.steering,
        }
    }

    pub(super) fn of_mut(&mut self, role: Role) -> &mut Vec<String> {
        match role {
            Role::ApiKey => &mut self.api_key,
            Role::OauthToken => &mut self.oauth_token,
            Role::Either => &mut self.either,
            Role::BaseUrl => &mut self.base_url,
            Role::Headers => &mut self.headers,
            Role::Account => &mut self.account,
            Role::Steering => &mut self.steering,
        }
    }

    /// As what a variable is read, if at all; case does not count.
    fn roles(&self, variable: &str) -> impl Iterator<Item = Role> {
        let is_it = move |name: &String| name.eq_ignore_ascii_case(variable);
        Role::ALL.into_iter().filter(move |role| self.names(*role).iter().any(is_it))
    }
}

impl Provider {
    /// As what this row's clients read a variable.
    pub(super) fn readings<'a>(&'a self, variable: &str) -> impl Iterator<Item = Reading<'a>> {
        let is_shared = self.env.shared.iter().any(|name| name.eq_ignore_ascii_case(variable));
        self.env.roles(variable).map(move |role| Reading { provider: self, role, is_shared })
    }
}
