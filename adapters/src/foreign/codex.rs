//! Codex's `auth.json`. It may hold a key, a ChatGPT login, or both.
//!
//! The key is OpenAI's own and is copied to `openai`; the login is for Codex' own service and is linked under
//! `openai-codex`. Which account a login belongs to is told by `tokens.account_id`, else by the `sub` claim of its id
//! token. An `account_id` names a workspace: two people of one workspace are one account here.

use std::path::Path;

use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Material, Source};

use super::document::{Document, Node};
use super::error::{ForeignError, ForeignErrorKind};
use super::token::{self, Token};
use super::{Tool, account, provider};
use crate::found::{Found, Imported};

const TOOL: Tool = Tool::Codex;
const KEY: &str = "OPENAI_API_KEY";

/// Reads the file for import. `None` if it is absent.
///
/// # Errors
/// It is there and can't be read or understood.
pub fn read(path: &Path) -> Result<Option<Imported>, ForeignError> {
    let Some((document, _)) = Document::read(TOOL, path)? else { return Ok(None) };
    imported(&document, path).map(Some)
}

pub(super) fn imported(document: &Document, path: &Path) -> Result<Imported, ForeignError> {
    let wrong = |kind| ForeignError::new(TOOL, path, kind);
    let mut imported = Imported::default();
    key(document, &mut imported).map_err(wrong)?;
    if let Some(token) = token(document).map_err(wrong)? {
        imported.found.push(token::found(TOOL, path, provider("openai-codex"), Source::Codex, token.account)?);
    }
    Ok(imported)
}

fn key(document: &Document, imported: &mut Imported) -> Result<(), ForeignErrorKind> {
    let Some(node) = document.root().get(KEY)? else { return Ok(()) };
    let text = node.text()?;
    // Codex signs in without a key by leaving this blank.
    if text.trim().is_empty() {
        return Ok(());
    }
    match imported.key(KEY, text) {
        Ok(key) => imported.found.extend(Found::copied(provider("openai"), Source::Codex, Material::ApiKey(key))),
        Err(why) => imported.skip(KEY, why),
    }
    Ok(())
}

/// The login in the file, if there is one.
pub(super) fn token(document: &Document) -> Result<Option<Token>, ForeignErrorKind> {
    let Some(tokens) = document.root().get("tokens")? else { return Ok(None) };
    let access = tokens.need("access_token")?.secret()?;
    let end = account::claims(access.expose_secret()).and_then(|claims| claims.root().get("exp").ok()??.time_ms().ok());
    Ok(Some(Token { access, expires_at_ms: end, account: account_in(&tokens)? }))
}

fn account_in(tokens: &Node<'_>) -> Result<Fingerprint, ForeignErrorKind> {
    if let Some(id) = tokens.maybe_text("account_id")?.filter(|id| !id.is_empty()) {
        return Ok(account::named(TOOL, &["account_id", id]));
    }
    let claims = tokens.maybe_text("id_token")?.and_then(account::claims);
    let subject = claims.as_ref().and_then(|claims| claims.root().maybe_text("sub").ok()?);
    Ok(subject.map_or_else(|| account::unnamed(TOOL), |subject| account::named(TOOL, &["sub", subject])))
}
