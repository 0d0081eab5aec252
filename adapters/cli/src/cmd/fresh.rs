//! A credential that is good now: the one place where a command asks for one.

use std::time::{Duration, SystemTime};

use credlatch::core::state::Entry;
use credlatch::{Credential, Error, ErrorKind, Latch, rfc3339};

use crate::defer::deferring_signals;
use crate::end::{Done, End};

/// The provider's credential, rotated if it is due, with at least so much time left.
pub(crate) fn fresh(latch: &Latch, provider: &str, min_ttl: Duration) -> Done<Credential> {
    let credential = if may_rotate(latch, provider)? {
        let token = deferring_signals(|| latch.token(provider));
        token.map_err(|error| End::other(format!("could not begin a rotation: {error}"), "try again"))??
    } else {
        latch.token(provider)?
    };
    let (Some(end), Some(end_ms)) = (credential.expires_at(), credential.expires_at_ms()) else {
        return Ok(credential);
    };
    let now = SystemTime::now();
    if end >= now + min_ttl {
        return Ok(credential);
    }
    let how = if end < now { "ended at" } else { "ends sooner than asked for, at" };
    let provider = credential.provider();
    Err(Error::new(
        ErrorKind::SignIn,
        format!("the {provider} access token {how} {}", rfc3339(end_ms)),
        format!("store a new one with `credlatch set {provider} --kind oauth`, or ask for less time"),
    )
    .into())
}

/// Whether a refresh token may be presented. Most commands need no word with an issuer, and leave signals alone.
fn may_rotate(latch: &Latch, provider: &str) -> Done<bool> {
    let status = latch.status()?;
    let slot = status.state.slot(latch.provider(provider)?.id.as_str());
    let has_refresh = |entry: &Entry| entry.grant().is_some_and(|grant| grant.refresh.is_some());
    Ok(slot.is_some_and(|slot| slot.entries.iter().any(has_refresh)))
}
