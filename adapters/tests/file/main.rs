//! The file store on real files, with real processes.
#![cfg(all(feature = "file", unix))]

mod access;
mod claims;
mod copies;
mod disk;
mod documents;
mod exposures;
mod faults;
mod folders;
mod helper;
mod inspections;
mod left;
mod leftovers;
mod machine;
#[cfg(target_os = "linux")]
mod mapped;
#[cfg(target_os = "linux")]
mod namespaces;
#[path = "../common/needs.rs"]
mod needs;
mod origins;
#[path = "../common/programs.rs"]
mod programs;
mod protocol;
mod reservations;
mod revalidations;
#[cfg(target_os = "linux")]
#[path = "../common/namespaces.rs"]
mod spaces;
#[cfg(target_os = "linux")]
mod waits;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch::file::FileStore;
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Locked, Store};
use credlatch_core::state::State;
use tempfile::TempDir;

use crate::disk::TestDisk;

/// A home that disappears with its test.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        chmod(folder.path(), 0o700);
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn store(&self) -> FileStore {
        FileStore::new(self.path(), &ProfileName::default())
    }

    /// A store on a disk with a hand on it.
    pub(crate) fn on_test_disk(&self) -> (Arc<TestDisk>, FileStore<TestDisk>) {
        let disk = Arc::new(TestDisk::default());
        let store = disk.store(self.path());
        (disk, store)
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.path().join("profiles")
    }

    pub(crate) fn document(&self) -> PathBuf {
        self.folder().join("default.json")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.folder().join("default.lock")
    }

    /// The word as it is in the lock file.
    pub(crate) fn word(&self) -> u64 {
        u64::from_le_bytes(fs::read(self.lock_file()).unwrap()[..8].try_into().unwrap())
    }

    /// Every file below the profiles, by its path there.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.folder()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    found.push(entry.path().strip_prefix(self.folder()).unwrap().display().to_string());
                }
            }
        }
        found.sort();
        found
    }
}

pub(crate) fn state(generation: u64) -> State {
    State { generation, ..State::default() }
}

pub(crate) fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The store locked and loaded, as whoever commits to it has it.
pub(crate) fn loaded<S: Store>(store: &S) -> S::Locked<'_> {
    let mut locked = store.lock(5_000).unwrap();
    locked.load().unwrap();
    locked
}

/// One transaction: locks, loads and commits a state of that generation.
pub(crate) fn commit(store: &impl Store, generation: u64) -> u64 {
    loaded(store).commit(&state(generation), None).unwrap()
}

/// One transaction that counts the generation up.
pub(crate) fn count_up(store: &impl Store) {
    let mut locked = store.lock(60_000).unwrap();
    let generation = locked.load().unwrap().state.generation;
    locked.commit(&state(generation + 1), None).unwrap();
}
