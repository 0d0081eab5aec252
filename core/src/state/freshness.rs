//! The one judgement of how good an access token is: whether it may be handed out, and whether it is to be renewed first.

use super::Grant;
use super::time::{Expiry, Stamp};

/// A token is never handed out with less than this left, in milliseconds, because a request takes time; of a token that
/// lives under 20 s, half its lifetime, or an issuer of such tokens would be asked for ever.
pub const LEAST_LEFT_MS: u64 = 10_000;

/// How good an access token is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Good, and for long enough.
    Good,
    /// Good for a request, and due for renewal.
    Due,
    /// Not good for a request any more.
    Spent,
}

impl Expiry {
    /// How much must be left of a token that is handed out, in milliseconds.
    pub(crate) fn least_left_ms(self) -> u64 {
        match self {
            // One that has ended is never good, however short it was.
            Self::After(deadline) => LEAST_LEFT_MS.min(deadline.after_ms / 2).max(1),
            Self::Never | Self::At(_) => LEAST_LEFT_MS,
        }
    }

    /// Whether too little is left for a request.
    pub(crate) fn is_spent(self, now: &Stamp) -> bool {
        self.left_ms(now) < self.least_left_ms()
    }
}

impl Grant {
    /// How good its access token is, where a provider's tokens are renewed `skew_ms` before they end.
    pub fn freshness(&self, now: &Stamp, skew_ms: u64) -> Freshness {
        // What is too short to be handed out is due, however narrow the advisory window.
        let due_ms = self.advisory_ms(skew_ms).max(self.expiry.least_left_ms());
        match self.expiry.left_ms(now) {
            _ if self.expiry.is_spent(now) => Freshness::Spent,
            left_ms if left_ms <= due_ms => Freshness::Due,
            _ => Freshness::Good,
        }
    }

    /// Milliseconds before the end at which a rotation is due: the provider's skew, at most a fifth of the lifetime, so
    /// that a short-lived token isn't always due.
    pub(crate) fn advisory_ms(&self, skew_ms: u64) -> u64 {
        let lifetime_ms = match self.expiry {
            Expiry::Never => u64::MAX,
            Expiry::After(deadline) => deadline.after_ms,
            Expiry::At(wall_ms) => wall_ms.saturating_sub(self.issued.wall_ms),
        };
        skew_ms.min(lifetime_ms / 5)
    }
}
