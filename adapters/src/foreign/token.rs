//! A login as it stands in another tool's file, and the link that is stored in its place.

use std::path::Path;
use std::time::SystemTime;

use credlatch_core::extra::Extra;
use credlatch_core::name::ProviderId;
use credlatch_core::secret::{Fingerprint, Secret};
use credlatch_core::state::{Link, Material, Source};
use credlatch_core::time::Stamp;

use super::Tool;
use super::error::{ForeignError, ForeignErrorKind};
use crate::found::{Ending, Found, Imported, Why, label_of};
use crate::plain_file;
use crate::when::wall_ms;

/// A token that ends within this many milliseconds is no longer used: the tool that owns it renews it about then.
pub const LIVE_MARGIN_MS: u64 = 60_000;

/// A login that ends within this many milliseconds is said to end soon: three days.
pub const ENDS_SOON_MS: u64 = 3 * 24 * 3_600_000;

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
    /// When the login ends, however often it is renewed, in milliseconds since the epoch, if the file says.
    pub login_ends_at_ms: Option<u64>,
    /// Whether the tool that owns it has a refresh token to renew it with.
    pub is_renewable: bool,
}

/// A login as it stands in a file.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) access: Secret,
    pub(super) expires_at_ms: Option<u64>,
    /// When even its refresh token ends.
    pub(super) login_ends_at_ms: Option<u64>,
    pub(super) is_renewable: bool,
    pub(super) account: Fingerprint,
}

impl Token {
    pub(super) fn at(&self, now: &Stamp) -> LinkedToken {
        let lasts = |end: u64| now.wall_ms < end.saturating_sub(LIVE_MARGIN_MS);
        let usable = self.expires_at_ms.is_none_or(lasts);
        let Self { expires_at_ms, login_ends_at_ms, is_renewable, .. } = *self;
        LinkedToken { access: self.access.clone(), expires_at_ms, usable, login_ends_at_ms, is_renewable }
    }
}

impl LinkedToken {
    /// Whether only a new login helps: it is not usable, and the tool that owns it can't renew it.
    pub fn is_over(&self, now: &Stamp) -> bool {
        !self.usable && (!self.is_renewable || self.login_ends_at_ms.is_some_and(|end_ms| end_ms <= now.wall_ms))
    }

    /// When the login ends, if that is soon.
    pub fn ends_soon(&self, now: &Stamp) -> Option<u64> {
        self.login_ends_at_ms.filter(|end_ms| (now.wall_ms..now.wall_ms.saturating_add(ENDS_SOON_MS)).contains(end_ms))
    }
}

/// Takes in a login to be linked, unless it has ended by its own deadline: then nothing renews it any more.
pub(super) fn take(imported: &mut Imported, found: Found, token: &Token, place: &str) {
    let now_ms = wall_ms(SystemTime::now());
    match token.login_ends_at_ms {
        Some(end_ms) if end_ms <= now_ms => return imported.skip(place, Why::LoginEnded(end_ms)),
        Some(at_ms) if at_ms - now_ms <= ENDS_SOON_MS => {
            imported.ending.push(Ending { provider: found.provider.clone(), at_ms });
        }
        _ => {}
    }
    imported.found.push(found);
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
