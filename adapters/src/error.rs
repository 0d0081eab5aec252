//! The one error of the library: what happened to what, and what to do; typed by what the caller should do next.

mod below;
pub(crate) mod issuer;
mod no_token;
mod not_adopted;
mod not_moved;
mod not_rotated;
pub(crate) mod not_signed_in;
mod not_stored;
mod rest;
pub(crate) mod suspension;

use std::fmt;
use std::time::SystemTime;

use credlatch_core::time::Deadline;

pub(crate) use below::Below;
pub use rest::RestCause;

use crate::plain;
use crate::when::{rfc3339_ms, system_time};

/// Why something could not be done: what happened to what, and what to do.
///
/// [`Error::kind`] says what the caller should do next, [`Error::retry_at`] when, and
/// [`source`](std::error::Error::source) what was below it, with its type, where something was:
///
/// ```
/// use std::error::Error as _;
/// use credlatch::{ErrorKind, Latch, StoreError, StoreErrorKind};
///
/// # fn handle(latch: &Latch) -> Option<String> {
/// match latch.token("anthropic") {
///     Ok(credential) => Some(credential.label().to_string()),
///     Err(error) if error.kind() == ErrorKind::Busy => {
///         eprintln!("{error}; wait until {:?}", error.retry_at());
///         None
///     }
///     Err(error) => {
///         let store = error.source().and_then(|below| below.downcast_ref::<StoreError>());
///         assert!(store.is_none_or(|store| store.kind != StoreErrorKind::Full), "make room");
///         eprintln!("{error}; {}", error.remedy());
///         None
///     }
/// }
/// # }
/// # assert_eq!(handle(&Latch::in_memory()), None);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<ErrorParts>);

/// In a box, so that what is returned beside an error stays small.
#[derive(Clone, Debug, PartialEq, Eq)]
struct ErrorParts {
    kind: ErrorKind,
    message: String,
    remedy: String,
    /// Message and remedy as they were before they were made plain, if that changed anything.
    written: Option<[String; 2]>,
    retry_at: Option<SystemTime>,
    rest: Option<RestCause>,
    below: Option<Below>,
    is_outcome_unknown: bool,
}

/// What the caller should do next. Each kind has an exit status of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Mend the call: a name, a secret, an option is not what it must be. Exit status 2.
    Usage,
    /// Store a credential, or sign in. Exit status 3.
    NoCredential,
    /// Sign in again: the issuer rejected what is stored. Exit status 4.
    SignIn,
    /// Try again: somebody else holds the store, or everything rests, or a wait ended. Exit status 5.
    Busy,
    /// Mend the store: it is there and can't be read, parsed or trusted. Exit status 6.
    Unreadable,
    /// Try again when the store or the issuer can be reached, or what the issuer turns away is mended. Exit status 7.
    Unreachable,
    /// Mend the request: it goes to a host that is not the provider's, so it got no credential. Exit status 8.
    WrongHost,
    /// Bring the key: what is stored is sealed, and the key is not at hand, or another one is. Exit status 9.
    Sealed,
    /// Anything else, such as a full disk. Exit status 1.
    Other,
}

impl ErrorKind {
    /// The exit status of the command line.
    pub fn exit_status(self) -> u8 {
        match self {
            Self::Other => 1,
            Self::Usage => 2,
            Self::NoCredential => 3,
            Self::SignIn => 4,
            Self::Busy => 5,
            Self::Unreadable => 6,
            Self::Unreachable => 7,
            Self::WrongHost => 8,
            Self::Sealed => 9,
        }
    }

    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Other => "other",
            Self::Usage => "usage",
            Self::NoCredential => "no_credential",
            Self::SignIn => "sign_in",
            Self::Busy => "busy",
            Self::Unreadable => "unreadable",
            Self::Unreachable => "unreachable",
            Self::WrongHost => "wrong_host",
            Self::Sealed => "sealed",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Error {
    /// Makes one. What others wrote into the texts, such as a file's name or an issuer's code, is made plain here:
    /// control characters, marks of direction and what shows nothing are written as their numbers.
    pub fn new(kind: ErrorKind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let written = [message.into(), remedy.into()];
        let [message, remedy] = written.each_ref().map(|text| plain::line(text).into_owned());
        let is_plain = [&message, &remedy] == written.each_ref();
        Self(Box::new(ErrorParts {
            kind,
            message,
            remedy,
            written: (!is_plain).then_some(written),
            retry_at: None,
            rest: None,
            below: None,
            is_outcome_unknown: false,
        }))
    }

    /// The same, and asking again before this time is of no use.
    pub(crate) fn until(mut self, deadline: &Deadline) -> Self {
        self.0.retry_at = Some(system_time(deadline.wall_ms()));
        self
    }

    /// The same, because of what was below.
    pub(crate) fn below(mut self, below: impl Into<Below>) -> Self {
        self.0.below = Some(below.into());
        self
    }

    /// What the caller should do next.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened to what.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.0.remedy
    }

    /// When it is of use to ask again, by the wall clock: when a rest ends, a doubt may be cleared up, or an issuer that
    /// could not be reached or wants to be left alone is asked again. None where time alone changes nothing, or nobody
    /// knows when it will.
    pub fn retry_at(&self) -> Option<SystemTime> {
        self.0.retry_at
    }

    /// After what the entry rests that may be used first, if everything rests.
    pub fn rest_cause(&self) -> Option<RestCause> {
        self.0.rest
    }

    /// Whether what was asked for may have been done all the same: the store was asked to save it, and did not say whether
    /// it did. Whoever looks again sees which.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.is_outcome_unknown
    }

    /// The message as it was written, whatever others put into it: for JSON and other forms that escape by rules of their
    /// own, and never for a terminal.
    pub fn written_message(&self) -> &str {
        self.0.written.as_ref().map_or(&self.0.message, |written| &written[0])
    }

    /// The remedy as it was written; see [`Error::written_message`].
    pub fn written_remedy(&self) -> &str {
        self.0.written.as_ref().map_or(&self.0.remedy, |written| &written[1])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.below.as_ref().map(Below::as_error)
    }
}

/// A deadline as RFC 3339 in UTC, to the second.
pub(crate) fn clock_time(deadline: &Deadline) -> String {
    rfc3339_ms(deadline.wall_ms())
}

#[cfg(test)]
mod tests {
    use credlatch_core::engine::TransactError;
    use credlatch_core::port::{StoreError, StoreErrorKind};

    use super::*;

    #[test]
    fn what_others_wrote_into_an_error_is_plain_wherever_the_error_comes_from() {
        let hostile = "a\u{1b}[2J\u{202e}b\nc";
        let store = || StoreError::new(StoreErrorKind::Failed, hostile, hostile);
        for error in [
            Error::new(ErrorKind::Other, hostile, hostile),
            store().into(),
            TransactError::NotSaved(store()).into(),
            TransactError::Unknown(store()).into(),
        ] {
            for text in [error.message(), error.remedy(), &error.to_string()] {
                assert!(text.starts_with("a\\u{1b}[2J\\u{202e}b\\u{a}c"), "{text:?}");
            }
            for text in [error.written_message(), error.written_remedy()] {
                assert!(text.starts_with(hostile), "{text:?}");
            }
        }
    }

    #[test]
    fn an_error_is_as_small_as_a_pointer_and_its_kinds_are_keys() {
        assert_eq!(size_of::<Error>(), size_of::<usize>());
        let counts = std::collections::HashMap::from([(ErrorKind::Busy, 1), (ErrorKind::SignIn, 2)]);
        assert_eq!(counts[&ErrorKind::Busy], 1);
        assert_eq!(ErrorKind::SignIn.to_string(), "sign_in");
    }
}
