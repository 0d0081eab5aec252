//! Why an entry is set aside though nothing was refused, and what to do about it.

use credlatch_core::state::Source;

use super::ErrorKind;

/// An entry that is set aside, in words.
pub(crate) struct Suspension {
    pub(crate) kind: ErrorKind,
    /// What it is, after the entry's name and "is".
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

impl Suspension {
    /// What it means that an entry from this source is suspended. One of another tool's file has another account behind it;
    /// a row of Hermes' file that is shared is not ours to use.
    pub(crate) fn for_source(source: &Source) -> Self {
        match source {
            Source::ClaudeCode | Source::Codex => Self {
                kind: ErrorKind::SignIn,
                what: "suspended: another account is behind the link".to_owned(),
                remedy: "remove the entry and import it anew, to use that account",
            },
            source => match owner(source) {
                Some(owner) => Self {
                    kind: ErrorKind::NoCredential,
                    what: format!("set aside: Hermes only borrows it from {owner}"),
                    remedy: "take it in from there",
                },
                None => Self {
                    kind: ErrorKind::NoCredential,
                    what: "set aside: Hermes has no secret in its row, or sends it to another address".to_owned(),
                    remedy: "look at the row in Hermes (`hermes auth`)",
                },
            },
        }
    }
}

/// Whose credential it is, if Hermes only borrows it.
fn owner(source: &Source) -> Option<&'static str> {
    match source {
        #[cfg(feature = "foreign")]
        Source::Hermes(origin) => crate::foreign::hermes::borrowed_from(origin),
        _ => None,
    }
}
