//! Why a store can't be used, and what is known of a commit that failed.

use std::fmt;

/// Why a store can't be used: what happened to what, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreError {
    /// What the caller should do next depends on this.
    pub kind: StoreErrorKind,
    /// What happened to what.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// What kind of trouble a store has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Somebody holds it; try again.
    Busy,
    /// It is there and can't be read or parsed.
    Unreadable,
    /// It was written by a newer version.
    Newer,
    /// It is sealed, and the key is not at hand, or another one is.
    Sealed,
    /// It can't be reached.
    Unreachable,
    /// There is no space left.
    Full,
    /// It may only be read.
    ReadOnly,
    /// This user may not.
    Denied,
    /// Its owner, permissions, links or file system make it unsafe.
    Unsafe,
    /// It is a copy, or was restored from one: both copies may hold one refresh token.
    Copied,
    /// Anything else.
    Failed,
}

impl StoreError {
    /// Makes one.
    pub fn new(kind: StoreErrorKind, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind, what: what.into(), remedy: remedy.into() }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for StoreError {}

/// Why a commit failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// The old state stands.
    #[error("{0}")]
    NotSaved(StoreError),
    /// The new state may or may not stand; the next lock finds out.
    #[error("{0}")]
    Unknown(StoreError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_a_store_says_what_happened() {
        let error = StoreError::new(StoreErrorKind::Full, "no room in /home", "make room");
        assert_eq!(error.to_string(), "no room in /home");
        assert_eq!(CommitError::Unknown(error).to_string(), "no room in /home");
    }
}
