//! What a text says, as far as every program reads it alike.

use std::fmt;

use zeroize::Zeroizing;

use super::line::{Line, LineKind, is_plain, pieces};
use super::unread::NotRead;

/// One assignment. `Debug` shows the key only.
#[derive(Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The variable's name.
    pub key: String,
    /// Its value, without quotes.
    pub value: Zeroizing<String>,
    /// The line it is on, counted from one.
    pub line: usize,
}

impl fmt::Debug for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assignment").field("key", &self.key).field("line", &self.line).finish_non_exhaustive()
    }
}

/// What a text says, as far as every program reads it alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Every assignment, in order, duplicates included: programs disagree on which of them counts.
    pub assignments: Vec<Assignment>,
    /// What isn't one for sure, in order. What stands there is nobody's to guess.
    pub unread: Vec<Unread>,
}

/// Lines that aren't understood. `Debug` shows where they are only.
#[derive(Clone, PartialEq, Eq)]
pub struct Unread {
    /// Which lines, and why.
    pub lines: NotRead,
    pub(super) text: Zeroizing<String>,
}

impl Unread {
    /// Whether a variable is named there, which may then be set there.
    pub fn names(&self, key: &str) -> bool {
        self.text.split(|c: char| !is_plain(c)).any(|word| word == key)
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unread").field("lines", &self.lines).finish_non_exhaustive()
    }
}

/// Reads a text. `$NAME` in a value stays as it is, for nothing here reads the process environment.
pub fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    for piece in pieces(text) {
        match piece.kind {
            LineKind::Sets(Line { key, .. }, value) => {
                parsed.assignments.push(Assignment { key: key.to_owned(), value, line: piece.line });
            }
            LineKind::SetsNothing => {}
            LineKind::Unread(lines) => {
                parsed.unread.push(Unread { lines, text: Zeroizing::new(piece.text.to_owned()) });
            }
        }
    }
    parsed
}
