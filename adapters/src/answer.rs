//! What an issuer answered to a refresh token, in the words of a program that presents one itself.

use std::fmt;
use std::time::Duration;

use credlatch_core::rotation::{Exchanged, Fresh};
use credlatch_core::secret::Secret;

use crate::when::whole_ms;

/// What an issuer answered to a refresh token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// New tokens.
    Granted(Tokens),
    /// The issuer rejects this refresh token for good, with this OAuth error code, such as `invalid_grant`.
    Rejected(String),
    /// Nothing was sent, or the answer can't have consumed the token. Try again later.
    NotConsumed {
        /// How long the issuer wants to be left alone, if it said so.
        retry_after: Option<Duration>,
    },
    /// It was sent, and no usable answer came: the issuer may have spent it.
    Unknown,
}

/// The tokens of a good answer: [`Tokens::new`], and what else it said.
///
/// ```
/// use std::time::Duration;
/// use credlatch::{Secret, Tokens};
///
/// # fn main() -> Result<(), credlatch::BadSecret> {
/// let tokens = Tokens::new(Secret::try_from("access-1")?)
///     .with_refresh(Secret::try_from("refresh-1")?)
///     .expiring_in(Duration::from_secs(3600));
/// assert!(tokens.refresh.is_some() && tokens.scopes.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Tokens {
    /// The new access token.
    pub access: Secret,
    /// The new refresh token; without one the old stays good.
    pub refresh: Option<Secret>,
    /// The access token's lifetime, if the issuer gave one.
    pub expires_in: Option<Duration>,
    /// The granted scopes, if the issuer named them.
    pub scopes: Option<Vec<String>>,
}

impl Tokens {
    /// An access token without a known end, and nothing that renews it.
    pub fn new(access: Secret) -> Self {
        Self { access, refresh: None, expires_in: None, scopes: None }
    }

    /// The same with a refresh token.
    #[must_use]
    pub fn with_refresh(self, refresh: Secret) -> Self {
        Self { refresh: Some(refresh), ..self }
    }

    /// The same, and the access token ends so long after it came.
    #[must_use]
    pub fn expiring_in(self, lifetime: Duration) -> Self {
        Self { expires_in: Some(lifetime), ..self }
    }

    /// The same, for these scopes.
    #[must_use]
    pub fn with_scopes(self, scopes: Vec<String>) -> Self {
        Self { scopes: Some(scopes), ..self }
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("expires_in", &self.expires_in)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

impl From<Tokens> for Fresh {
    fn from(tokens: Tokens) -> Self {
        Self {
            access: tokens.access,
            refresh: tokens.refresh,
            expires_in_ms: tokens.expires_in.map(whole_ms),
            scopes: tokens.scopes,
        }
    }
}

impl From<Answer> for Exchanged {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Granted(tokens) => Self::Granted(tokens.into()),
            Answer::Rejected(code) => Self::Rejected { code },
            Answer::NotConsumed { retry_after } => Self::NotConsumed { retry_after_ms: retry_after.map(whole_ms) },
            Answer::Unknown => Self::Unknown,
        }
    }
}
