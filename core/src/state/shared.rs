//! Why a grant may be in two places: a store that was copied, restored or rolled back holds refresh tokens that
//! another copy holds as well, and the second to present one loses the login.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened to a store, so that its refresh tokens may not be its alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// It was written elsewhere or under another lock file: a copy, or restored from one.
    Copied,
    /// It is older than a claim, or a grant, that this user's record remembers.
    RolledBack,
}

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Copied => "was copied or restored",
            Self::RolledBack => "was rolled back to an earlier state",
        })
    }
}
