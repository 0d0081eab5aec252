//! The one error of the library: what happened to what, and what to do; typed by what the caller should do next.

mod nothing;

use std::fmt;

use credlatch_core::engine::TransactError;
use credlatch_core::name::{BadName, ProviderId};
use credlatch_core::pool::Answer;
use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::provider::{NotAKey, UnknownProvider};
use credlatch_core::scrub::PlanError;
use credlatch_core::secret::BadSecret;
use credlatch_core::time::Deadline;

use crate::plain;
use crate::when::rfc3339;

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Error {
    kind: ErrorKind,
    message: String,
    remedy: String,
    /// Message and remedy as they were before they were made plain, if that changed anything.
    written: Option<Box<[String; 2]>>,
}

/// What the caller should do next. Each kind has an exit status of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        }
    }
}

impl Error {
    /// Makes one. What others wrote into the texts, such as a file's name or an issuer's code, is made plain here:
    /// control characters, marks of direction and what shows nothing are written as their numbers.
    pub fn new(kind: ErrorKind, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        let written = [message.into(), remedy.into()];
        let [message, remedy] = written.each_ref().map(|text| plain::line(text).into_owned());
        let is_plain = [&message, &remedy] == written.each_ref();
        Self { kind, message, remedy, written: (!is_plain).then(|| Box::new(written)) }
    }

    /// What the caller should do next.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened to what.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do.
    pub fn remedy(&self) -> &str {
        &self.remedy
    }

    /// The message as it was written, whatever others put into it: for JSON and other forms that escape by rules of their
    /// own, and never for a terminal.
    pub fn written_message(&self) -> &str {
        self.written.as_ref().map_or(&self.message, |written| &written[0])
    }

    /// The remedy as it was written; see [`Error::written_message`].
    pub fn written_remedy(&self) -> &str {
        self.written.as_ref().map_or(&self.remedy, |written| &written[1])
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::Busy => ErrorKind::Busy,
            StoreErrorKind::Unreadable
            | StoreErrorKind::Newer
            | StoreErrorKind::Unsafe
            | StoreErrorKind::Copied
            | StoreErrorKind::Denied => ErrorKind::Unreadable,
            StoreErrorKind::Unreachable => ErrorKind::Unreachable,
            StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Failed => ErrorKind::Other,
        };
        Self::new(kind, error.what, error.remedy)
    }
}

impl From<TransactError> for Error {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::NotSaved(error) => error.into(),
            TransactError::Unknown(error) => {
                let what = format!("{}; whether the change was saved isn't known", error.what);
                StoreError { what, ..error }.into()
            }
        }
    }
}

impl From<BadName> for Error {
    fn from(bad: BadName) -> Self {
        Self::new(ErrorKind::Usage, bad.to_string(), "choose another name")
    }
}

impl From<BadSecret> for Error {
    fn from(bad: BadSecret) -> Self {
        Self::new(ErrorKind::Usage, bad.to_string(), "nothing was stored; give the secret as its issuer shows it")
    }
}

impl From<NotAKey> for Error {
    fn from(why: NotAKey) -> Self {
        match why {
            NotAKey::Secret(bad) => bad.into(),
            why => Self::new(
                ErrorKind::Usage,
                why.to_string(),
                "nothing was stored, and what was stored before is still there; `set --verbatim` takes a secret as it is",
            ),
        }
    }
}

impl From<UnknownProvider> for Error {
    fn from(unknown: UnknownProvider) -> Self {
        // A secret in the wrong place is not repeated, and hardly a secret is without a digit.
        let is_word =
            |asked: &ProviderId| unknown.nearest.is_some() || !asked.as_str().contains(|c: char| c.is_ascii_digit());
        let what = match &unknown.asked {
            Some(asked) if is_word(asked) => format!("no provider is called `{asked}`"),
            _ => "that is not the name of a provider".to_owned(),
        };
        let known: Vec<_> = unknown.known.iter().map(ToString::to_string).collect();
        let more = if unknown.more == 0 {
            String::new()
        } else {
            format!(" and {} more (`credlatch providers --all`)", unknown.more)
        };
        let known = format!("{}{more}", known.join(", "));
        let remedy = match &unknown.nearest {
            Some(near) => format!("did you mean `{near}`? Known are: {known}"),
            None => format!("known are: {known}; others can be added with a provider file"),
        };
        Self::new(ErrorKind::Usage, what, remedy)
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let kind = if matches!(error, PlanError::Missing(_)) { ErrorKind::NoCredential } else { ErrorKind::Usage };
        Self::new(kind, error.to_string(), "see `credlatch providers` for what each provider offers")
    }
}

#[cfg(feature = "foreign")]
impl From<&crate::foreign::ForeignError> for Error {
    fn from(error: &crate::foreign::ForeignError) -> Self {
        use crate::foreign::ForeignErrorKind as Kind;
        let kind = match error.kind {
            Kind::SignedOut | Kind::OtherAccount => ErrorKind::SignIn,
            _ => ErrorKind::Unreadable,
        };
        Self::new(kind, error.to_string(), error.remedy())
    }
}

/// What an entry rests after.
pub(crate) fn after_what(cause: Answer) -> &'static str {
    match cause {
        Answer::Unauthorized => "a 401",
        Answer::Limited => "a rate limit",
        Answer::Billing => "a billing failure",
        Answer::Other => "a failure such as a 403",
    }
}

/// A deadline as RFC 3339 in UTC, to the second.
pub(crate) fn clock_time(deadline: &Deadline) -> String {
    rfc3339(deadline.wall_ms())
}

#[cfg(test)]
mod tests {
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
}
