//! One row of Hermes' pool: what it is to us, and how we write one.

use std::io;

use credlatch_core::extra::Extra;
use credlatch_core::fingerprint::AtHand;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::provider::{Provider, Table, WireKind, alone};
use credlatch_core::secret::{Fingerprint, Secret};
use credlatch_core::state::{Entry, Grant, Link, Material};
use credlatch_core::time::{Expiry, Stamp};

use super::json::Object;
use super::side::{Known, KnownKind, RowId};
use super::status::{self, time_ms};
use credlatch::fingerprint;
use credlatch::foreign::hermes::{account_of, borrowed_from, is_elsewhere, is_plain, label};
use credlatch::found::{bare_token, kind_of};
use credlatch::rfc3339_ms;

/// The source that Hermes sees on rows of ours: one that a person made, which Hermes keeps as it is.
const OURS: &str = "manual:credlatch";
/// What the ids of rows of ours begin with.
const PREFIX: &str = "credlatch-";
/// Fields that speak of one secret, and don't go with another.
const OF_ONE_SECRET: [&str; 3] = ["refresh_token", "secret_fingerprint", "agent_key"];

/// What a row is to us.
pub(super) struct ReadRow {
    pub(super) material: Material,
    /// Stays while the row is the same credential.
    pub(super) mark: Fingerprint,
}

/// Judges the rows of one document.
pub(super) struct RowReader<'t> {
    pub(super) table: &'t Table,
    /// The document, as links name it.
    pub(super) path: &'t str,
    /// What marks of rows that went are keyed with.
    pub(super) at_hand: AtHand,
}

/// Which row it is; none if it has no id of plain characters.
pub(super) fn id_of(pool: &str, row: &Object<'_>) -> Option<RowId> {
    let id = row.text("id").filter(|id| is_plain(id))?;
    Some(RowId { pool: pool.to_owned(), id })
}

/// What a row that is removed is remembered by beside its id.
pub(super) fn mark(id: &RowId, row: &Object<'_>) -> Fingerprint {
    secret(row).map_or_else(|| account_of(&id.pool, &id.id), |secret| fingerprint(&secret))
}

/// What a person in Hermes calls the row, or the row's own id.
pub(super) fn label_of(id: &RowId, row: &Object<'_>) -> Label {
    let own = id.id.starts_with(PREFIX).then(|| row.text("label")).flatten();
    own.and_then(|own| Label::new(&own).ok()).unwrap_or_else(|| label(&id.id))
}

/// The source that Hermes recorded.
pub(super) fn origin(row: &Object<'_>) -> String {
    row.text("source").unwrap_or_else(|| "manual".to_owned())
}

fn secret(row: &Object<'_>) -> Option<Secret> {
    Secret::try_from(row.text("access_token")?).ok()
}

impl RowReader<'_> {
    /// What the row is. A login that Hermes renews is linked, and never spent by us; a row whose secret is elsewhere, or of
    /// no use here, is a link that is set aside, so that it can be seen and cleared.
    pub(super) fn read(&self, provider: &ProviderId, id: &RowId, row: &Object<'_>, known: Option<&Known>) -> ReadRow {
        let is_renewed_by_hermes = row.has_text("refresh_token");
        let own = secret(row).filter(|_| !is_renewed_by_hermes);
        let material = match (own, known.map(|known| (&known.kind, known.mark))) {
            (Some(secret), Some((KnownKind::Key, mark))) if fingerprint(&secret) == mark => {
                self.is_at_home(provider, row).then_some(Material::ApiKey(secret))
            }
            (Some(secret), Some((KnownKind::Grant(grant), mark))) => {
                let is_ours = fingerprint(&secret) == mark;
                let expiry = if is_ours { grant.expiry } else { expiry(row) };
                Some(Material::Oauth(Box::new(Grant { expiry, ..grant.with(secret) })))
            }
            (Some(secret), _) => self.foreign(provider, row, secret),
            (None, _) => None,
        };
        match material {
            Some(material) => own_row(material),
            None => self.link(id, !(is_renewed_by_hermes && self.is_of_use(provider, row))),
        }
    }

    /// A key or a token that we know nothing else of.
    fn foreign(&self, provider: &ProviderId, row: &Object<'_>, secret: Secret) -> Option<Material> {
        if !self.is_of_use(provider, row) {
            return None;
        }
        let provider = self.provider(provider)?;
        alone(&secret, provider.keyless).ok()?;
        let recorded =
            if row.text("auth_type").as_deref() == Some("oauth") { WireKind::OauthToken } else { WireKind::ApiKey };
        let kind = kind_of(self.table, provider, &secret, Some(recorded)).ok()?;
        Some(match kind {
            WireKind::ApiKey => Material::ApiKey(secret),
            WireKind::OauthToken => {
                let issued = Stamp { wall_ms: time_ms(row, "last_refresh").unwrap_or(0), ..Stamp::default() };
                bare_token(secret, expiry(row), issued)
            }
        })
    }

    /// Whether its secret is Hermes' own and goes to its provider's own address.
    fn is_of_use(&self, provider: &ProviderId, row: &Object<'_>) -> bool {
        self.is_at_home(provider, row) && borrowed_from(&origin(row)).is_none() && secret(row).is_some()
    }

    fn is_at_home(&self, provider: &ProviderId, row: &Object<'_>) -> bool {
        let is_native = |url: String| self.provider(provider).is_some_and(|row| !is_elsewhere(row, &url));
        row.text("base_url").is_none_or(is_native)
    }

    fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        self.table.resolve(id.as_str()).ok()
    }

    fn link(&self, id: &RowId, suspended: bool) -> ReadRow {
        let account = account_of(&id.pool, &id.id);
        let link = Link { path: self.path.to_owned(), account, suspended, extra: Extra::default() };
        ReadRow { material: Material::Link(link), mark: account }
    }
}

/// A secret that is in the row.
fn own_row(material: Material) -> ReadRow {
    let mark = match &material {
        Material::ApiKey(secret) => fingerprint(secret),
        Material::Oauth(grant) => fingerprint(&grant.access),
        Material::Link(link) => link.account,
    };
    ReadRow { material, mark }
}

fn expiry(row: &Object<'_>) -> Expiry {
    let ends_ms = time_ms(row, "expires_at_ms").or_else(|| time_ms(row, "expires_at"));
    ends_ms.map_or(Expiry::Never, Expiry::At)
}

/// The id of a new row of ours.
pub(super) fn new_id(nonce: u128) -> String {
    format!("{PREFIX}{:012x}", nonce & 0xffff_ffff_ffff)
}

/// The row of a new secret: what the label's row before it said beside its secret, and this.
pub(super) fn make<'a>(id: &str, entry: &Entry, before: Option<&Object<'a>>, priority: i64) -> io::Result<Object<'a>> {
    let mut row = before.cloned().unwrap_or_default();
    for name in OF_ONE_SECRET {
        row.remove(name);
    }
    row.put("id", id)?;
    if before.is_none() {
        row.put("label", entry.label.as_str())?;
    }
    row.put("auth_type", if entry.grant().is_some() { "oauth" } else { "api_key" })?;
    if before.is_none() {
        row.put("priority", &priority)?;
    }
    row.put("source", OURS)?;
    row.put("access_token", entry.secret().map_or("", Secret::expose_secret))?;
    let ends_ms = entry.grant().and_then(|grant| grant.expiry.wall_ms());
    let issued_ms = entry.grant().map(|grant| grant.issued.wall_ms).filter(|ms| *ms > 0);
    for (name, time) in [("expires_at", ends_ms), ("last_refresh", issued_ms)] {
        if time.is_some() || row.has(name) {
            row.put(name, &time.map(rfc3339_ms))?;
        }
    }
    if ends_ms.is_some() || row.has("expires_at_ms") {
        row.put("expires_at_ms", &ends_ms)?;
    }
    status::write(&mut row, None, entry)?;
    Ok(row)
}

/// The row's place in its pool: the lowest is used first.
pub(super) fn priority(row: &Object<'_>) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "what is out of range is the last, or the first")]
    row.value::<f64>("priority").map_or(0, |priority| priority.floor() as i64)
}
