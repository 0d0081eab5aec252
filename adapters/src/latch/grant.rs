//! Storing an OAuth grant that was obtained elsewhere.

use std::fmt;
use std::time::Duration;

use credlatch_core::name::Label;
use credlatch_core::secret::Secret;
use credlatch_core::state::{Custody, Grant, Material};
use credlatch_core::time::Expiry;

use super::Latch;
use crate::error::Error;
use crate::fingerprint::fingerprint;

/// An OAuth grant as a program got it from an issuer: an access token, and what else came with it.
#[derive(Clone)]
pub struct NewGrant {
    access: Secret,
    refresh: Option<Secret>,
    ends: Ends,
    scopes: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
enum Ends {
    Never,
    In(Duration),
    At { wall_ms: u64 },
}

impl NewGrant {
    /// An access token that doesn't end by itself and can't be renewed.
    pub fn new(access: Secret) -> Self {
        Self { access, refresh: None, ends: Ends::Never, scopes: Vec::new() }
    }

    /// With the refresh token that renews it. From now on it is ours: no other program may present it.
    #[must_use]
    pub fn refresh(mut self, refresh: Secret) -> Self {
        self.refresh = Some(refresh);
        self
    }

    /// The access token ends so long after it is stored.
    #[must_use]
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        self.ends = Ends::In(lifetime);
        self
    }

    /// The access token ends at this time, in milliseconds since the Unix epoch.
    #[must_use]
    pub fn expires_at_ms(mut self, wall_ms: u64) -> Self {
        self.ends = Ends::At { wall_ms };
        self
    }

    /// What it may do.
    #[must_use]
    pub fn scopes(mut self, scopes: Vec<String>) -> Self {
        self.scopes = scopes;
        self
    }
}

impl fmt::Debug for NewGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewGrant").field("ends", &self.ends).field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

impl Latch {
    /// Stores an OAuth grant under a label, in place of what was there.
    ///
    /// # Errors
    /// The provider is unknown, its issuer has rejected this very grant, its pool is full, or the store can't be written.
    pub fn set_grant(&self, provider: &str, label: &Label, grant: NewGrant) -> Result<(), Error> {
        let NewGrant { access, refresh, ends, scopes } = grant;
        let print = fingerprint(refresh.as_ref().unwrap_or(&access));
        let issued = self.0.backend.now();
        let expiry = match ends {
            Ends::Never => Expiry::Never,
            Ends::In(lifetime) => {
                Expiry::After(issued.plus_ms(u64::try_from(lifetime.as_millis()).unwrap_or(u64::MAX)))
            }
            Ends::At { wall_ms } => Expiry::At(wall_ms),
        };
        let grant = Grant { access, refresh, expiry, issued, scopes, custody: Custody::Settled };
        self.put(provider, label, Material::Oauth(Box::new(grant)), print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Kind;

    #[test]
    fn a_grant_is_stored_and_read_back_with_its_end() {
        let latch = Latch::in_memory();
        let grant = NewGrant::new(Secret::try_from("at-1").unwrap()).expires_at_ms(4_000_000_000_000);
        latch.set_grant("anthropic", &Label::default(), grant).unwrap();
        let credential = latch.current("anthropic").unwrap();
        assert_eq!(credential.kind(), Kind::Oauth);
        assert_eq!(credential.expires_at_ms(), Some(4_000_000_000_000));
        assert_eq!(credential.expose_secret(), "at-1");
    }

    #[test]
    fn debug_shows_no_token() {
        let grant = NewGrant::new(Secret::try_from("at-1").unwrap()).refresh(Secret::try_from("rt-1").unwrap());
        let text = format!("{grant:?}");
        assert!(!text.contains("at-1") && !text.contains("rt-1"), "{text}");
    }
}
