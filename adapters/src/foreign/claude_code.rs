//! Claude Code's `.credentials.json`.
//!
//! Which account it holds: newer versions write an `organizationUuid`, beside the login or within it, and that is what is
//! billed; some files have an `accountUuid` instead. Where there is neither, **nothing in the file tells one account from
//! another**, and a link to it goes on if somebody else signs in. Claude Code names the account in another file too, but
//! writes the two at different moments, so a link that looked there would be suspended by an ordinary sign-in.

use std::path::Path;

use credlatch_core::secret::Fingerprint;
use credlatch_core::state::Source;

use super::document::Document;
use super::error::{ForeignError, ForeignErrorKind};
use super::token::{self, Token};
use super::{Tool, account, keychain, provider};
use crate::found::Imported;

const TOOL: Tool = Tool::ClaudeCode;
const LOGIN: &str = "claudeAiOauth";

/// Reads the file for import: at most one login, which is linked. `None` if the file is absent.
///
/// # Errors
/// It is there and can't be read or understood.
pub fn read(path: &Path) -> Result<Option<Imported>, ForeignError> {
    let Some((document, _)) = Document::read(TOOL, path)? else { return keychain::absent(TOOL, path) };
    imported(&document, path).map(Some)
}

pub(super) fn imported(document: &Document, path: &Path) -> Result<Imported, ForeignError> {
    let token = token(document).map_err(|kind| ForeignError::new(TOOL, path, kind))?;
    let mut imported = Imported::default();
    if let Some(token) = token {
        let found = token::found(TOOL, path, provider("anthropic"), Source::ClaudeCode, token.account)?;
        token::take(&mut imported, found, &token, LOGIN);
    }
    Ok(imported)
}

/// The login in the file, if there is one.
pub(super) fn token(document: &Document) -> Result<Option<Token>, ForeignErrorKind> {
    let Some(login) = document.root().get(LOGIN)? else { return Ok(None) };
    let access = login.need("accessToken")?.token()?;
    let time_ms = |field: &str| login.get(field)?.map(|node| node.time_ms()).transpose();
    let (expires_at_ms, login_ends_at_ms) = (time_ms("expiresAt")?, time_ms("refreshTokenExpiresAt")?);
    let is_renewable = login.maybe_text("refreshToken")?.is_some_and(|token| !token.is_empty());
    Ok(Some(Token { access, expires_at_ms, login_ends_at_ms, is_renewable, account: account_in(document)? }))
}

fn account_in(document: &Document) -> Result<Fingerprint, ForeignErrorKind> {
    let root = document.root();
    let places: Vec<_> = [root.get(LOGIN)?, Some(root)].into_iter().flatten().collect();
    for key in ["organizationUuid", "accountUuid"] {
        for place in &places {
            if let Some(id) = place.maybe_text(key)?.filter(|id| !id.is_empty()) {
                return Ok(account::named(TOOL, &[key, id]));
            }
        }
    }
    Ok(account::unnamed(TOOL))
}
