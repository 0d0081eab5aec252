//! The refresh tokens in another tool's file, as digests: enough to notice that one of them is ours as well.

use std::path::Path;

use credlatch_core::secret::Fingerprint;

use super::Tool;
use super::document::Document;
use super::error::ForeignError;
use crate::fingerprint;

/// Digests of every refresh token in the file, whatever else stands there; none if it is absent.
///
/// # Errors
/// It is there and can't be read as JSON.
pub fn refresh_tokens(tool: Tool, path: &Path) -> Result<Vec<Fingerprint>, ForeignError> {
    let Some((document, _)) = Document::read(tool, path)? else { return Ok(Vec::new()) };
    Ok(document.secrets_named(&["refreshToken", "refresh_token"]).iter().map(fingerprint).collect())
}
