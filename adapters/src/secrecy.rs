//! Secrets from and for programs that keep theirs in the types of the crate [secrecy](https://docs.rs/secrecy).
//!
//! ```
//! use credlatch::Latch;
//! use credlatch::secrecy::secret;
//! use secrecy::{ExposeSecret, SecretString};
//!
//! # fn main() -> Result<(), credlatch::Error> {
//! let given = SecretString::from("mm-1");
//! let latch = Latch::in_memory();
//! latch.set("minimax", secret(&given)?)?;
//! let taken = SecretString::from(&latch.token("minimax")?);
//! assert_eq!(taken.expose_secret(), given.expose_secret());
//! # Ok(())
//! # }
//! ```

use secrecy::{ExposeSecret, SecretString};

use crate::{BadSecret, Credential, Secret};

/// A secret to store.
///
/// # Errors
/// The text can't be a secret: it is empty, say, or has a line break inside. The error holds no part of it.
pub fn secret(text: &SecretString) -> Result<Secret, BadSecret> {
    Secret::try_from(text.expose_secret())
}

/// A copy, which [`Cleared::drain`](crate::Cleared::drain) doesn't wait for.
impl From<&Credential> for SecretString {
    fn from(credential: &Credential) -> Self {
        credential.expose_secret().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Latch;

    #[test]
    fn a_secret_comes_in_and_goes_out_as_it_is_and_is_shown_to_nobody() {
        let latch = Latch::in_memory();
        latch.set("minimax", secret(&"mm-SECRET-1".into()).unwrap()).unwrap();
        let credential = latch.current("minimax").unwrap();
        let taken = SecretString::from(&credential);
        assert_eq!(taken.expose_secret(), "mm-SECRET-1");
        assert!(!format!("{taken:?}").contains("SECRET-1"));
        assert_eq!(secret(&"".into()), Err(BadSecret::Empty));
    }
}
