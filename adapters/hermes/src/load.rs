//! Reading: rows and our own part together make a profile. Where they differ the row is right.

use std::collections::{BTreeMap, BTreeSet};

use credlatch_core::fingerprint::digest;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::{Entry, Source, State};
use serde_json::value::RawValue;

use super::json::Object;
use super::row::{self, ReadRow, RowReader};
use super::side::{self, Known, KnownKind, RowId, Side};
use super::{status, suppress};
use credlatch::codec::{OLDEST, validate, wherever};
use credlatch::docfile::errors::unreadable;

/// The form of Hermes' document that is known.
const HERMES_VERSION: u64 = 1;
/// How far apart the versions of two secrets may be that nobody has committed yet.
const SPREAD: u64 = 1 << 32;

/// A document that was read.
pub(super) struct Opened<'a> {
    pub(super) root: Object<'a>,
    pub(super) pools: Vec<Pool<'a>>,
    pub(super) side: Side,
    pub(super) state: State,
}

/// One of Hermes' pools.
pub(super) struct Pool<'a> {
    pub(super) name: String,
    pub(super) raw: &'a RawValue,
    /// Whose it is; none if no provider is called so.
    pub(super) provider: Option<ProviderId>,
    pub(super) rows: Vec<Row<'a>>,
}

/// A row of a pool.
pub(super) struct Row<'a> {
    pub(super) raw: &'a RawValue,
    pub(super) fate: Fate<'a>,
}

/// What a row is to us.
pub(super) enum Fate<'a> {
    /// Nothing: it is kept as it is.
    Opaque,
    /// It was removed here, and a Hermes that still had it in memory wrote it back.
    Removed,
    /// An entry.
    Entry { id: RowId, fields: Object<'a>, label: Label },
}

/// Reads a document as a whole.
pub(super) fn open<'a>(bytes: &'a [u8], reader: &RowReader<'_>) -> Result<Opened<'a>, StoreError> {
    let path = std::path::Path::new(reader.path);
    let wrong = |why: &str| unreadable(path, why);
    let root: Object<'a> = serde_json::from_slice(bytes).map_err(|error| wrong(&wherever(&error)))?;
    if root.value::<u64>("version").is_some_and(|version| version > HERMES_VERSION) {
        return Err(newer(reader.path, "Hermes"));
    }
    let side = match root.read(side::NAME) {
        None => Side { version: side::VERSION, ..Side::default() },
        Some(raw) => match serde_json::from_str::<Side>(raw.get()) {
            Ok(side) if (OLDEST..=side::VERSION).contains(&side.version) => side,
            _ if version_of(raw).is_some_and(|version| version > side::VERSION) => {
                return Err(newer(reader.path, "credlatch"));
            }
            _ => return Err(wrong("the part under `credlatch` is not what credlatch writes")),
        },
    };
    let mut pools = match root.read("credential_pool") {
        None => Vec::new(),
        Some(raw) => {
            let all: Object<'a> =
                serde_json::from_str(raw.get()).map_err(|_| wrong("`credential_pool` is not an object"))?;
            let pool = |(name, list)| Pool::read(name, list, reader).ok_or_else(|| wrong("a pool of it is not a list"));
            all.fields().map(pool).collect::<Result<Vec<_>, _>>()?
        }
    };
    let state = assemble(&root, &mut pools, &side, reader);
    validate(&state).map_err(|why| wrong(&why))?;
    Ok(Opened { root, pools, side, state })
}

fn version_of(raw: &RawValue) -> Option<u64> {
    serde_json::from_str::<Object<'_>>(raw.get()).ok()?.value("version")
}

fn newer(path: &str, whose: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Newer,
        format!("{path} was written by a newer version of {whose}, in a form that this program doesn't know"),
        "use a newer credlatch",
    )
}

impl<'a> Pool<'a> {
    fn read(name: &str, raw: &'a RawValue, reader: &RowReader<'_>) -> Option<Self> {
        let list: Option<Vec<&'a RawValue>> = serde_json::from_str(raw.get()).ok()?;
        let rows = list.unwrap_or_default().into_iter().map(|raw| Row { raw, fate: Fate::Opaque }).collect();
        let provider = reader.table.resolve(name).ok().map(|provider| provider.id.clone());
        Some(Self { name: name.to_owned(), raw, provider, rows })
    }
}

/// An entry on its way into its provider's pool.
struct Candidate {
    priority: i64,
    entry: Entry,
    is_known: bool,
}

fn assemble(root: &Object<'_>, pools: &mut [Pool<'_>], side: &Side, reader: &RowReader<'_>) -> State {
    let mut found: BTreeMap<ProviderId, Vec<Candidate>> = BTreeMap::new();
    for pool in pools {
        let Some(provider) = pool.provider.clone() else { continue };
        let known = side.apart.get(&provider).into_iter().flatten().map(|entry| entry.label.clone());
        let mut labels: BTreeSet<Label> = known.collect();
        let of_provider = found.entry(provider.clone()).or_default();
        labels.extend(of_provider.iter().map(|candidate| candidate.entry.label.clone()));
        let left_out = suppress::origins(root, &pool.name);
        let pool_rows = PoolRows { pool: &pool.name, provider: &provider, left_out: &left_out, side, reader };
        for row in &mut pool.rows {
            let (fate, candidate) = pool_rows.place(row.raw, &labels);
            labels.extend(candidate.iter().map(|candidate| candidate.entry.label.clone()));
            of_provider.extend(candidate);
            row.fate = fate;
        }
    }
    let mut state = State { at_hand: reader.at_hand.clone(), ..side.profile.clone() };
    let mut taken = BTreeSet::new();
    for (provider, mut candidates) in found {
        // Of equal priority, the one that stands first is used first.
        candidates.sort_by_key(|candidate| candidate.priority);
        if !candidates.is_empty() {
            give_versions(&mut state.last_version, &mut taken, &provider, &mut candidates, side);
            let entries = candidates.into_iter().map(|candidate| candidate.entry);
            state.providers.entry(provider).or_default().entries.extend(entries);
        }
    }
    for (provider, apart) in &side.apart {
        state.providers.entry(provider.clone()).or_default().entries.extend(apart.iter().cloned());
    }
    for pool in suppress::pools(root) {
        let Ok(provider) = reader.table.resolve(&pool).map(|provider| provider.id.clone()) else { continue };
        let tombstones =
            suppress::origins(root, &pool).into_iter().flat_map(|origin| suppress::tombstones(&provider, &origin));
        let cleared = &mut state.providers.entry(provider.clone()).or_default().cleared;
        cleared.splice(0..0, tombstones.collect::<Vec<_>>());
    }
    state
}

/// What the rows of one pool are judged by.
struct PoolRows<'d> {
    pool: &'d str,
    provider: &'d ProviderId,
    /// The sources that Hermes leaves out.
    left_out: &'d [String],
    side: &'d Side,
    reader: &'d RowReader<'d>,
}

impl PoolRows<'_> {
    fn place<'a>(&self, raw: &'a RawValue, taken: &BTreeSet<Label>) -> (Fate<'a>, Option<Candidate>) {
        let Self { pool, provider, side, reader, .. } = *self;
        let Ok(fields) = serde_json::from_str::<Object<'a>>(raw.get()) else { return (Fate::Opaque, None) };
        let Some(id) = row::id_of(pool, &fields) else { return (Fate::Opaque, None) };
        let origin = row::origin(&fields);
        let sought = reader.at_hand.seek(row::mark(&id, &fields));
        if side.is_gone(provider, &id, &sought, self.left_out.contains(&origin)) {
            return (Fate::Removed, None);
        }
        let known = side.known(provider, &id, taken);
        let label = known.map_or_else(|| free_label(&id, &fields, taken), |known| known.label.clone());
        let read = reader.read(provider, &id, &fields, known);
        let same = known.filter(|known| is_same(known, &read));
        let ReadRow { material, .. } = read;
        let entry = Entry {
            label: label.clone(),
            version: same.map_or(0, |known| known.version),
            source: same.map_or_else(|| Source::Hermes(origin), |known| known.source.clone()),
            fingerprint: material.fingerprint(),
            material,
            health: status::read(&fields, known),
            extra: known.map(|known| known.extra.clone()).unwrap_or_default(),
        };
        let candidate = Candidate { priority: row::priority(&fields), entry, is_known: same.is_some() };
        (Fate::Entry { id, fields, label }, Some(candidate))
    }
}

/// What a row is called that nobody has called anything yet. Every row is an entry, even one that repeats an id: what
/// stood behind another would come forward when that one is cleared.
fn free_label(id: &RowId, fields: &Object<'_>, taken: &BTreeSet<Label>) -> Label {
    let wanted = row::label_of(id, fields);
    if !taken.contains(&wanted) {
        return wanted;
    }
    let numbered = (2_u64..).filter_map(|number| Label::new(&format!("hermes:{}-{number}", id.id)).ok());
    numbered.into_iter().find(|label| !taken.contains(label)).unwrap_or(wanted)
}

/// Whether the row still is the credential that we know.
fn is_same(known: &Known, read: &ReadRow) -> bool {
    known.mark == read.mark
        && std::mem::discriminant(&known.kind) == std::mem::discriminant(&KnownKind::from_material(&read.material))
}

/// Gives versions to what Hermes brought. They follow from the document alone, so that every process that reads it gives
/// the same ones before the first commit writes them down; and they are spread by the secret, because Hermes may change a
/// row twice between two commits of ours.
fn give_versions(
    last: &mut u64,
    taken: &mut BTreeSet<u64>,
    provider: &ProviderId,
    candidates: &mut [Candidate],
    side: &Side,
) {
    let base = side.profile.last_version;
    let new = candidates.iter_mut().filter(|candidate| !candidate.is_known);
    for Candidate { entry, .. } in new {
        let print = digest(&[provider.as_str(), entry.label.as_str(), &entry.fingerprint.to_string()]);
        let mut version = base.wrapping_add(1 + u64::from_be_bytes(print.0) % SPREAD);
        while !taken.insert(version) {
            version = version.wrapping_add(1);
        }
        entry.version = version;
        *last = (*last).max(version);
    }
}
