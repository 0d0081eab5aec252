//! Writing: a profile put back into the document it was read from. What didn't change keeps the bytes that were read.
//!
//! A changed secret is a new row under a new id. A Hermes that is running writes back the rows that it has in memory, by
//! their ids: so it can't put an old secret in a new one's place, and what it notes about the old one doesn't hit the new.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use credlatch_core::fingerprint::MarkKey;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Entries, Entry, Material, Nonce, Slot, State};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use super::json::{Object, Piece};
use super::load::{Fate, Opened, Pool, Row};
use super::row;
use super::side::{self, Gone, KeepsOut, Known, KnownKind, RowId, Side};
use super::{status, suppress};
use credlatch::codec::MAX_BYTES;
use credlatch::codec::form;
use credlatch::codec::written;
use credlatch::docfile::disk::FileId;
use credlatch::fingerprint;
use credlatch::rfc3339_ms;

/// What a document takes from the moment it is written in.
pub(super) struct Moment<'m> {
    /// The lock file it is written under.
    pub(super) lock: Option<FileId>,
    pub(super) born_ns: Option<u64>,
    pub(super) wall_ms: u64,
    pub(super) nonce: &'m dyn Fn() -> Nonce,
    /// What marks are keyed with; none if that can't be had.
    pub(super) key: &'m dyn Fn() -> Option<MarkKey>,
}

/// The document that holds this state. None if it would be too large.
pub(super) fn save(opened: Opened<'_>, state: &State, moment: &Moment<'_>) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let Opened { mut root, pools, side, state: before } = opened;
    let names = Names::new(&pools);
    let mut writing = Writing {
        before: &before,
        after: state,
        moment,
        side: Side {
            version: form(side.version, state),
            lock: moment.lock,
            lock_born_ns: moment.born_ns,
            store: Some(side.store.unwrap_or_else(moment.nonce)),
            profile: without_entries(state),
            rows: BTreeMap::new(),
            apart: BTreeMap::new(),
            ..side
        },
        placed: BTreeSet::new(),
        removed: Vec::new(),
    };
    let mut lists = Vec::new();
    for pool in pools {
        lists.push((pool.name.clone(), writing.pool(pool)?));
    }
    for (provider, slot) in &state.providers {
        let name = names.of_provider(provider);
        let left_out = suppress::update(&mut root, &name, before.slot(provider.as_str()), slot)?;
        writing.house(provider, slot, &name, &mut lists)?;
        writing.remember_removed(provider, &left_out);
    }
    if !lists.is_empty() || root.has("credential_pool") {
        let mut all = Object::default();
        for (name, list) in lists {
            all.set(&name, list.into_piece());
        }
        root.set("credential_pool", Piece::Object(all));
    }
    // Without these Hermes takes the document for an empty one.
    if root.get("providers").is_none() {
        root.set("providers", Piece::Object(Object::default()));
    }
    if root.get("version").is_none() {
        root.put("version", &1)?;
    }
    root.put("updated_at", &rfc3339_ms(moment.wall_ms))?;
    writing.side.key_marks(moment.key);
    root.put(side::NAME, &writing.side)?;
    written(MAX_BYTES, |to| {
        root.write(to, 0)?;
        to.write_all(b"\n")
    })
}

/// A profile as our own part of the document keeps it: the entries are in rows, and what only repeats Hermes' list of
/// suppressed sources is left to that list.
fn without_entries(state: &State) -> State {
    let hollow = |(provider, slot): (&ProviderId, &Slot)| {
        let cleared =
            slot.cleared.iter().filter(|tombstone| !suppress::is_derived(provider, tombstone)).cloned().collect();
        (provider.clone(), Slot { entries: Entries::default(), cleared, ..slot.clone() })
    };
    State { providers: state.providers.iter().map(hollow).collect(), ..state.clone() }
}

/// What Hermes calls its pools.
struct Names(BTreeMap<ProviderId, String>);

impl Names {
    fn new(pools: &[Pool<'_>]) -> Self {
        let mut names = BTreeMap::new();
        for pool in pools {
            if let Some(provider) = &pool.provider {
                names.entry(provider.clone()).or_insert_with(|| pool.name.clone());
            }
        }
        Self(names)
    }

    fn of_provider(&self, provider: &ProviderId) -> String {
        self.0.get(provider).cloned().unwrap_or_else(|| provider.to_string())
    }
}

/// A pool on its way into the document.
struct List<'a> {
    rows: Vec<Piece<'a>>,
    /// The pool as it was read, as long as nothing in it changed.
    whole: Option<Piece<'a>>,
    last_priority: Option<i64>,
}

impl<'a> List<'a> {
    fn into_piece(self) -> Piece<'a> {
        self.whole.unwrap_or(Piece::List(self.rows))
    }

    /// A row that was there, changed or not.
    fn keep(&mut self, Changed(row): Changed<'a>, raw: &'a RawValue) {
        match row {
            Some(row) => self.push(row),
            None => self.rows.push(Piece::Read(raw)),
        }
    }

    /// A row that is new, or changed.
    fn push(&mut self, row: Object<'a>) {
        self.last_priority = self.last_priority.max(Some(row::priority(&row)));
        self.rows.push(Piece::Object(row));
        self.whole = None;
    }
}

/// What became of a row that stays: nothing, or this.
struct Changed<'a>(Option<Object<'a>>);

struct Writing<'w> {
    before: &'w State,
    after: &'w State,
    moment: &'w Moment<'w>,
    side: Side,
    /// The entries that have a row by now.
    placed: BTreeSet<(ProviderId, Label)>,
    removed: Vec<Removed>,
}

/// A row that goes.
struct Removed {
    provider: ProviderId,
    row: RowId,
    mark: Fingerprint,
    origin: String,
}

impl Writing<'_> {
    /// A pool that was read: each row stays, changes, gives way to a new one, or goes.
    fn pool<'a>(&mut self, pool: Pool<'a>) -> io::Result<List<'a>> {
        let mut list = List { rows: Vec::new(), whole: Some(Piece::Read(pool.raw)), last_priority: None };
        let Some(provider) = pool.provider else {
            return Ok(list);
        };
        for Row { raw, fate } in pool.rows {
            match fate {
                Fate::Opaque => list.rows.push(Piece::Read(raw)),
                Fate::Removed => list.whole = None,
                Fate::Entry { id, fields, label } => {
                    list.last_priority = list.last_priority.max(Some(row::priority(&fields)));
                    if let Some(row) = self.row(&provider, id, fields, &label)? {
                        list.keep(row, raw);
                    } else {
                        list.whole = None;
                    }
                }
            }
        }
        Ok(list)
    }

    /// A row that was read, as it is to be; none if it goes.
    fn row<'a>(
        &mut self,
        provider: &ProviderId,
        id: RowId,
        mut fields: Object<'a>,
        label: &Label,
    ) -> io::Result<Option<Changed<'a>>> {
        let old = self.before.entry(provider.as_str(), label.as_str());
        let new = self.after.entry(provider.as_str(), label.as_str());
        match (old, new) {
            (Some(old), Some(new)) if old.version == new.version => {
                let is_changed = status::write(&mut fields, Some(old), new)?;
                self.note(provider, id, new, &fields);
                Ok(Some(Changed(is_changed.then_some(fields))))
            }
            (Some(old), Some(new)) if old.secret().is_some() && new.secret().is_some() => {
                self.remove(provider, &id, &fields);
                let id = RowId { id: row::new_id((self.moment.nonce)().0), ..id };
                let row = row::make(&id.id, new, Some(&fields), row::priority(&fields))?;
                self.note(provider, id, new, &row);
                Ok(Some(Changed(Some(row))))
            }
            _ => {
                self.remove(provider, &id, &fields);
                Ok(None)
            }
        }
    }

    fn remove(&mut self, provider: &ProviderId, id: &RowId, fields: &Object<'_>) {
        let (mark, origin) = (row::mark(id, fields), row::origin(fields));
        self.removed.push(Removed { provider: provider.clone(), row: id.clone(), mark, origin });
    }

    /// Remembers the rows of a provider that go, once it is known which ids stay, and which sources Hermes is to leave out.
    fn remember_removed(&mut self, provider: &ProviderId, left_out: &[String]) {
        for Removed { row, mark, origin, .. } in self.removed.extract_if(.., |removed| removed.provider == *provider) {
            let stays = self.side.rows.get(provider).is_some_and(|rows| rows.iter().any(|known| known.row == row));
            let keeps_out = match left_out.contains(&origin) {
                _ if stays => KeepsOut::Secret,
                true => KeepsOut::RowWhileListed,
                false => KeepsOut::Row,
            };
            self.side.remember_removed(provider, Gone { row, mark, mark_key: None, keeps_out }, &self.after.at_hand);
        }
    }

    /// The entries that have no row yet: one with a secret gets one at the end of its pool, a link to another tool's file
    /// is kept apart.
    fn house(
        &mut self,
        provider: &ProviderId,
        slot: &Slot,
        pool: &str,
        lists: &mut Vec<(String, List<'_>)>,
    ) -> io::Result<()> {
        for entry in &slot.entries {
            if self.placed.contains(&(provider.clone(), entry.label.clone())) {
                continue;
            }
            if entry.secret().is_none() {
                self.side.apart.entry(provider.clone()).or_default().push(entry.clone());
                continue;
            }
            let at = lists.iter().position(|(name, _)| name == pool).unwrap_or_else(|| {
                lists.push((pool.to_owned(), List { rows: Vec::new(), whole: None, last_priority: None }));
                lists.len() - 1
            });
            let (_, list) = &mut lists[at];
            let id = RowId { pool: pool.to_owned(), id: row::new_id((self.moment.nonce)().0) };
            let row = row::make(&id.id, entry, None, list.last_priority.map_or(0, |last| last.saturating_add(1)))?;
            self.note(provider, id, entry, &row);
            list.push(row);
        }
        Ok(())
    }

    /// Notes what a row doesn't say about its entry.
    fn note(&mut self, provider: &ProviderId, id: RowId, entry: &Entry, row: &Object<'_>) {
        self.placed.insert((provider.clone(), entry.label.clone()));
        self.side.rows.entry(provider.clone()).or_default().push(Known {
            row: id,
            label: entry.label.clone(),
            version: entry.version,
            source: entry.source.clone(),
            fingerprint: entry.fingerprint,
            mark: mark(entry),
            kind: KnownKind::from_material(&entry.material),
            health: entry.health.clone(),
            status: status::digest_of(row),
            extra: entry.extra.clone(),
        });
    }
}

fn mark(entry: &Entry) -> Fingerprint {
    match &entry.material {
        Material::ApiKey(secret) => fingerprint(secret),
        Material::Oauth(grant) => fingerprint(&grant.access),
        Material::Link(link) => link.account,
    }
}
