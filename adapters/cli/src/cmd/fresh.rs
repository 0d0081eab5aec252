//! A credential that is good now: the one place where a command asks for one.

use std::time::{Duration, SystemTime};

use credlatch::{Credential, Error, ErrorKind, Latch, rfc3339};

use crate::end::Done;

/// The provider's credential, rotated if it is due, with at least so much time left.
pub(crate) fn fresh(latch: &Latch, provider: &str, min_ttl: Duration) -> Done<Credential> {
    let credential = latch.token(provider)?;
    match (credential.expires_at(), credential.expires_at_ms()) {
        (Some(end), Some(end_ms)) if end < SystemTime::now() + min_ttl => Err(Error::new(
            ErrorKind::SignIn,
            format!("the {} access token ends at {}, sooner than asked for", credential.provider(), rfc3339(end_ms)),
            format!(
                "store a new one with `credlatch set {} --kind oauth`, or ask for less time",
                credential.provider()
            ),
        )
        .into()),
        _ => Ok(credential),
    }
}
