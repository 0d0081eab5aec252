//! A finding: what is so, how grave that is, and what to do.

use credlatch_core::name::ProviderId;
use credlatch_core::port::StoreError;

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// How tombstone it is.
    pub severity: Severity,
    /// What is so.
    pub what: String,
    /// What to do; empty where there is nothing to do.
    pub remedy: String,
}

/// What a finding is about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum About {
    /// The profile's files.
    Store,
    /// What is stored for a provider.
    Provider(ProviderId),
    /// What lies outside the store.
    Outside,
}

/// How tombstone a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// In order.
    Ok,
    /// Worth knowing.
    Note,
    /// Something may go wrong.
    Warning,
    /// Something does not work.
    Error,
}

impl Severity {
    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl Finding {
    pub(super) fn new(about: About, severity: Severity, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { about, severity, what: what.into(), remedy: remedy.into() }
    }

    pub(super) fn of_store(severity: Severity, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(About::Store, severity, what, remedy)
    }

    pub(super) fn outside(severity: Severity, what: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::new(About::Outside, severity, what, remedy)
    }
}

impl From<StoreError> for Finding {
    /// What the store itself says of its trouble.
    fn from(error: StoreError) -> Self {
        Self::of_store(Severity::Error, error.what, error.remedy)
    }
}
