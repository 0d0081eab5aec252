//! Refresh tokens that no entry holds any more, because their entries were removed, cleared or replaced: each is remembered
//! with its fate, since a request with it may still be in flight, or may have spent it.

use serde::{Deserialize, Serialize};

use super::custody::{Claim, Doubt, Lost};
use super::extra::Extra;
use super::fingerprint::Fingerprint;
use super::mark::Mark;
use super::nonce::Nonce;
use super::shared::Shared;

/// Refresh tokens that are remembered in one profile after no entry holds them; the oldest are forgotten first, but never one
/// that an actor presents.
pub const MAX_KNOWN_TOKENS: usize = 256;

/// A refresh token that no entry holds any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct KnownToken {
    /// What it was.
    #[serde(flatten)]
    pub mark: Mark,
    /// What became of it.
    pub fate: Fate,
    /// Set if it may be in another copy of the store too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shared: Option<Shared>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The same with the mark's fields by name: a mark that is flattened would be put aside and parsed once more, hundreds of times for
/// each commit.
#[derive(Deserialize)]
struct Stored {
    fingerprint: Fingerprint,
    #[serde(default)]
    fingerprint_key: Option<Fingerprint>,
    fate: Fate,
    #[serde(default)]
    shared: Option<Shared>,
    #[serde(flatten)]
    extra: Extra,
}

impl From<Stored> for KnownToken {
    fn from(stored: Stored) -> Self {
        let Stored { fingerprint, fingerprint_key: key, fate, shared, extra } = stored;
        Self { mark: Mark { fingerprint, key }, fate, shared, extra }
    }
}

/// What became of a refresh token that no entry holds any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// Nothing stands against it but that another copy of the store may hold it.
    Unspent,
    /// The issuer granted another one for it.
    Spent,
    /// An actor is presenting it.
    Rotating(Claim),
    /// An actor died while presenting it, or got no usable answer.
    InDoubt(Doubt),
    /// The issuer rejected it.
    Lost(Lost),
}

impl Fate {
    /// The attempt whose outcome is still awaited, or was taken for dead and not replaced.
    pub(crate) fn attempt(&self) -> Option<Nonce> {
        match self {
            Self::Rotating(claim) => Some(claim.attempt),
            Self::InDoubt(doubt) => Some(doubt.attempt),
            Self::Unspent | Self::Spent | Self::Lost(_) => None,
        }
    }

    /// Whether it may be presented once more, by whoever stores it again.
    pub(crate) fn may_be_presented(&self) -> bool {
        matches!(self, Self::Unspent | Self::Rotating(_) | Self::InDoubt(_))
    }

    /// The claim of the actor that presents it.
    pub fn claim(&self) -> Option<&Claim> {
        match self {
            Self::Rotating(claim) => Some(claim),
            Self::Unspent | Self::Spent | Self::InDoubt(_) | Self::Lost(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_written_as_it_was_read_with_fields_of_a_newer_version() {
        let plain = r#"{"fingerprint":"sha256:00010203040506ff","fate":"spent"}"#;
        let all = r#"{"fingerprint":"sha256:00010203040506ff","fingerprint_key":"sha256:ff00000000000000","fate":"unspent","shared":"copied","later":{"a":[1]}}"#;
        for json in [plain, all] {
            let known: KnownToken = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&known).unwrap(), json);
        }
        let nameless = serde_json::from_str::<KnownToken>(r#"{"fate":"spent"}"#);
        assert!(nameless.unwrap_err().to_string().contains("fingerprint"));
    }
}
