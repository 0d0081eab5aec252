//! What a login that failed is called.

use credlatch_core::flow::Failure;
use credlatch_core::provider::Provider;

use super::issuer::{Trouble, after_login, distrust, said, trust, unreached_login};
use super::{Error, ErrorKind};
use crate::login_codes::UNTRUSTED;

/// How a flow ends whose actor died where nobody can take over.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// What a person does about a login that failed.
pub(crate) fn again(row: &Provider) -> String {
    format!("start again: `credlatch login {}`", row.id)
}

impl Error {
    /// Why a login failed.
    pub(crate) fn not_signed_in(row: &Provider, why: &Failure) -> Self {
        let Failure { code, description } = why;
        let code = code.as_str();
        let (kind, what) = match code {
            UNTRUSTED => {
                let what = format!("the login to {} was not begun: {}", row.id, distrust(Some(row)));
                return Self::new(ErrorKind::Unreachable, what, trust());
            }
            "access_denied" => (ErrorKind::SignIn, "the login was refused by the person who was asked"),
            "unsupported" => (ErrorKind::Usage, "this build can't sign in; it was made without the `oauth` feature"),
            INTERRUPTED => (ErrorKind::Busy, "the process that asked the issuer ended before the answer came"),
            "unreachable" => (ErrorKind::Unreachable, "its issuer could not be reached"),
            _ => (ErrorKind::Unreachable, "the issuer did not complete the login"),
        };
        if let Some(Trouble { what, remedy, kind }) = unreached_login(row, code) {
            let remedy = remedy.map_or_else(|| again(row), |helps| format!("{helps}; then {}", again(row)));
            return Self::new(kind, format!("the login to {} was not completed: {what}", row.id), remedy);
        }
        let (kind, remedy) = match after_login(code) {
            Some((kind, helps)) => (kind, format!("{helps}; then {}", again(row))),
            None => (kind, again(row)),
        };
        Self::new(kind, format!("{}: {what} ({code}){}", row.id, said(description.as_deref())), remedy)
    }
}
