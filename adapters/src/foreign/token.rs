//! A login as it stands in another tool's file, and the link that is stored in its place.

use std::path::Path;

use credlatch_core::extra::Extra;
use credlatch_core::name::ProviderId;
use credlatch_core::secret::{Fingerprint, Secret};
use credlatch_core::state::{Link, Material, Source};
use credlatch_core::time::Stamp;

use super::Tool;
use super::error::{ForeignError, ForeignErrorKind};
use crate::found::{Found, label_of};
use crate::plain_file;

/// A token that ends within this many milliseconds is no longer used: the tool that owns it renews it about then.
pub const LIVE_MARGIN_MS: u64 = 60_000;

/// What is behind a link now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedToken {
    /// The access token, to be used and never to be stored.
    pub access: Secret,
    /// When it ends, in milliseconds since the epoch, if the file says.
    pub expires_at_ms: Option<u64>,
    /// Whether a request may carry it: it lasts longer than [`LIVE_MARGIN_MS`]. If not, the tool that owns the login has
    /// to renew it.
    pub usable: bool,
}

/// A login as it stands in a file.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) access: Secret,
    pub(super) expires_at_ms: Option<u64>,
    pub(super) account: Fingerprint,
}

impl Token {
    pub(super) fn at(&self, now: &Stamp) -> LinkedToken {
        let lasts = |end: u64| now.wall_ms < end.saturating_sub(LIVE_MARGIN_MS);
        let usable = self.expires_at_ms.is_none_or(lasts);
        LinkedToken { access: self.access.clone(), expires_at_ms: self.expires_at_ms, usable }
    }
}

/// A login to be linked.
pub(super) fn found(
    tool: Tool,
    path: &Path,
    provider: ProviderId,
    source: Source,
    account: Fingerprint,
) -> Result<Found, ForeignError> {
    let wrong = |kind| ForeignError::new(tool, path, kind);
    let whole = std::path::absolute(path).map_err(|error| wrong(plain_file::unreadable(&error).into()))?;
    let path = whole.to_str().ok_or_else(|| wrong(ForeignErrorKind::PathNotText))?.to_owned();
    let label = label_of(&source).unwrap_or_default();
    let material = Material::Link(Link { path, account, suspended: false, extra: Extra::default() });
    Ok(Found { provider, label, material, source })
}
