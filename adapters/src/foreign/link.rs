//! Links: reading another tool's login live, for each request anew, at the price of one `stat`.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use credlatch_core::state::Link;
use credlatch_core::time::Stamp;
use parking_lot::RwLock;

use super::document::Document;
use super::error::{ForeignError, ForeignErrorKind};
use super::token::{LinkedToken, Token};
use super::{Tool, account, claude_code, codex, hermes, keychain};
use crate::plain_file::ChangeStamp;

/// A file that was changed less than this before it was read may change again without looking different.
const TICK: Duration = Duration::from_secs(2);

/// Reads what is behind a link, now.
///
/// # Errors
/// The file can't be read or understood, holds no login any more, or holds one of another account: then the link is to be
/// suspended, and its token is not given.
pub fn live(tool: Tool, link: &Link, now: &Stamp) -> Result<LinkedToken, ForeignError> {
    Ok(fetch(tool, link)?.0.at(now))
}

fn fetch(tool: Tool, link: &Link) -> Result<(Token, ChangeStamp), ForeignError> {
    let path = Path::new(&link.path);
    let wrong = |kind| ForeignError::new(tool, path, kind);
    let (document, stamp) = Document::read(tool, path)?.ok_or_else(|| {
        let is_mac = cfg!(target_os = "macos");
        let is_moved = keychain::is_in_keychain(tool, path, is_mac);
        wrong(if is_moved { ForeignErrorKind::InKeychain(tool) } else { ForeignErrorKind::SignedOut })
    })?;
    let token = match tool {
        Tool::ClaudeCode => claude_code::token(&document),
        Tool::Codex => codex::token(&document),
        Tool::Hermes => hermes::token(&document, link.account),
    };
    let token = token.map_err(wrong)?.ok_or_else(|| wrong(ForeignErrorKind::SignedOut))?;
    if account::is_same_account(tool, link.account, token.account) {
        Ok((token, stamp))
    } else {
        Err(wrong(ForeignErrorKind::OtherAccount))
    }
}

/// Reads one link again and again, and opens its file only when that looks changed.
///
/// It is for one link: make a new one when the link's entry has a new version. Its `Debug` shows no token.
#[derive(Debug)]
pub struct LinkReader {
    tool: Tool,
    link: Link,
    path: PathBuf,
    last: RwLock<Option<Last>>,
}

struct Last {
    token: Token,
    stamp: ChangeStamp,
}

impl std::fmt::Debug for Last {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Last(hidden)")
    }
}

impl LinkReader {
    /// A reader of this link. It reads nothing yet.
    pub fn new(tool: Tool, link: Link) -> Self {
        let path = PathBuf::from(&link.path);
        Self { tool, link, path, last: RwLock::new(None) }
    }

    /// The link.
    pub fn link(&self) -> &Link {
        &self.link
    }

    /// What is behind the link now.
    ///
    /// # Errors
    /// As [`live`]. An error is never answered with an earlier token.
    pub fn read(&self, now: &Stamp) -> Result<LinkedToken, ForeignError> {
        let Ok(stamp) = ChangeStamp::at(&self.path) else { return self.read_anew(now) };
        let kept = self.last.read().as_ref().filter(|last| last.stamp == stamp).map(|last| last.token.at(now));
        kept.map_or_else(|| self.read_anew(now), Ok)
    }

    fn read_anew(&self, now: &Stamp) -> Result<LinkedToken, ForeignError> {
        *self.last.write() = None;
        let (token, stamp) = fetch(self.tool, &self.link)?;
        let linked = token.at(now);
        if stamp.is_older_than(TICK, SystemTime::now()) {
            *self.last.write() = Some(Last { token, stamp });
        }
        Ok(linked)
    }
}
