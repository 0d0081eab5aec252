//! What a person removed in Hermes, as memories of cleared secrets, and the other way round: Hermes fills its pools anew
//! from the environment and from other tools' files, and leaves out the sources that it is told to.

use std::io;

use credlatch_core::fingerprint::digest;
use credlatch_core::name::ProviderId;
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::{Slot, Source, Tombstone};

use super::json::{Object, Piece};

const NAME: &str = "suppressed_sources";

/// What Hermes calls a source that it would fill a pool from; none for what it doesn't fetch by itself.
fn origin_of(source: &Source) -> Option<String> {
    match source {
        Source::Env(variable) => Some(format!("env:{variable}")),
        Source::ClaudeCode => Some("claude_code".to_owned()),
        Source::Hermes(origin) => {
            let is_manual = origin == "manual" || origin.starts_with("manual:");
            (!is_manual).then(|| origin.clone())
        }
        Source::Manual | Source::Login | Source::Dotenv { .. } | Source::Codex => None,
    }
}

/// The sources that we would import the same credential from.
fn sources_of(origin: &str) -> Vec<Source> {
    let also = match origin.split_once(':') {
        Some(("env", variable)) => Some(Source::Env(variable.to_owned())),
        None if origin == "claude_code" => Some(Source::ClaudeCode),
        _ => None,
    };
    std::iter::once(Source::Hermes(origin.to_owned())).chain(also).collect()
}

fn mark(provider: &ProviderId, origin: &str) -> Fingerprint {
    digest(&["suppressed", provider.as_str(), origin])
}

/// The sources that the document suppresses for one of Hermes' pools. Older versions wrote an object for the list.
pub(super) fn origins(root: &Object<'_>, pool: &str) -> Vec<String> {
    let Some(of_pool) = root.read(NAME).and_then(|all| read::<Object<'_>>(all.get())?.read(pool)) else {
        return Vec::new();
    };
    let listed = serde_json::from_str::<Vec<serde_json::Value>>(of_pool.get());
    match listed {
        Ok(list) => list.iter().filter_map(|origin| origin.as_str().map(str::to_owned)).collect(),
        Err(_) => read::<Object<'_>>(of_pool.get())
            .map(|object| object.fields().map(|(name, _)| name.to_owned()).collect())
            .unwrap_or_default(),
    }
}

fn read<'a, T: serde::Deserialize<'a>>(text: &'a str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// The pools that the document suppresses sources of.
pub(super) fn pools(root: &Object<'_>) -> Vec<String> {
    let all = root.read(NAME).and_then(|all| read::<Object<'_>>(all.get()));
    all.map(|all| all.fields().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

/// A suppressed source as memories of what was cleared: the whole source stays away, whatever is there.
pub(super) fn tombstones(provider: &ProviderId, origin: &str) -> Vec<Tombstone> {
    let tombstone = |source| Tombstone { source, mark: mark(provider, origin).into(), link: true };
    sources_of(origin).into_iter().map(tombstone).collect()
}

/// Whether it stands for a suppressed source, and is no memory of our own.
pub(super) fn is_derived(provider: &ProviderId, tombstone: &Tombstone) -> bool {
    origin_of(&tombstone.source).is_some_and(|origin| tombstone.mark == mark(provider, &origin).into())
}

/// Suppresses the sources of what was cleared since the document was loaded, and those no longer that a person has brought
/// back by name. Returns what is suppressed from now on.
pub(super) fn update(
    root: &mut Object<'_>,
    pool: &str,
    before: Option<&Slot>,
    after: &Slot,
) -> io::Result<Vec<String>> {
    let stood = origins(root, pool);
    let is_stored =
        |origin: &String| after.entries.iter().any(|entry| origin_of(&entry.source).as_ref() == Some(origin));
    let was_stored = |origin: &String| {
        before.is_some_and(|slot| slot.entries.iter().any(|entry| origin_of(&entry.source).as_ref() == Some(origin)))
    };
    let mut now: Vec<String> =
        stood.iter().filter(|origin| !is_stored(origin) || was_stored(origin)).cloned().collect();
    let is_new = |tombstone: &&Tombstone| before.is_none_or(|slot| !slot.cleared.contains(tombstone));
    for origin in after.cleared.iter().filter(is_new).filter_map(|tombstone| origin_of(&tombstone.source)) {
        if !now.contains(&origin) && !is_stored(&origin) {
            now.push(origin);
        }
    }
    if now == stood {
        return Ok(now);
    }
    // What is no object there means nothing to Hermes either.
    let mut all = match root.get(NAME) {
        Some(Piece::Read(raw)) => serde_json::from_str::<Object<'_>>(raw.get()).unwrap_or_default(),
        Some(Piece::Object(object)) => object.clone(),
        _ => Object::default(),
    };
    all.put(pool, &now)?;
    root.set(NAME, Piece::Object(all));
    Ok(now)
}
