//! Steps of a commit that fail: what stands afterwards, and what is said of it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use credlatch_core::port::{CommitError, Locked, Store, StoreErrorKind};
use rustix::io::Errno;

use crate::disk::{Step, TestDisk};
use crate::{Home, commit, loaded, state};

#[test]
fn a_failure_before_the_rename_leaves_the_old_state_and_no_trace() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let id = commit(&store, 1);
    let before = fs::read(home.document()).unwrap();
    for (step, errno, kind) in [
        (Step::Write, Errno::NOSPC, StoreErrorKind::Full),
        (Step::Write, Errno::DQUOT, StoreErrorKind::Full),
        (Step::Sync, Errno::IO, StoreErrorKind::Failed),
        (Step::Rename, Errno::ROFS, StoreErrorKind::ReadOnly),
        (Step::Rename, Errno::ACCESS, StoreErrorKind::Denied),
        (Step::Rename, Errno::PERM, StoreErrorKind::Denied),
    ] {
        let mut locked = loaded(&store);
        disk.fail(step, errno);
        let failed = locked.commit(&state(2), None);
        disk.mend();
        drop(locked);
        let Err(CommitError::NotSaved(error)) = failed else { panic!("{step:?} {errno}: {failed:?}") };
        assert_eq!(error.kind, kind, "{step:?} {errno}");
        assert!(error.what.contains("profiles") && !error.remedy.is_empty());
        assert_eq!(fs::read(home.document()).unwrap(), before);
        assert_eq!(home.word(), id, "{step:?}: the word vouches for the document that stands");
        assert_eq!(home.files(), ["default.json", "default.lock"]);
    }
    commit(&store, 3);
    assert_eq!(store.load().unwrap().state, state(3));
}

#[test]
fn a_failed_sync_of_the_directory_is_unknown_and_leaves_the_word_odd() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let mut locked = loaded(&store);
    disk.fail(Step::SyncFolder, Errno::IO);
    assert!(matches!(locked.commit(&state(2), None), Err(CommitError::Unknown(_))));
    drop(locked);
    assert_eq!(home.word() % 2, 1);
    assert_eq!(store.word().unwrap(), None, "no reader relies on what nobody confirmed");

    // Nobody is told anything under a lock before the commit is confirmed.
    assert!(store.lock(1000).unwrap().load().is_err());
    assert_eq!(home.word() % 2, 1);
    disk.mend();
    disk.take_steps();
    let loaded = store.lock(1000).unwrap().load().unwrap();
    assert_eq!(loaded.state, state(2));
    assert_eq!(disk.take_steps(), [Step::Lock, Step::Sync, Step::SyncFolder, Step::Unlock]);
    assert_eq!(Some(home.word()), loaded.id, "healed without a commit of its own");
    assert_eq!(store.word().unwrap(), loaded.id);
}

#[test]
fn a_first_commit_that_failed_unknown_is_confirmed_too() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let mut locked = loaded(&store);
    let breaking = Arc::clone(&disk);
    disk.before(Step::Rename, move || breaking.fail(Step::SyncFolder, Errno::IO));
    assert!(matches!(locked.commit(&state(1), None), Err(CommitError::Unknown(_))));
    drop(locked);
    fs::remove_file(home.document()).unwrap();
    disk.mend();
    // As if the power had gone: the word is odd and there is no document.
    let loaded = store.lock(1000).unwrap().load().unwrap();
    assert_eq!((loaded.state, loaded.id, home.word()), (state(0), None, 0));
}

#[test]
fn a_rename_that_failed_and_cannot_be_looked_into_is_unknown() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let mut locked = loaded(&store);
    let (breaking, document) = (Arc::clone(&disk), home.document());
    disk.before(Step::Rename, move || {
        breaking.hide(&document, Errno::IO);
        breaking.fail(Step::Rename, Errno::IO);
    });
    assert!(matches!(locked.commit(&state(2), None), Err(CommitError::Unknown(_))));
    disk.mend();
    drop(locked);
    assert_eq!(home.word() % 2, 1);
    assert_eq!(store.lock(1000).unwrap().load().unwrap().state, state(1));
}

#[test]
fn a_document_that_cannot_be_looked_at_before_the_rename_stops_the_commit() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let mut locked = loaded(&store);
    for path in [home.document(), home.lock_file()] {
        disk.hide(&path, Errno::IO);
        let Err(CommitError::NotSaved(error)) = locked.commit(&state(2), None) else { panic!("{path:?} is hidden") };
        assert_eq!(error.kind, StoreErrorKind::Failed, "nobody changed it");
        assert!(error.what.starts_with("could not look at"), "{}", error.what);
        disk.mend();
    }
    locked.commit(&state(2), None).unwrap();
}

#[test]
fn an_id_is_even_and_neither_zero_nor_the_one_that_stands() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let id = commit(&store, 1);
    let mut locked = loaded(&store);
    disk.draw([0, 1, u128::from(id), u128::from(id | 1), 7].map(|high| high << 64));
    assert_eq!(locked.commit(&state(2), None), Ok(6));
}

#[test]
fn a_file_system_without_locks_has_its_own_error() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    disk.fail(Step::Lock, Errno::NOLCK);
    let Err(error) = store.lock(1000) else { panic!("there are no locks") };
    assert_eq!(error.kind, StoreErrorKind::Unsafe);
    assert!(error.remedy.contains("NFS"));
}

#[test]
fn a_lock_file_deleted_during_a_commit_stops_it() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let mut locked = loaded(&store);
    let (lock_file, other) = (home.lock_file(), home.store());
    disk.before(Step::Sync, move || {
        fs::remove_file(lock_file).unwrap();
        commit(&other, 10);
    });
    let Err(CommitError::NotSaved(error)) = locked.commit(&state(2), None) else { panic!("the lock guards nothing") };
    assert_eq!(error.kind, StoreErrorKind::Busy);
    drop(locked);
    assert_eq!(store.load().unwrap().state, state(10), "the other's commit is not lost");
}

#[test]
fn an_edit_by_hand_during_a_commit_stops_it() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let mut locked = loaded(&store);
    let document = home.document();
    disk.before(Step::Sync, move || {
        let text = fs::read_to_string(&document).unwrap().replace("\"generation\": 1", "\"generation\": 7");
        fs::write(&document, text).unwrap();
    });
    assert!(matches!(locked.commit(&state(2), None), Err(CommitError::NotSaved(_))));
    assert_eq!(locked.load().unwrap().state, state(7));
    locked.commit(&state(8), None).unwrap();
    drop(locked);
    assert_eq!(store.load().unwrap().state, state(8));
}

#[test]
fn a_forked_child_unlocks_and_removes_nothing_of_its_parent() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let (draft, alive, locked) = (store.reserve(100).unwrap(), store.enlist().unwrap(), store.lock(1000).unwrap());
    let files = home.files();
    disk.fork();
    disk.take_steps();
    drop((draft, alive, locked));
    assert_eq!(disk.take_steps(), []);
    assert_eq!(home.files(), files);
}

#[test]
fn a_lock_file_that_is_replaced_again_and_again_is_waited_for_no_longer_than_any() {
    fn replace_each(disk: &Arc<TestDisk>, lock: PathBuf) {
        let again = Arc::clone(disk);
        disk.before(Step::Lock, move || {
            std::fs::remove_file(&lock).unwrap();
            again.turn_clock(100);
            replace_each(&again, lock);
        });
    }
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    let store = disk.store(home.path());
    replace_each(&disk, home.path().join("profiles/default.lock"));
    let error = store.lock(1_000).map(drop).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Busy, "{error}");
    let tries = disk.take_steps().into_iter().filter(|step| *step == Step::Lock).count();
    assert!((9..=11).contains(&tries), "{tries} tries of 100 ms");
}
