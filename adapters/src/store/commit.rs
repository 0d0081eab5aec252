//! What a store is given to commit, and what is read of it.

use super::{ActId, CommitId, SecretBytes};

/// A commit as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Which one.
    pub id: CommitId,
    /// The document.
    pub document: SecretBytes,
}

/// A commit to be made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Commit<'a> {
    /// The commit that must stand; none if nothing may.
    pub replaces: Option<CommitId>,
    /// This commit: a random number, so that one that was brought back from a backup is not taken for another.
    pub id: CommitId,
    /// The document.
    pub document: &'a SecretBytes,
    /// The act whose reservation it may use up.
    pub settles: Option<ActId>,
    /// The acts that the document names: their records stay.
    pub named: &'a [ActId],
}

impl<'a> Commit<'a> {
    /// A commit that settles no act and names none.
    pub fn new(replaces: Option<CommitId>, id: CommitId, document: &'a SecretBytes) -> Self {
        Self { replaces, id, document, settles: None, named: &[] }
    }
}

/// What is known of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActRecord {
    /// Whether its guard is still there.
    pub is_alive: bool,
    /// Its note, if there is a whole one.
    pub note: Option<Vec<u8>>,
    /// Its answer, if there is a whole one.
    pub answer: Option<SecretBytes>,
}
