//! Threads that store keys at once: each finds its own when it was told that it is stored, and they share commits.

use std::thread;

use credlatch::core::Verdict;
use credlatch::core::engine::Engine;
use credlatch::core::name::ProfileName;
use credlatch::core::port::Store;
use credlatch::file::FileStore;
use credlatch::memory::MemoryStore;

use crate::{Over, engine, put};

const THREADS: usize = 8;
const TIMES: usize = 40;

fn store_at_once<S: Store + 'static>(engine: &Engine<Over<S>>) -> u64 {
    let store = |thread: usize, time: usize| {
        let (label, key) = (format!("label-{thread}"), format!("key-{thread}-{time}"));
        let told = engine.transact_in_group(&[put(&label, &key), put(&label, &key)]).unwrap();
        assert_eq!(told.verdicts, [Verdict::Done, Verdict::Nothing]);
        for state in [&told.after.state, &engine.snapshot().unwrap().state] {
            assert_eq!(state.entry("acme", &label).unwrap().secret().unwrap().expose_secret(), key);
        }
    };
    thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || (0..TIMES).for_each(|time| store(thread, time)));
        }
    });
    let state = &engine.snapshot().unwrap().state;
    assert_eq!(state.slot("acme").unwrap().entries.len(), THREADS);
    state.generation
}

#[test]
fn threads_that_store_keys_at_once_lose_none_and_share_commits() {
    let home = tempfile::tempdir().unwrap();
    let on_files = store_at_once(&engine(FileStore::new(home.path(), &ProfileName::default())));
    // Whoever comes while the first of them writes waits, and all who wait share the next commit.
    assert!(on_files < (THREADS * TIMES) as u64, "each had a commit of its own");
    store_at_once(&engine(MemoryStore::new()));
}
