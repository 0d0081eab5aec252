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
use super::{Tool, account, keychain, provider};
use crate::found::{Found, Imported, Why, end_of};
use crate::jwt;

const TOOL: Tool = Tool::Codex;
const KEY: &str = "OPENAI_API_KEY";
/// Of which kind its login is.
const MODE: &str = "auth_mode";
/// The kind whose tokens another program brings.
const BROUGHT: &str = "chatgptAuthTokens";
/// The kinds that are a key or a login here.
const MODES: [&str; 3] = ["apikey", "chatgpt", BROUGHT];
/// What newer versions may hold beside them: no request of ours carries it as it is.
const OTHER_KINDS: [(&str, &str); 4] = [
    ("agent_identity", "the identity of an agent, with which Codex signs each request anew; nothing else can use it"),
    ("personal_access_token", "a personal access token, which only Codex itself knows how to use"),
    ("bedrock_api_key", "a key of Amazon Bedrock; store it by its name: `credlatch set amazon-bedrock`"),
    ("bedrock_access_keys", "a pair of keys of AWS, with which Codex signs each request; give it to the AWS client"),
];

/// Reads the file for import. `None` if it is absent.
///
/// # Errors
/// It is there and can't be read or understood.
pub fn read(path: &Path) -> Result<Option<Imported>, ForeignError> {
    let Some((document, _)) = Document::read(TOOL, path)? else { return keychain::absent(TOOL, path) };
    imported(&document, path).map(Some)
}

pub(super) fn imported(document: &Document, path: &Path) -> Result<Imported, ForeignError> {
    let wrong = |kind| ForeignError::new(TOOL, path, kind);
    let mut imported = Imported::default();
    key(document, &mut imported).map_err(wrong)?;
    for (field, what) in OTHER_KINDS {
        if document.root().get(field).map_err(wrong)?.is_some() {
            imported.skip(field, Why::OtherKind(what));
        }
    }
    let mode = document.root().maybe_text(MODE).map_err(wrong)?;
    if let Some(token) = token(document).map_err(wrong)? {
        if mode == Some(BROUGHT) {
            let what =
                "a login that another program brings to Codex and rotates; sign in with Codex itself (`codex login`)";
            imported.skip("tokens", Why::OtherKind(what));
            return Ok(imported);
        }
        let found = token::found(TOOL, path, provider("openai-codex"), Source::Codex, token.account)?;
        token::take(&mut imported, found, &token, "tokens");
    }
    if mode.is_some_and(|mode| !MODES.contains(&mode)) && imported.found.is_empty() && imported.skipped.is_empty() {
        imported.skip(MODE, Why::OtherKind("a kind of login that this version does not know"));
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
    match imported.key(KEY, text, false).and_then(|key| end_of(&key).map(|_| key)) {
        Ok(key) => imported.found.extend(Found::copied(provider("openai"), Source::Codex, Material::ApiKey(key))),
        Err(why) => imported.skip(KEY, why),
    }
    Ok(())
}

/// The login in the file, if there is one.
pub(super) fn token(document: &Document) -> Result<Option<Token>, ForeignErrorKind> {
    let Some(tokens) = document.root().get("tokens")? else { return Ok(None) };
    let access = tokens.need("access_token")?.token()?;
    let end = jwt::end_ms(&access);
    let is_renewable = tokens.maybe_text("refresh_token")?.is_some_and(|token| !token.is_empty());
    let account = account_in(&tokens)?;
    Ok(Some(Token { access, expires_at_ms: end, login_ends_at_ms: None, is_renewable, account }))
}

fn account_in(tokens: &Node<'_>) -> Result<Fingerprint, ForeignErrorKind> {
    if let Some(id) = tokens.maybe_text("account_id")?.filter(|id| !id.is_empty()) {
        return Ok(account::named(TOOL, &["account_id", id]));
    }
    let claims = tokens.maybe_text("id_token")?.and_then(account::claims);
    let subject = claims.as_ref().and_then(|claims| claims.root().maybe_text("sub").ok()?);
    Ok(subject.map_or_else(|| account::unnamed(TOOL), |subject| account::named(TOOL, &["sub", subject])))
}
