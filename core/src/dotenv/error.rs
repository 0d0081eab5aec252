//! Why a `.env` file can't be rewritten.

use super::unread::NotRead;

/// Why a `.env` file can't be rewritten. No variant holds any part of a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DotenvError {
    /// Lines that may set a variable that is to go, and that not every program reads alike.
    #[error("at {} is {}, and it names {key}; nothing was changed", lines.place(), lines.why)]
    NotRead {
        /// Which lines, and why.
        lines: NotRead,
        /// The variable.
        key: String,
    },
    /// Not a name that a program could read.
    #[error("`{0}` can't be the name of a variable")]
    BadKey(String),
    /// A value that not every program would read back as it is.
    #[error("the value of {0} can't be written to a file: it has a line break, a single quote or a backslash")]
    BadValue(String),
    /// A variable that is to go is set once more in the middle of a line.
    #[error("line {line} sets {key} after something else; give it a line of its own, nothing was changed")]
    Hidden {
        /// Counted from one.
        line: usize,
        /// The variable.
        key: String,
    },
}
