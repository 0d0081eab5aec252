//! Why another tool's file can't be used.

use std::fmt;
use std::path::{Path, PathBuf};

use credlatch_core::provider::NotAKey;
use credlatch_core::secret::BadSecret;

use super::Tool;
use crate::plain_file::Unreadable;

/// Why another tool's file can't be used: what happened to what, and what to do. It holds no part of any value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignError {
    /// Whose file.
    pub tool: Tool,
    /// Which file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub kind: ForeignErrorKind,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForeignErrorKind {
    /// It is there and can't be read.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// Its path has characters that a store can't hold.
    #[error("has a path that is not text")]
    PathNotText,
    /// It has no content, and had none when it was read again.
    #[error("is empty")]
    Empty,
    /// It ends in the middle, and did when it was read again.
    #[error("ends in the middle")]
    CutShort,
    /// It is no JSON.
    #[error("is not JSON at line {line}, column {column}")]
    NotJson {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// A field has another type than the tool writes.
    #[error("has something else than {expected} in `{field}`")]
    WrongType {
        /// Where.
        field: String,
        /// What belongs there.
        expected: &'static str,
    },
    /// A login without the field that matters.
    #[error("has no `{field}`")]
    MissingField {
        /// Which.
        field: String,
    },
    /// A token that can't be one.
    #[error("has no usable `{field}`: {why}")]
    BadSecret {
        /// Where.
        field: String,
        /// Why.
        why: BadSecret,
    },
    /// What stands in a token's place.
    #[error("has no usable `{field}`: {why}")]
    NotAToken {
        /// Where.
        field: String,
        /// What it is.
        why: NotAKey,
    },
    /// The tool keeps its login in the keychain of the system, and no file.
    #[error("is not there, because {0} keeps its login in the system's keychain, which is not read")]
    InKeychain(Tool),
    /// A link's file, or the login in it, is gone.
    #[error("holds no login any more")]
    SignedOut,
    /// A link's file holds a login of another account.
    #[error("now holds the login of another account")]
    OtherAccount,
}

impl ForeignError {
    pub(super) fn new(tool: Tool, path: &Path, kind: impl Into<ForeignErrorKind>) -> Self {
        Self { tool, path: path.to_owned(), kind: kind.into() }
    }

    /// What to do.
    pub fn remedy(&self) -> String {
        let tool = self.tool;
        match &self.kind {
            ForeignErrorKind::Unreadable(why) => why.remedy().to_owned(),
            ForeignErrorKind::PathNotText => "move the file to a path of plain characters".to_owned(),
            ForeignErrorKind::Empty | ForeignErrorKind::CutShort | ForeignErrorKind::NotJson { .. } => {
                format!("if {tool} is running let it finish and try again; else {}", tool.sign_in())
            }
            ForeignErrorKind::WrongType { .. } | ForeignErrorKind::MissingField { .. } => {
                format!("make sure that this is {tool}'s file; if it is, {}", tool.sign_in())
            }
            ForeignErrorKind::InKeychain(Tool::Codex) => {
                "sign in here (`credlatch login openai-codex`); or have Codex keep a file, with `cli_auth_credentials_store = \
                 \"file\"` in its config.toml and `codex login`"
                    .to_owned()
            }
            ForeignErrorKind::InKeychain(_) => {
                "sign in here (`credlatch login anthropic`), or store what `claude setup-token` prints: `credlatch set anthropic \
                 --kind oauth`"
                    .to_owned()
            }
            ForeignErrorKind::BadSecret { .. } | ForeignErrorKind::NotAToken { .. } | ForeignErrorKind::SignedOut => tool.sign_in().to_owned(),
            ForeignErrorKind::OtherAccount => {
                format!("sign in with the first account again, or import from {tool} anew to use this one")
            }
        }
    }
}

impl fmt::Display for ForeignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, a file of {}, {}", self.path.display(), self.tool, self.kind)
    }
}

impl std::error::Error for ForeignError {}
