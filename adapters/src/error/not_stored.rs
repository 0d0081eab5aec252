//! Why something that a person gave was not stored, for people.

use credlatch_core::Refusal;
use credlatch_core::name::ProviderId;

use super::{Error, ErrorKind};

impl Error {
    /// Why a key or a login was not stored for this provider.
    pub(crate) fn not_stored(provider: &ProviderId, why: &Refusal) -> Self {
        match why {
            Refusal::Lost => Self::new(
                ErrorKind::SignIn,
                format!("this is the {provider} login that its issuer has rejected"),
                format!(
                    "sign in again: `credlatch login {provider}`; or, if it is good again, `set --again` (`Latch::set_tokens_again`)"
                ),
            ),
            Refusal::Spent => Self::new(
                ErrorKind::SignIn,
                format!("this {provider} refresh token was spent: its issuer gave another one for it"),
                format!(
                    "use the newer login, or sign in again: `credlatch login {provider}`; or, if this one is good again, \
                     `set --again` (`Latch::set_tokens_again`)"
                ),
            ),
            _ => Self::new(
                ErrorKind::Usage,
                format!("the {provider} pool has as many entries as it may have"),
                format!("remove one: `credlatch remove {provider} --label LABEL`"),
            ),
        }
    }
}
