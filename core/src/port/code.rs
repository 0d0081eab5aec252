//! What a login brings home before its tokens.

use crate::state::secret::Secret;

/// An authorization code and what proves that it is ours (RFC 7636).
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// The authorization code.
    pub code: Secret,
    /// The code verifier.
    pub verifier: Option<Secret>,
    /// Where the code was sent.
    pub redirect_uri: String,
}
