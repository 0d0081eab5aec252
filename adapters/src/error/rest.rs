//! Why an entry rests, as a value.

use std::fmt;

use credlatch_core::pool::FailureKind;

/// After what answer of its provider an entry rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RestCause {
    /// A 401 that no rotation answers.
    Unauthorized,
    /// A 429: too many requests.
    RateLimit,
    /// A 402, or a reason that speaks of billing.
    Billing,
    /// Another failure that may be the credential's, such as a bare 403.
    Other,
}

impl From<FailureKind> for RestCause {
    fn from(answer: FailureKind) -> Self {
        match answer {
            FailureKind::Unauthorized => Self::Unauthorized,
            FailureKind::Limited => Self::RateLimit,
            FailureKind::Billing => Self::Billing,
            FailureKind::Other => Self::Other,
        }
    }
}

impl fmt::Display for RestCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unauthorized => "a 401",
            Self::RateLimit => "a rate limit",
            Self::Billing => "a billing failure",
            Self::Other => "a failure such as a 403",
        })
    }
}
