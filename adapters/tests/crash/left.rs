//! What actors left in their signs of life, as a person with a hex editor would see it.

use std::collections::BTreeSet;
use std::path::Path;

use credlatch_core::state::State;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::disk::{Node, Nodes, find};
use super::observe::CLAIMS;

/// Where the note begins, and where the answer does.
pub(crate) const NOTE_AT: u64 = 0;
pub(crate) const ANSWER_AT: u64 = 4096;
/// The kind, the length and the digest.
const HEAD: usize = 44;

/// What an issuer granted, as it is written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WrittenDown {
    pub(crate) attempt: String,
    refresh: String,
}

impl WrittenDown {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let body = record(bytes, ANSWER_AT, *b"clansw1\n")?;
        // A sealed answer is bound to its attempt, which the note beside it names.
        let opened = (!body.starts_with(b"{")).then(|| {
            let note: Value = serde_json::from_slice(record(bytes, NOTE_AT, *b"clnote1\n")?).ok()?;
            super::sealed::open_answer(note["attempt"].as_str()?, body)
        });
        let opened = opened.flatten();
        let answer: Value = serde_json::from_slice(opened.as_deref().unwrap_or(body)).ok()?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Some(Self { attempt: text(&answer["attempt"])?, refresh: text(&answer["fresh"]["refresh"])? })
    }

    /// Whether an entry holds it.
    pub(crate) fn is_stored(&self, state: &State) -> bool {
        let mut grants = state.providers.values().flat_map(|slot| &slot.entries).filter_map(|entry| entry.grant());
        grants.any(|grant| grant.refresh.as_ref().is_some_and(|refresh| refresh.expose_secret() == self.refresh))
    }
}

/// What a whole record of this kind says.
fn record(bytes: &[u8], at: u64, kind: [u8; 8]) -> Option<&[u8]> {
    let record = bytes.get(usize::try_from(at).ok()?..)?;
    let head = record.get(..HEAD).filter(|head| head.starts_with(&kind))?;
    let length = u32::from_le_bytes(head[8..12].try_into().ok()?);
    let body = record.get(HEAD..HEAD + usize::try_from(length).ok()?)?;
    (Sha256::digest(body)[..] == head[12..]).then_some(body)
}

/// Every whole answer, wherever it is written.
pub(crate) fn written_down(nodes: &Nodes) -> Vec<WrittenDown> {
    let files = nodes.values().filter_map(|node| match node {
        Node::File { bytes, .. } => WrittenDown::parse(bytes),
        Node::Folder(_) => None,
    });
    files.collect()
}

/// Everything that is left in signs of life, whole or torn.
pub(crate) fn all(nodes: &Nodes) -> BTreeSet<Vec<u8>> {
    let Some(Node::Folder(names)) = find(nodes, Path::new(CLAIMS)).ok().and_then(|ino| nodes.get(&ino)) else {
        return BTreeSet::new();
    };
    let signs = names.values().filter_map(|ino| match nodes.get(ino) {
        Some(Node::File { bytes, .. }) => bytes.iter().rposition(|byte| *byte != 0).map(|last| bytes[..=last].to_vec()),
        _ => None,
    });
    signs.collect()
}
