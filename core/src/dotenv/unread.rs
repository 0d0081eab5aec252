//! Which lines of a `.env` file are not understood, and why: in numbers alone, for what stands there may be a secret.

use std::fmt;

/// Lines that aren't understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// The first one's number, counted from one.
    pub line: usize,
    /// The last one's.
    pub last: usize,
    /// Why.
    pub why: UnreadReason,
}

/// Why lines aren't understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnreadReason {
    /// Neither blank, nor a comment, nor one assignment.
    NotAnAssignment,
    /// A quote that nothing closes.
    OpenQuote,
    /// A quoted value over several lines. Programs disagree on what that is.
    SeveralLines,
}

impl NotRead {
    /// Which lines, in words.
    pub fn place(&self) -> String {
        let Self { line, last, .. } = self;
        if line == last { format!("line {line}") } else { format!("lines {line} to {last}") }
    }
}

impl fmt::Display for UnreadReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnAssignment => "not plain KEY=value",
            Self::OpenQuote => "a value with a quote that nothing closes",
            Self::SeveralLines => "a quoted value over several lines, which not every program reads alike",
        })
    }
}
