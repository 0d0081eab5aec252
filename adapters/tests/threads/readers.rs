//! Readers beside somebody who commits a hundred times a second: law 7 is asserted of what each of them was given, in memory and
//! on files, by the engine that commits and by one that stands for another process.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use credlatch::core::engine::Engine;
use credlatch::core::law::{Broken, Fact, LAWS, Trace, Who};
use credlatch::core::name::ProfileName;
use credlatch::core::pool::Choice;
use credlatch::core::port::Store;
use credlatch::core::state::State;
use credlatch::file::FileStore;
use credlatch::memory::MemoryStore;

use crate::{Over, engine, put};

const COMMITS: u64 = 60;
/// Between two commits.
const PAUSE: Duration = Duration::from_millis(10);
/// Between two reads of a thread: what is seen is written down, and a read takes less than that.
const REST: Duration = Duration::from_micros(50);

type Reader = Box<dyn Fn() -> (u64, String) + Send>;

fn key(generation: u64) -> String {
    format!("key-{generation}")
}

/// What stands for a commit in the trace: its generation, and whether its key was the right one.
fn commit(generation: u64, key_found: &str) -> Arc<State> {
    let last_version = if key_found == key(generation) { generation } else { u64::MAX };
    Arc::new(State { generation, last_version, ..State::default() })
}

fn set<S: Store + 'static>(engine: &Engine<Over<S>>, generation: u64) {
    let put = put("default", &key(generation));
    assert_eq!(engine.transact(&[put]).unwrap().after.state.generation, generation);
}

fn current<S: Store + 'static>(engine: &Arc<Engine<Over<S>>>) -> Reader {
    let engine = Arc::clone(engine);
    Box::new(move || {
        let chosen = engine.current("acme", &Choice::default()).unwrap();
        (chosen.generation, chosen.live.secret().unwrap().expose_secret().to_owned())
    })
}

/// What these readers saw beside one who commits.
fn play<S: Store + 'static>(writer: &Engine<Over<S>>, readers: Vec<Reader>) -> Trace {
    let (trace, is_over) = (Mutex::new(Trace::default()), AtomicBool::new(false));
    let note = |fact| trace.lock().unwrap().0.push(fact);
    let write = |generation| {
        note(Fact::Shown { who: 0, state: commit(generation, &key(generation)) });
        set(writer, generation);
        note(Fact::Returned { who: 0, generation });
    };
    write(1);
    thread::scope(|scope| {
        for (reader, who) in readers.into_iter().zip(1 as Who..) {
            let (note, is_over) = (&note, &is_over);
            scope.spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    note(Fact::ReadBegan { who });
                    let (generation, key) = reader();
                    note(Fact::ReadEnded { who, saw: commit(generation, &key) });
                    thread::sleep(REST);
                }
            });
        }
        for generation in 2..=COMMITS {
            thread::sleep(PAUSE);
            write(generation);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    trace.into_inner().unwrap()
}

fn law_7(trace: &Trace) -> Result<(), Broken> {
    let law = LAWS.iter().find(|law| law.number == 7).unwrap();
    assert!(law.is_witnessed(trace), "no reader saw two commits");
    law.judge(trace)
}

fn assert_of<S: Store + 'static>(writer: &Arc<Engine<Over<S>>>, other: &Arc<Engine<Over<S>>>) {
    let readers = vec![current(writer), current(writer), current(other), current(other)];
    law_7(&play(writer, readers)).unwrap_or_else(|broken| panic!("{broken}"));
}

#[test]
fn law_7_readers_in_memory_move_forward_beside_a_hundred_commits_a_second() {
    let store = MemoryStore::new();
    assert_of(&engine(store.clone()), &engine(store));
}

#[test]
fn law_7_readers_of_files_move_forward_beside_a_hundred_commits_a_second_mapped_or_not() {
    let store = |home: &Path, maps| engine(FileStore::new(home, &ProfileName::default()).mapping_word(maps));
    for maps in [false, true] {
        let home = tempfile::tempdir().unwrap();
        assert_of(&store(home.path(), maps), &store(home.path(), maps));
    }
}

#[test]
fn a_reader_that_keeps_what_it_saw_for_a_while_is_caught() {
    let writer = engine(MemoryStore::new());
    let (read, kept, count) = (current(&writer), Mutex::new(None), Mutex::new(0));
    let keeps: Reader = Box::new(move || {
        let (mut kept, mut count) = (kept.lock().unwrap(), count.lock().unwrap());
        *count += 1;
        if *count % 1_000 == 1 {
            *kept = None;
        }
        kept.get_or_insert_with(&read).clone()
    });
    let broken = law_7(&play(&writer, vec![keeps, current(&writer)])).unwrap_err();
    assert_eq!(broken.number, 7);
}
