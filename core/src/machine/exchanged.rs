//! What an issuer answers to a refresh token, and the grant that its tokens make.

use serde::{Deserialize, Serialize};

use crate::state::extra::Extra;
use crate::state::secret::{Secret, stored, stored_option};
use crate::state::time::{Expiry, Stamp};
use crate::state::turned_away::TurnedAway;
use crate::state::unreached::Unreached;
use crate::state::{Custody, Grant};

/// How an issuer answered a refresh token.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exchanged {
    /// New tokens.
    Granted(Fresh),
    /// These bytes are dead.
    Rejected {
        /// The OAuth error code.
        code: String,
    },
    /// Nothing was sent, or the answer can't have consumed the token.
    NotConsumed {
        /// How long the issuer wants to be left alone, if it said so.
        retry_after_ms: Option<u64>,
    },
    /// The issuer answered, and turned the request away without a look at the token.
    TurnedAway {
        /// What it answered.
        answer: TurnedAway,
        /// How long it wants to be left alone, if it said so.
        retry_after_ms: Option<u64>,
    },
    /// Nothing was sent, because this stood between here and the issuer.
    Unreached(Unreached),
    /// Nothing was sent, because nobody who is trusted vouches for the server that answered as the issuer.
    Untrusted,
    /// It was sent, and no usable answer came: the issuer may have spent it.
    Unknown,
}

/// The tokens of a good answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fresh {
    /// The new access token.
    #[serde(with = "stored")]
    pub access: Secret,
    /// The new refresh token; without one the old stays good.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "stored_option")]
    pub refresh: Option<Secret>,
    /// The access token's lifetime in milliseconds, if the issuer gave one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_ms: Option<u64>,
    /// The granted scopes, if the issuer named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<String>>,
}

impl Fresh {
    /// What an issuer is told to revoke: the refresh token, or the access token where there is no other.
    pub fn revocable(&self) -> &Secret {
        self.refresh.as_ref().unwrap_or(&self.access)
    }

    /// The grant that these tokens make, received at this time.
    pub fn grant(&self, now: &Stamp) -> Grant {
        Grant {
            access: self.access.clone(),
            refresh: self.refresh.clone(),
            expiry: self.expiry(now),
            issued: *now,
            scopes: self.scopes.clone().unwrap_or_default(),
            custody: Custody::Settled,
            origins: None,
            shared: None,
            extra: Extra::default(),
        }
    }

    /// When the new access token ends, counted from the answer.
    pub fn expiry(&self, now: &Stamp) -> Expiry {
        self.expires_in_ms.map_or(Expiry::Never, |ms| Expiry::After(now.plus_ms(ms)))
    }
}
