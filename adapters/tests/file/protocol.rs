//! The word, the lock and the readers: each trace that broke a naive version is a test here.

use std::fs;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use credlatch::file::Provenance;
use credlatch_core::port::{CommitError, Loaded, Locked, Store, StoreErrorKind};

use crate::disk::TestDisk;
use crate::helper::{Helper, command};
use crate::{Home, commit, count_up, state};

/// A reader as the engine is one: it keeps a load only under a word that was read before and names it.
#[derive(Default)]
struct Reader(Option<Loaded>);

impl Reader {
    fn read(&mut self, store: &impl Store) -> u64 {
        let word = store.word().unwrap();
        if let Some(kept) = self.0.as_ref().filter(|kept| word.is_some() && kept.id == word) {
            return kept.state.generation;
        }
        let loaded = store.load().unwrap();
        let generation = loaded.state.generation;
        self.0 = Some(loaded).filter(|loaded| word.is_some() && loaded.id == word);
        generation
    }
}

#[test]
fn a_reader_sees_what_another_instance_committed() {
    let home = Home::new();
    let (here, there) = (home.store(), home.store());
    let mut reader = Reader::default();
    assert_eq!(reader.read(&here), 0);
    for generation in 1..20 {
        let id = commit(&there, generation);
        assert_eq!(here.word().unwrap(), Some(id));
        assert_eq!(reader.read(&here), generation);
        assert_eq!(reader.read(&here), generation);
        assert!(reader.0.is_some(), "a settled commit is kept");
    }
}

#[test]
fn a_store_that_was_never_written_is_empty_and_stays_unwritten() {
    let home = Home::new();
    let store = home.store();
    assert_eq!(store.word().unwrap(), None);
    assert_eq!(store.load().unwrap(), Loaded { state: state(0), id: None });
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
    assert!(!home.folder().exists());
}

#[test]
fn a_load_is_not_kept_under_a_word_read_after_it() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    store.word().unwrap();
    let loaded = store.load().unwrap();
    let newer = commit(&home.store(), 2);
    let word = store.word().unwrap();
    assert_eq!(word, Some(newer));
    assert_ne!(loaded.id, word, "the document says which commit it is, so the mistake shows");
}

#[test]
fn a_restored_document_is_noticed_and_never_kept() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let mut reader = Reader::default();
    commit(&store, 1);
    let backup = fs::read(home.document()).unwrap();
    commit(&store, 2);
    assert_eq!(reader.read(&store), 2);
    assert_eq!(reader.read(&store), 2);
    fs::write(home.document(), backup).unwrap();
    disk.turn_clock(1001);
    assert_eq!(store.word().unwrap(), None);
    assert_eq!(reader.read(&store), 1);
    assert_eq!(reader.read(&store), 1);
    assert!(reader.0.is_none(), "the word names another commit");
    assert_eq!(store.provenance().unwrap(), Provenance::Copied);

    // A transaction that changes nothing leaves the evidence; one that commits writes it down.
    store.lock(1000).unwrap().load().unwrap();
    assert_eq!(store.provenance().unwrap(), Provenance::Copied);
    count_up(&store);
    assert_eq!(store.provenance().unwrap(), Provenance::Copied);
    assert_eq!(reader.read(&store), 2);
    assert_eq!(reader.read(&store), 2);
    assert!(reader.0.is_some());
    store.adopt_copy(1000).unwrap();
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
    assert_eq!(reader.read(&store), 2);
}

#[test]
fn a_copied_home_is_told_from_its_original() {
    let (home, copy) = (Home::new(), Home::new());
    commit(&home.store(), 1);
    commit(&copy.store(), 5);
    fs::copy(home.document(), copy.document()).unwrap();
    fs::copy(home.lock_file(), copy.lock_file()).unwrap();
    let store = copy.store();
    assert_eq!(store.provenance().unwrap(), Provenance::Copied);
    assert_eq!(store.load().unwrap().state, state(1), "reads go on");
    count_up(&store);
    assert_eq!(store.provenance().unwrap(), Provenance::Copied, "a commit does not make it its own");
    assert_eq!(home.store().provenance().unwrap(), Provenance::Own);
    store.adopt_copy(1000).unwrap();
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
    assert_eq!(home.store().load().unwrap().state, state(1));
}

#[test]
fn a_document_that_was_put_back_is_not_adopted_while_somebody_acts_on_what_stood_there() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let backup = fs::read(home.document()).unwrap();
    let acting = store.enlist().unwrap();
    count_up(&store);
    fs::write(home.document(), backup).unwrap();
    let Err(CommitError::NotSaved(refused)) = store.adopt_copy(20) else { panic!("it is adopted beside a living act") };
    assert_eq!(refused.kind, StoreErrorKind::Busy);
    drop(acting);
    store.adopt_copy(1000).unwrap();
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
}

#[test]
fn an_edit_by_hand_is_seen_within_a_second() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let mut reader = Reader::default();
    commit(&store, 1);
    reader.read(&store);
    assert_eq!(reader.read(&store), 1);
    let text = fs::read_to_string(home.document()).unwrap().replace("\"generation\": 1", "\"generation\": 99");
    fs::write(home.document(), text).unwrap();
    disk.turn_clock(1001);
    assert_eq!(reader.read(&store), 99);
    assert_eq!(reader.read(&store), 99);
    assert!(reader.0.is_some());
}

#[test]
fn a_reader_of_a_deleted_lock_file_finds_the_new_one() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let mut reader = Reader::default();
    commit(&store, 1);
    reader.read(&store);
    assert_eq!(reader.read(&store), 1);
    fs::remove_file(home.lock_file()).unwrap();
    let newer = commit(&home.store(), 2);
    disk.turn_clock(1001);
    assert_eq!(store.word().unwrap(), None);
    assert_eq!(reader.read(&store), 2);
    assert_eq!(store.word().unwrap(), Some(newer));
    assert_eq!(store.provenance().unwrap(), Provenance::Copied, "a deleted lock file is told, not hidden");
}

#[test]
fn a_waiter_on_a_deleted_lock_file_starts_over() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let held = store.lock(1000).unwrap();
    let other = home.store();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| commit(&other, 2));
        thread::sleep(Duration::from_millis(50));
        fs::remove_file(home.lock_file()).unwrap();
        drop(held);
        let id = waiter.join().unwrap();
        assert_eq!(home.word(), id, "it locked the file that is there");
    });
}

#[test]
fn a_crash_between_rename_and_word_is_healed_by_a_transaction_that_changes_nothing() {
    let home = Home::new();
    let store = home.store();
    let id = commit(&store, 1);
    // What a killed writer leaves: the new document, and the word still odd.
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    lock.write_all_at(&(id | 1).to_le_bytes(), 0).unwrap();
    assert_eq!(store.word().unwrap(), None);
    let loaded = home.store().lock(1000).unwrap().load().unwrap();
    assert_eq!(loaded.id, Some(id));
    assert_eq!(store.word().unwrap(), Some(id));
    assert_eq!(store.provenance().unwrap(), Provenance::Own, "a crash is not a restore");
}

#[test]
fn a_word_that_a_power_cut_took_back_is_not_a_restore() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let old = fs::read(home.lock_file()).unwrap();
    commit(&store, 2);
    // The document was durable and the lock file's bytes were not; the machine has booted since.
    let mut lock = old;
    lock[8..16].copy_from_slice(&12345_u64.to_le_bytes());
    fs::write(home.lock_file(), lock).unwrap();
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
    let loaded = store.lock(1000).unwrap().load().unwrap();
    assert_eq!(Some(home.word()), loaded.id);
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
}

#[test]
fn busy_names_the_process_that_holds_it_and_its_death_lets_go() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let helper = Helper::start("hold", home.path());
    let error = store.lock(20).err().unwrap();
    assert_eq!(error.kind, StoreErrorKind::Busy);
    assert!(error.what.contains(&format!("process {}", helper.pid())), "{}", error.what);
    assert_eq!(store.load().unwrap().state, state(1), "reading goes on meanwhile");
    helper.kill();
    drop(store.lock(0).unwrap());
}

#[test]
fn a_lock_is_tried_often_at_first_and_less_often_later() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    let (store, other) = (disk.store(home.path()), home.store());
    let held = other.lock(1000).unwrap();
    disk.stop_clock();
    let error = store.lock(50).err().unwrap();
    assert_eq!(disk.take_pauses(), [1, 2, 4, 8, 10, 10, 10, 5]);
    assert!(error.what.ends_with("for 50 ms"), "{}", error.what);
    assert!(error.remedy.contains(&format!("look at process {}", std::process::id())), "{}", error.remedy);
    drop(held);
    // What nobody signed says nothing of who holds it.
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    for signature in [4, 3] {
        let held = other.lock(1000).unwrap();
        lock.set_len(16).unwrap();
        lock.write_all_at(&[0; 4][..signature], 16).unwrap();
        let error = store.lock(0).err().unwrap();
        assert!(error.what.contains("by another process for 0 ms"), "{}", error.what);
        assert_eq!(error.remedy, "try again");
        drop(held);
    }
}

#[test]
fn busy_within_a_process_says_so() {
    let home = Home::new();
    let store = home.store();
    let _locked = store.lock(1000).unwrap();
    let error = store.lock(5).err().unwrap();
    assert_eq!(error.kind, StoreErrorKind::Busy);
    assert!(error.what.contains("this process"));
    assert_eq!(home.store().lock(5).err().unwrap().kind, StoreErrorKind::Busy);
}

#[test]
fn threads_and_instances_lose_no_commit_and_readers_never_go_back() {
    let home = Home::new();
    let shared = home.store();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let store = home.store();
            let (mut reader, mut newest, mut kept) = (Reader::default(), 0, 0);
            while !done.load(Ordering::SeqCst) {
                let seen = reader.read(&store);
                assert!(seen >= newest);
                newest = seen;
                assert_eq!(store.provenance().unwrap(), Provenance::Own, "a commit under way is no restore");
                kept += u64::from(reader.0.is_some());
            }
            kept
        });
        let writers: Vec<_> = (0..16)
            .map(|at| {
                let (home, shared) = (&home, &shared);
                scope.spawn(move || {
                    let own = home.store();
                    (0..10).for_each(|_| count_up(if at % 2 == 0 { shared } else { &own }));
                })
            })
            .collect();
        let ended: Vec<_> = writers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::SeqCst);
        assert!(ended.iter().all(Result::is_ok));
        assert!(reader.join().unwrap() > 0);
    });
    assert_eq!(shared.load().unwrap().state.generation, 160);
    assert_eq!(home.files(), ["default.json", "default.lock"]);
}

#[test]
fn processes_lose_no_commit() {
    let home = Home::new();
    let children: Vec<_> =
        (0..6).map(|_| command("count", home.path()).stdout(std::process::Stdio::null()).spawn().unwrap()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(home.store().load().unwrap().state.generation, 60);
}

#[test]
fn report_8040_e_writers_killed_at_any_moment_leave_a_store_that_goes_on() {
    let home = Home::new();
    let store = home.store();
    let mut newest = 0;
    for round in 0..25 {
        let mut writer = command("count on", home.path()).stdout(std::process::Stdio::null()).spawn().unwrap();
        let began = Instant::now();
        while store.load().unwrap().state.generation <= newest {
            assert!(began.elapsed() < Duration::from_secs(10), "the writer commits nothing");
            thread::yield_now();
        }
        thread::sleep(Duration::from_micros(round * 137));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let seen = store.load().unwrap().state.generation;
        count_up(&store);
        let loaded = store.load().unwrap();
        assert_eq!((loaded.state.generation, store.word().unwrap()), (seen + 1, loaded.id));
        assert_eq!(store.provenance().unwrap(), Provenance::Own);
        assert_eq!(home.files(), ["default.json", "default.lock"]);
        newest = loaded.state.generation;
    }
}
