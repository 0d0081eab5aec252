//! One credential of a provider, with where it came from and what stands against it.

use serde::{Deserialize, Serialize};

use super::custody::Custody;
use super::extra::Extra;
use super::fingerprint::Fingerprint;
use super::health::EntryHealth;
use super::material::{Grant, Material};
use super::name::Label;
use super::nonce::Nonce;
use super::secret::Secret;
use super::source::Source;

/// One credential of a provider.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// What tells it apart from the provider's other entries.
    pub label: Label,
    /// Changes with the secret, and only with it.
    pub version: u64,
    /// Where it came from.
    pub source: Source,
    /// Digest of the secret that identifies it: the key, or a grant's refresh token (its access token if it has none).
    pub fingerprint: Fingerprint,
    /// The credential itself.
    pub material: Material,
    /// Rest, verdicts and back-off.
    #[serde(default, skip_serializing_if = "EntryHealth::is_unmarked")]
    pub health: EntryHealth,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Entry {
    /// The OAuth grant, if it is one.
    pub fn grant(&self) -> Option<&Grant> {
        match &self.material {
            Material::Oauth(grant) => Some(grant),
            Material::ApiKey(_) | Material::Link(_) => None,
        }
    }

    /// The OAuth grant, to change it.
    pub(crate) fn grant_mut(&mut self) -> Option<&mut Grant> {
        match &mut self.material {
            Material::Oauth(grant) => Some(grant),
            Material::ApiKey(_) | Material::Link(_) => None,
        }
    }

    /// The secret a request would carry; a link's is in the other tool's file.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.material {
            Material::ApiKey(secret) => Some(secret),
            Material::Oauth(grant) => Some(&grant.access),
            Material::Link(_) => None,
        }
    }

    /// Whether the issuer rejected the grant.
    pub fn is_lost(&self) -> bool {
        matches!(self.grant(), Some(Grant { custody: Custody::Lost(_), .. }))
    }

    /// The attempt whose outcome it still waits for, or that was taken for dead and not replaced.
    pub fn custody_attempt(&self) -> Option<Nonce> {
        self.grant()?.custody.attempt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{acme, key, named, stored};

    #[test]
    fn what_does_not_stand_against_an_entry_is_left_out_and_an_earlier_program_s_zeros_say_the_same() {
        let mut entry = stored([named("a", key("key-1"))]).pool(acme().as_str())[0].clone();
        let mut told = serde_json::to_value(&entry).unwrap();
        assert!(told.get("health").is_none(), "{told}");
        assert_eq!(serde_json::from_value::<Entry>(told.clone()).unwrap(), entry);
        told["health"] = serde_json::json!({"failures": 0, "uses": 0});
        assert_eq!(serde_json::from_value::<Entry>(told).unwrap(), entry);
        entry.health.uses = 1;
        let told = serde_json::to_value(&entry).unwrap();
        assert_eq!(told["health"], serde_json::json!({"uses": 1}));
        assert_eq!(serde_json::from_value::<Entry>(told).unwrap(), entry);
    }
}
