//! What lay below an error: kept with its type, so that a program can match it.

use credlatch_core::engine::TransactError;
use credlatch_core::name::{BadName, ProviderId};
use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::provider::{BadTable, NotAKey, UnknownProvider};
use credlatch_core::scrub::PlanError;
use credlatch_core::secret::BadSecret;

use super::{Error, ErrorKind};
#[cfg(feature = "foreign")]
use crate::foreign::ForeignError;
use crate::plain;

/// What lay below. Its texts are as plain as those of the error, because programs print whole chains of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Below {
    Store(StoreError),
    Name(BadName),
    Secret(BadSecret),
    NotAKey(NotAKey),
    Provider(UnknownProvider),
    Table(BadTable),
    Plan(PlanError),
    #[cfg(feature = "foreign")]
    Foreign(ForeignError),
}

impl Below {
    pub(super) fn as_error(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Store(error) => error,
            Self::Name(error) => error,
            Self::Secret(error) => error,
            Self::NotAKey(error) => error,
            Self::Provider(error) => error,
            Self::Table(error) => error,
            Self::Plan(error) => error,
            #[cfg(feature = "foreign")]
            Self::Foreign(error) => error,
        }
    }
}

impl From<StoreError> for Below {
    fn from(error: StoreError) -> Self {
        let plain = |text: String| plain::line(&text).into_owned();
        Self::Store(StoreError { what: plain(error.what), remedy: plain(error.remedy), ..error })
    }
}

macro_rules! lies_below {
    ($($(#[$meta:meta])* $error:ty => $variant:ident,)*) => {
        $($(#[$meta])* impl From<$error> for Below {
            fn from(error: $error) -> Self {
                Self::$variant(error)
            }
        })*
    };
}

lies_below! {
    BadName => Name,
    BadSecret => Secret,
    NotAKey => NotAKey,
    UnknownProvider => Provider,
    BadTable => Table,
    PlanError => Plan,
    #[cfg(feature = "foreign")]
    ForeignError => Foreign,
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let kind = match error.kind {
            StoreErrorKind::Busy => ErrorKind::Busy,
            StoreErrorKind::Unreadable
            | StoreErrorKind::Newer
            | StoreErrorKind::Unsafe
            | StoreErrorKind::Copied
            | StoreErrorKind::Denied => ErrorKind::Unreadable,
            StoreErrorKind::Sealed => ErrorKind::Sealed,
            StoreErrorKind::Unreachable => ErrorKind::Unreachable,
            StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Failed => ErrorKind::Other,
        };
        Self::new(kind, error.what.clone(), error.remedy.clone()).below(error)
    }
}

impl From<TransactError> for Error {
    fn from(error: TransactError) -> Self {
        match error {
            TransactError::NotSaved(error) => error.into(),
            TransactError::Unknown(error) => {
                let what = format!("{}; whether the change was saved isn't known", error.what);
                let mut unknown = Self::from(StoreError { what, ..error.clone() }).below(error);
                unknown.0.is_outcome_unknown = true;
                unknown
            }
        }
    }
}

impl From<BadName> for Error {
    fn from(bad: BadName) -> Self {
        Self::new(ErrorKind::Usage, bad.to_string(), "choose another name").below(bad)
    }
}

impl From<BadSecret> for Error {
    fn from(bad: BadSecret) -> Self {
        let remedy = "nothing was stored; give the secret as its issuer shows it";
        Self::new(ErrorKind::Usage, bad.to_string(), remedy).below(bad)
    }
}

impl From<NotAKey> for Error {
    fn from(why: NotAKey) -> Self {
        match why {
            NotAKey::Secret(bad) => bad.into(),
            why => {
                let kept = "nothing was stored, and what was stored before is still there";
                let remedy = match why {
                    NotAKey::Utf16 => format!("{kept}; save it as UTF-8"),
                    NotAKey::Reference => format!(
                        "{kept}; in a shell, write the variable in double quotation marks; to store it as it is all the same: \
                         `set --verbatim` (`Latch::set_verbatim`)"
                    ),
                    _ => format!("{kept}; to store it as it is all the same: `set --verbatim` (`Latch::set_verbatim`)"),
                };
                Self::new(ErrorKind::Usage, why.to_string(), remedy).below(why)
            }
        }
    }
}

impl From<UnknownProvider> for Error {
    fn from(unknown: UnknownProvider) -> Self {
        // A secret in the wrong place is not repeated, and hardly a secret is without a digit.
        let is_word =
            |asked: &ProviderId| unknown.nearest.is_some() || !asked.as_str().contains(|c: char| c.is_ascii_digit());
        let asked = unknown.asked.clone().filter(is_word);
        let what = asked.as_ref().map_or_else(
            || "that is not the name of a provider".to_owned(),
            |asked| format!("no provider is called `{asked}`"),
        );
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
        Self::new(ErrorKind::Usage, what, remedy).below(UnknownProvider { asked, ..unknown })
    }
}

impl From<PlanError> for Error {
    fn from(error: PlanError) -> Self {
        let kind = if matches!(error, PlanError::Missing(_)) { ErrorKind::NoCredential } else { ErrorKind::Usage };
        Self::new(kind, error.to_string(), error.remedy()).below(error)
    }
}

#[cfg(feature = "foreign")]
impl From<&crate::foreign::ForeignError> for Error {
    fn from(error: &crate::foreign::ForeignError) -> Self {
        use crate::foreign::ForeignErrorKind as Kind;
        let kind = match error.kind {
            Kind::SignedOut | Kind::OtherAccount => ErrorKind::SignIn,
            Kind::InKeychain(_) => ErrorKind::NoCredential,
            _ => ErrorKind::Unreadable,
        };
        let told = Self::new(kind, error.to_string(), error.remedy());
        // A path that isn't plain is told in a message alone, which was made so.
        if told.0.written.is_some() { told } else { told.below(error.clone()) }
    }
}

impl From<BadTable> for Error {
    fn from(bad: BadTable) -> Self {
        Self::new(ErrorKind::Usage, format!("these rows are no table of providers: {bad}"), "mend the row").below(bad)
    }
}
