//! What lies outside of the store's directory: a backup of it, and the record of claims, which no backup brings back.
//! Looking at them takes no turn: they are looked at while the store is locked, or right after its claim.

use std::sync::{Mutex, MutexGuard, PoisonError};

use credlatch_core::law::Fact;
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::State;
use serde::{Deserialize, Serialize};

use super::World;
use super::disk::{Document, Kept};
use super::places;
use super::sim::Sim;
use super::situation;

/// What is put back from a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Back {
    /// The document alone, over the one that is there.
    Document,
    /// The whole directory, its lock file with it, in place.
    Directory,
    /// A copy of the directory in its place: the lock file is another one.
    Copy,
}

/// What lies outside.
#[derive(Debug, Default)]
pub struct Outside {
    backup: Mutex<Option<Kept>>,
    /// The number of the newest move that was remembered.
    moves: Mutex<u64>,
}

fn open<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Outside {
    /// Remembers a move.
    pub(super) fn note(&self, number: u64) {
        situation::settle();
        let mut known = open(&self.moves);
        *known = number.max(*known);
        places::alter("moves", *known);
    }

    /// What a state that was loaded tells of copies and roll-backs.
    pub(super) fn marks(&self, state: &State, is_foreign: bool) -> Option<MarkShared> {
        places::looks_at("moves");
        let counted = *open(&self.moves);
        places::finds(counted);
        let is_behind = (counted > state.last_move).then_some(Shared::RolledBack);
        let why = if is_foreign { Some(Shared::Copied) } else { is_behind };
        Some(MarkShared { why: why?, counted })
    }
}

impl<S: Sim> World<S> {
    /// Somebody keeps a backup of the store as it is.
    pub fn back_up(&self) {
        let _between = self.disk.lock();
        let kept = self.disk.keep();
        places::alter("backup", kept.digest());
        *open(&self.outside.backup) = Some(kept);
    }

    /// Somebody puts the backup back, if there is one.
    pub fn bring_back(&self, what: Back) {
        // Between two commits: what is put under a writer's hands is the business of the file store's own harness.
        let _between = self.disk.lock();
        places::looks_at("backup");
        let found = open(&self.outside.backup).clone();
        places::finds(found.as_ref().map(Kept::digest));
        let Some(kept) = found else { return };
        self.recorder.push(Fact::BroughtBack);
        self.disk.put_back(kept, what);
    }
}

impl Document {
    /// Whether it was written elsewhere, or put here by somebody who knows nothing of locks.
    pub(super) fn is_foreign(&self, word: u64, lock_file: u64) -> bool {
        let is_contradicted = word != 0 && word.is_multiple_of(2) && self.id != Some(word);
        self.id.is_some() && (is_contradicted || self.lock_file != lock_file)
    }
}
