//! Hermes' `auth.json`: the pool that it keeps for each provider.
//!
//! Keys are copied. A login with a refresh token is Hermes' to renew, so it is linked to its entry; a bare access token
//! that nobody can renew is copied. What Hermes only borrows from the environment or from another tool is left to the
//! import of that source. A link finds its entry by Hermes' own id; another account under the same id isn't noticed.

use std::path::Path;

use credlatch_core::name::Label;
use credlatch_core::provider::{Provider, Table, WireKind, endpoint};
use credlatch_core::secret::{BadSecret, Fingerprint};
use credlatch_core::state::{Material, Source};
use credlatch_core::time::{Expiry, Stamp};

use super::document::{Document, Node};
use super::error::{ForeignError, ForeignErrorKind};
use super::token::{self, Token};
use super::{Tool, account};
use crate::found::{Found, Imported, Why, bare_token, end_of, kind_of};

const TOOL: Tool = Tool::Hermes;

/// Reads the file for import. `None` if it is absent.
///
/// # Errors
/// It is there and can't be read or understood.
pub fn read(path: &Path, table: &Table) -> Result<Option<Imported>, ForeignError> {
    let Some((document, _)) = Document::read(TOOL, path)? else { return Ok(None) };
    imported(&document, path, table).map(Some)
}

pub(super) fn imported(document: &Document, path: &Path, table: &Table) -> Result<Imported, ForeignError> {
    let wrong = |kind| ForeignError::new(TOOL, path, kind);
    let mut imported = Imported::default();
    for (name, pool) in pools(document).map_err(wrong)? {
        let Ok(provider) = table.resolve(name) else {
            imported.skip(pool.place(), Why::UnknownProvider);
            continue;
        };
        let pool_import = PoolImport { table, provider, name, suppressed: suppressed(document, name).map_err(wrong)? };
        for node in pool.items().map_err(wrong)? {
            match pool_import.classify(&node, &mut imported).map_err(wrong)? {
                Fate::Copy { source, id, material } => {
                    let found = Found::copied(provider.id.clone(), source, material);
                    imported.found.extend(found.map(|found| Found { label: label(&id), ..found }));
                }
                Fate::Link { source, id, account } => {
                    let found = token::found(TOOL, path, provider.id.clone(), source, account)?;
                    imported.found.push(Found { label: label(&id), ..found });
                }
                Fate::Skip(why) => imported.skip(node.place(), why),
            }
        }
    }
    Ok(imported)
}

/// The login of the entry that a link means.
pub(super) fn token(document: &Document, linked: Fingerprint) -> Result<Option<Token>, ForeignErrorKind> {
    for (name, pool) in pools(document)? {
        for entry in pool.items()? {
            let id = entry.maybe_text("id")?.unwrap_or_default();
            let account = account_of(name, id);
            if account == linked {
                let access = entry.need("access_token")?.token()?;
                let expires_at_ms = ends_at_ms(&entry)?;
                return Ok(Some(Token { access, expires_at_ms, login_ends_at_ms: None, is_renewable: true, account }));
            }
        }
    }
    Ok(None)
}

fn pools(document: &Document) -> Result<Vec<(&str, Node<'_>)>, ForeignErrorKind> {
    document.root().get("credential_pool")?.map_or_else(|| Ok(Vec::new()), |pools| pools.fields())
}

/// The sources that a person removed in Hermes.
fn suppressed<'a>(document: &'a Document, name: &str) -> Result<Vec<&'a str>, ForeignErrorKind> {
    let Some(all) = document.root().get("suppressed_sources")? else { return Ok(Vec::new()) };
    let Some(of_provider) = all.get(name)? else { return Ok(Vec::new()) };
    of_provider.items()?.iter().map(Node::text).collect()
}

/// What identifies an entry of Hermes: the pool it is in, and its id.
#[doc(hidden)]
pub fn account_of(provider: &str, id: &str) -> Fingerprint {
    account::named(TOOL, &["entry", provider, id])
}

/// What an entry of Hermes is called here.
#[doc(hidden)]
pub fn label(id: &str) -> Label {
    Label::new(&format!("hermes:{id}")).unwrap_or_default()
}

fn ends_at_ms(entry: &Node<'_>) -> Result<Option<u64>, ForeignErrorKind> {
    let exact = entry.get("expires_at_ms")?;
    exact.or(entry.get("expires_at")?).map(|node| node.time_ms()).transpose()
}

enum Fate {
    Copy { source: Source, id: String, material: Material },
    Link { source: Source, id: String, account: Fingerprint },
    Skip(Why),
}

struct PoolImport<'a> {
    table: &'a Table,
    provider: &'a Provider,
    name: &'a str,
    suppressed: Vec<&'a str>,
}

impl PoolImport<'_> {
    fn classify(&self, entry: &Node<'_>, imported: &mut Imported) -> Result<Fate, ForeignErrorKind> {
        let origin = entry.maybe_text("source")?.unwrap_or("manual");
        if let Some(owner) = borrowed_from(origin) {
            return Ok(Fate::Skip(Why::Borrowed(owner)));
        }
        if self.suppressed.contains(&origin) {
            return Ok(Fate::Skip(Why::Suppressed));
        }
        if entry.maybe_text("last_status")? == Some("dead") {
            return Ok(Fate::Skip(Why::Dead));
        }
        if entry.maybe_text("base_url")?.is_some_and(|url| is_elsewhere(self.provider, url)) {
            return Ok(Fate::Skip(Why::Elsewhere));
        }
        let Some(id) = entry.maybe_text("id")?.filter(|id| is_plain(id)) else { return Ok(Fate::Skip(Why::Nameless)) };
        let secret = match entry.get("access_token")?.map(|node| node.secret()) {
            Some(Ok(secret)) => secret,
            Some(Err(ForeignErrorKind::BadSecret { why, .. })) => return Ok(Fate::Skip(Why::Unusable(why))),
            Some(Err(other)) => return Err(other),
            None => return Ok(Fate::Skip(Why::Unusable(BadSecret::Empty))),
        };
        let is_linked = entry.maybe_text("refresh_token")?.is_some_and(|token| !token.is_empty());
        // What is linked is Hermes', and is read from its file each time as it is.
        let secret =
            match (!is_linked).then(|| imported.key(entry.place(), secret.expose_secret(), self.provider.keyless)) {
                None => secret,
                Some(Ok(key)) => key,
                Some(Err(why)) => return Ok(Fate::Skip(why)),
            };
        let end_ms = match end_of(&secret) {
            Err(why) if !is_linked => return Ok(Fate::Skip(why)),
            end_ms => end_ms.unwrap_or_default(),
        };
        let recorded =
            if entry.maybe_text("auth_type")? == Some("oauth") { WireKind::OauthToken } else { WireKind::ApiKey };
        let kind = match kind_of(self.table, self.provider, &secret, Some(recorded)) {
            Ok(kind) => kind,
            Err(why) => return Ok(Fate::Skip(why)),
        };
        let (source, id) = (Source::Hermes(origin.to_owned()), id.to_owned());
        if is_linked {
            let account = account_of(self.name, &id);
            return Ok(Fate::Link { source, id, account });
        }
        if kind == WireKind::ApiKey {
            return Ok(Fate::Copy { source, id, material: Material::ApiKey(secret) });
        }
        let expiry = ends_at_ms(entry)?.or(end_ms).map_or(Expiry::Never, Expiry::At);
        // Without a known beginning a token counts as old, so that its whole skew before the end is respected.
        let issued_ms = entry.get("last_refresh")?.map(|node| node.time_ms()).transpose()?;
        let issued = Stamp { wall_ms: issued_ms.unwrap_or(0), ..Stamp::default() };
        Ok(Fate::Copy { source, id, material: bare_token(secret, expiry, issued) })
    }
}

/// Whether an entry's own address is not one of its provider's.
#[doc(hidden)]
pub fn is_elsewhere(provider: &Provider, url: &str) -> bool {
    let is_home = |url: &str| endpoint(url).is_ok_and(|url| provider.is_native(&url));
    !url.trim().is_empty() && !is_home(url.trim())
}

/// Whose credential it is, if Hermes only borrows it. A source that isn't known to be Hermes' own is not.
#[doc(hidden)]
pub fn borrowed_from(source: &str) -> Option<&'static str> {
    let kind = source.split(':').next().unwrap_or_default();
    match kind {
        "manual" | "device_code" | "hermes_pkce" | "loopback_pkce" => None,
        "claude_code" => Some("Claude Code (`credlatch import claude-code`)"),
        "env" => Some("the environment (`credlatch import env` or `dotenv`)"),
        "config" | "model_config" => Some("Hermes' configuration"),
        _ => Some("another tool"),
    }
}

/// Whether an id is a name and nothing else: it becomes part of a label that is printed.
#[doc(hidden)]
pub fn is_plain(id: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=40).contains(&id.len()) && id.bytes().all(plain)
}
