//! Other tools' files: Claude Code's, Codex's and Hermes'. They are read and never written.
//!
//! A key found there is copied. A login is *linked*: the tool that owns it renews it, and we read its file anew for each
//! request. No refresh token ever leaves this module, so none is ever spent by two tools.
//!
//! Absent, empty, cut short, not text, wrongly typed and unreadable are told apart, and each says what to do. These tools
//! write in place now and then, so a file that doesn't parse is read again for about 200 ms before that is an error.

pub(crate) mod account;
pub mod claude_code;
pub mod codex;
mod document;
mod error;
pub mod hermes;
mod keychain;
mod link;
mod refresh;
mod token;
#[doc(hidden)]
pub mod when;

#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

pub use account::is_same_account;
pub use error::{ForeignError, ForeignErrorKind};
pub use link::{LinkReader, live};
pub use refresh::refresh_tokens;
pub use token::{ENDS_SOON_MS, LIVE_MARGIN_MS, LinkedToken};

use credlatch_core::name::ProviderId;
use credlatch_core::provider::Table;
use credlatch_core::state::Source;

use crate::found::Imported;
use document::Document;

/// A tool that keeps credentials in a file of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tool {
    /// Anthropic's Claude Code.
    ClaudeCode,
    /// OpenAI's Codex.
    Codex,
    /// Nous Research's Hermes.
    Hermes,
}

impl Tool {
    /// The tool that an entry's source names.
    pub fn from_source(source: &Source) -> Option<Self> {
        match source {
            Source::ClaudeCode => Some(Self::ClaudeCode),
            Source::Codex => Some(Self::Codex),
            Source::Hermes(_) => Some(Self::Hermes),
            Source::Manual | Source::Login | Source::Env(_) | Source::Dotenv { .. } => None,
        }
    }

    /// Where the tool keeps its file, as a snapshot of the environment tells; `None` if that doesn't even name a home.
    pub fn default_path(self, env: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
        let (moved_by, folder, file) = match self {
            Self::ClaudeCode => ("CLAUDE_CONFIG_DIR", ".claude", ".credentials.json"),
            Self::Codex => ("CODEX_HOME", ".codex", "auth.json"),
            Self::Hermes => ("HERMES_HOME", ".hermes", "auth.json"),
        };
        let said = |name| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = || said("HOME").or_else(|| said("USERPROFILE"));
        let folder = said(moved_by).or_else(|| Some(home()?.join(folder)))?;
        Some(folder.join(file))
    }

    /// What to do to have the tool write its file anew.
    pub(crate) fn sign_in(self) -> &'static str {
        match self {
            Self::ClaudeCode => "sign in with Claude Code again (`claude`, then `/login`)",
            Self::Codex => "sign in with Codex again (`codex login`)",
            Self::Hermes => "sign in with Hermes again (`hermes auth`)",
        }
    }
}

/// What a tool's file would bring if this were its text: for whoever has the text already. A path only names the file.
///
/// # Errors
/// The text can't be understood.
pub fn parse(tool: Tool, path: &Path, text: &str, table: &Table) -> Result<Imported, ForeignError> {
    let document = Document::parse(text).map_err(|kind| ForeignError::new(tool, path, kind))?;
    match tool {
        Tool::ClaudeCode => claude_code::imported(&document, path),
        Tool::Codex => codex::imported(&document, path),
        Tool::Hermes => hermes::imported(&document, path, table),
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClaudeCode => "Claude Code",
            Self::Codex => "Codex",
            Self::Hermes => "Hermes",
        })
    }
}

/// The id of a provider that this code names.
fn provider(id: &'static str) -> ProviderId {
    ProviderId::new(id).unwrap_or_else(|_| unreachable!("`{id}` is an id"))
}
