//! The variables that a profile's children inherit though they are, or look like, somebody's credential: because a person
//! said once that they are meant.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Names one profile may have on its list.
pub const MAX_ALLOWED: usize = 256;

/// The longest name.
const MAX_LENGTH: usize = 256;

/// The name of an environment variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariableName(String);

/// Not a variable's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a variable's name has 1 to {MAX_LENGTH} printable characters, and no `=` or space")]
pub struct BadVariableName;

/// The form of the list in a document.
pub(crate) type Allowed = BTreeSet<VariableName>;

impl VariableName {
    /// A name.
    ///
    /// # Errors
    /// No variable can have it.
    pub fn new(text: &str) -> Result<Self, BadVariableName> {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'=';
        let is_name = (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_plain);
        is_name.then(|| Self(text.to_owned())).ok_or(BadVariableName)
    }

    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = BadVariableName;

    fn try_from(text: String) -> Result<Self, BadVariableName> {
        Self::new(&text)
    }
}

impl From<VariableName> for String {
    fn from(name: VariableName) -> Self {
        name.0
    }
}

impl fmt::Display for VariableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_variable_is_called_is_no_name() {
        for text in ["", "A=B", "A B", "A\n", "\u{e9}"] {
            assert_eq!(VariableName::new(text), Err(BadVariableName), "{text:?}");
        }
        assert!(VariableName::new("npm_config_//host/:_authToken").is_ok());
        assert!(VariableName::new(&"A".repeat(MAX_LENGTH + 1)).is_err());
    }
}
