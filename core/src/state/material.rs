//! The credential itself: a key, a grant of ours, or a link to another tool's login.

use serde::{Deserialize, Serialize};

use super::custody::{Claim, Custody};
use super::extra::Extra;
use super::fingerprint::{Fingerprint, digest, fingerprint};
use super::origin::Origins;
use super::secret::{Secret, stored, stored_option};
use super::shared::Shared;
use super::time::{Expiry, Stamp};

/// What kind of credential an entry is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Material {
    /// A key that doesn't change by itself.
    ApiKey(#[serde(with = "stored")] Secret),
    /// An OAuth grant that we own and rotate.
    Oauth(Box<Grant>),
    /// A login that another tool owns: its file is read live, and its refresh token is never spent.
    Link(Link),
}

/// An OAuth grant (RFC 6749).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// The access token.
    #[serde(with = "stored")]
    pub access: Secret,
    /// The refresh token, if the issuer gave one.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    pub refresh: Option<Secret>,
    /// When the access token ends.
    pub expiry: Expiry,
    /// When the access token was received.
    pub issued: Stamp,
    /// What it may do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Who may present the refresh token now.
    pub custody: Custody,
    /// Where its row sent secrets when it came; none if an older version stored it and nothing was committed since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origins: Option<Origins>,
    /// Set if the refresh token may be in another copy of the store too: then it is not presented.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// A login that another tool owns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Link {
    /// The other tool's file.
    pub path: String,
    /// Digest of what identifies the account behind it; if it changes the link is suspended.
    pub account: Fingerprint,
    /// Set when another account appeared behind the link.
    #[serde(default)]
    pub suspended: bool,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Material {
    /// The refresh token, if it is a grant that has one.
    pub fn refresh(&self) -> Option<&Secret> {
        match self {
            Self::Oauth(grant) => grant.refresh.as_ref(),
            Self::ApiKey(_) | Self::Link(_) => None,
        }
    }

    /// The digest of what identifies a credential: the key, a grant's refresh token (its access token if it has none), or a
    /// link's file and the account in it.
    pub fn fingerprint(&self) -> Fingerprint {
        match self {
            Self::ApiKey(key) => fingerprint(key),
            Self::Oauth(grant) => fingerprint(grant.revocable()),
            Self::Link(Link { path, account, .. }) => digest(&["link", path, &account.to_string()]),
        }
    }
}

impl Grant {
    /// The claim of the act in progress.
    pub fn claim(&self) -> Option<&Claim> {
        match &self.custody {
            Custody::Rotating(claim) => Some(claim),
            Custody::Settled | Custody::InDoubt(_) | Custody::Lost(_) => None,
        }
    }

    /// Whether its access token has ended and nothing can renew it.
    pub fn is_over(&self, now: &Stamp) -> bool {
        self.refresh.is_none() && self.expiry.left_ms(now) == 0
    }

    /// The token to name in a revocation: with the refresh token an issuer revokes the access token too (RFC 7009, 2.1).
    pub(crate) fn revocable(&self) -> &Secret {
        self.refresh.as_ref().unwrap_or(&self.access)
    }
}
