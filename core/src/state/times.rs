//! A provider's times, and how long a request may be on its way by them.

use serde::{Deserialize, Serialize};

/// How long a request may be on its way after the last kernel of ours let go of it: what proxies and networks hold back.
pub const ON_THE_WAY_MS: u64 = 5_000;

/// A provider's times, from its row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How long before its end a token is due, in milliseconds.
    pub skew_ms: u64,
    /// How long one request may take.
    pub http_timeout_ms: u64,
    /// How long a spent refresh token may be presented again without harm; zero for most issuers.
    pub grace_ms: u64,
}

impl Default for Times {
    fn default() -> Self {
        Self { skew_ms: 120_000, http_timeout_ms: 15_000, grace_ms: 0 }
    }
}

impl Times {
    /// How long after its claim a request may still arrive though its sender is dead, where nobody knows when it was sent:
    /// its sender may have waited for one time-out before it began, and may have written for another; for a third the
    /// kernel delivers what was written; then it may be on its way.
    pub fn quarantine_ms(&self) -> u64 {
        self.http_timeout_ms.saturating_mul(3).saturating_add(ON_THE_WAY_MS)
    }

    /// The same after its sender noted that the first byte is about to leave: from then on it writes for one time-out at most.
    pub fn quarantine_after_note_ms(&self) -> u64 {
        self.http_timeout_ms.saturating_mul(2).saturating_add(ON_THE_WAY_MS)
    }
}
