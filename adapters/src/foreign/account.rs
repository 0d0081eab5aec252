//! Which account a login belongs to, as a digest that stays when its tokens are renewed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use credlatch_core::fingerprint::digest;
use credlatch_core::secret::Fingerprint;
use zeroize::Zeroizing;

use super::Tool;
use super::document::Document;

/// The account behind a login whose file doesn't say.
pub(super) fn unnamed(tool: Tool) -> Fingerprint {
    digest(&["account", &tool.to_string()])
}

/// The account that a file names in this way.
pub(super) fn named(tool: Tool, parts: &[&str]) -> Fingerprint {
    let tool = tool.to_string();
    let all: Vec<&str> = ["account", &tool].into_iter().chain(parts.iter().copied()).collect();
    digest(&all)
}

/// Whether what is behind a link may be the account that was linked. Where a file doesn't name one, nobody can say no:
/// a link is suspended only if two names are known and differ.
pub fn is_same_account(tool: Tool, linked: Fingerprint, seen: Fingerprint) -> bool {
    linked == seen || [linked, seen].contains(&unnamed(tool))
}

/// The claims of a JWT (RFC 7519), unverified: they are read to know a login again, never to trust it.
pub(super) fn claims(jwt: &str) -> Option<Document> {
    let payload = jwt.split('.').nth(1)?;
    let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?);
    Document::parse(std::str::from_utf8(&bytes).ok()?).ok()
}
