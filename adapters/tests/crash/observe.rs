//! What can be seen of a store from outside: its document, as a person with a hex editor would see it.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use credlatch_core::state::State;

use super::disk::{FileSystem, Node, Nodes, file_at, find};
use super::image;

pub(crate) const HOME: &str = "/home/me/credlatch";
pub(crate) const FOLDER: &str = "/home/me/credlatch/profiles";
pub(crate) const DOCUMENT: &str = "/home/me/credlatch/profiles/default.json";
pub(crate) const LOCK: &str = "/home/me/credlatch/profiles/default.lock";
pub(crate) const CLAIMS: &str = "/home/me/credlatch/profiles/default.claims";

/// What is where the document belongs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    Nothing,
    Torn,
    State(Arc<State>),
}

#[derive(serde::Deserialize)]
struct Document {
    profile: State,
}

impl Seen {
    /// The generation; 0 if there is none.
    pub(crate) fn generation(&self) -> u64 {
        match self {
            Self::State(state) => state.generation,
            Self::Nothing | Self::Torn => 0,
        }
    }

    /// The state; the empty one if there is no document.
    pub(crate) fn state(&self) -> Arc<State> {
        match self {
            Self::State(state) => Arc::clone(state),
            Self::Nothing | Self::Torn => Arc::default(),
        }
    }
}

/// So many documents are kept with what they say.
const KEPT: usize = 10_000;

/// What a document says. Most crashes leave one that another left too, so each is read once.
pub(crate) fn parse(bytes: &[u8]) -> Seen {
    thread_local! {
        static READ: RefCell<HashMap<Vec<u8>, Seen>> = RefCell::default();
    }
    let known = READ.with_borrow(|read| read.get(bytes).cloned());
    known.unwrap_or_else(|| {
        let seen = parse_anew(bytes);
        READ.with_borrow_mut(|read| {
            if read.len() == KEPT {
                read.clear();
            }
            read.insert(bytes.to_vec(), seen.clone());
        });
        seen
    })
}

/// Each of the two stores has a form of its own, and one of them may be sealed.
fn parse_anew(bytes: &[u8]) -> Seen {
    match serde_json::from_slice::<Document>(bytes) {
        Ok(document) => Seen::State(Arc::new(document.profile)),
        Err(_) => super::sealed::parse(bytes).unwrap_or_else(|| parse_hermes(bytes)),
    }
}

fn parse_hermes(bytes: &[u8]) -> Seen {
    #[derive(serde::Deserialize)]
    struct Hermes {
        #[serde(rename = "credential_pool")]
        _pool: serde_json::Value,
    }
    // Each is read strictly: what is neither is torn.
    let is_one = serde_json::from_slice::<Hermes>(bytes).is_ok();
    if is_one { super::shared::parse(bytes) } else { Seen::Torn }
}

/// What is there now.
pub(crate) fn document(nodes: &Nodes) -> Seen {
    file_at(nodes, Path::new(DOCUMENT)).map_or(Seen::Nothing, |bytes| parse(bytes))
}

/// The oldest of what may be there after a power cut at this moment.
pub(crate) fn durable(files: &FileSystem) -> Seen {
    let images = image::of_path(files, Path::new(DOCUMENT));
    let contents: BTreeSet<_> = images.iter().map(|nodes| file_at(nodes, Path::new(DOCUMENT))).collect();
    let seen = contents.into_iter().map(|bytes| bytes.map_or(Seen::Nothing, |bytes| parse(bytes)));
    seen.min_by_key(Seen::generation).unwrap_or(Seen::Nothing)
}

/// What lies in the store's directory beside the document, the lock file and the empty directory of claims.
pub(crate) fn litter(nodes: &Nodes) -> Vec<String> {
    let names = |path: &str| match find(nodes, Path::new(path)).ok().and_then(|ino| nodes.get(&ino)) {
        Some(Node::Folder(names)) => names.keys().map(|name| format!("{path}/{name}")).collect(),
        _ => Vec::new(),
    };
    let expected = [DOCUMENT, LOCK, CLAIMS];
    let mut found = names(FOLDER);
    found.extend(names(CLAIMS));
    found.retain(|path| !expected.contains(&path.as_str()));
    found
}
