//! What a reader notices beside the word: files that were edited, replaced or led elsewhere by somebody who doesn't lock.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use credlatch_core::port::{Store, StoreErrorKind};
use rustix::io::Errno;

use crate::disk::{Step, TestDisk};
use crate::{Home, chmod, commit, state};

#[test]
fn the_files_are_looked_at_once_a_second_and_not_more_often() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let id = commit(&store, 1);
    disk.stop_clock();
    assert_eq!(store.word().unwrap(), Some(id), "it is revalidated");
    fs::write(home.document(), fs::read(home.document()).unwrap()).unwrap();
    disk.turn_clock(999);
    assert_eq!(store.word().unwrap(), Some(id));
    disk.turn_clock(1);
    assert_eq!(store.word().unwrap(), None);
    assert_eq!(store.word().unwrap(), None, "until somebody loads");
    store.load().unwrap();
    assert_eq!(store.word().unwrap(), Some(id));
}

#[test]
fn what_is_written_over_a_commit_before_its_writer_has_looked_is_seen_too() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let document = home.document();
    disk.before(Step::SyncFolder, move || fs::write(document, "{").unwrap());
    commit(&store, 2);
    assert_eq!(store.load().unwrap_err().kind, StoreErrorKind::Unreadable);
    assert_eq!(store.word().unwrap(), None, "the word speaks of what is not there");
}

#[test]
fn a_lock_file_that_was_replaced_by_its_copy_is_opened_or_mapped_anew() {
    for maps in [false, true] {
        let home = Home::new();
        let (disk, store) = home.on_test_disk();
        let store = store.mapping_word(maps);
        let id = commit(&store, 1);
        assert_eq!(store.word().unwrap(), Some(id));
        let copy = home.folder().join("copy");
        fs::copy(home.lock_file(), &copy).unwrap();
        fs::rename(&copy, home.lock_file()).unwrap();
        disk.turn_clock(1001);
        assert_eq!(store.word().unwrap(), None, "what it says may be another lock's");
        store.load().unwrap();
        assert_eq!(store.word().unwrap(), Some(id));
        let newer = commit(&home.store(), 2);
        assert_eq!(store.word().unwrap(), Some(newer), "it reads the file that is there, mapped: {maps}");
    }
}

#[test]
fn a_link_that_leads_elsewhere_is_followed_to_the_lock_beside_the_document() {
    let (home, one, other) = (Home::new(), Home::new(), Home::new());
    fs::create_dir(home.folder()).unwrap();
    chmod(&home.folder(), 0o700);
    symlink(one.document(), home.document()).unwrap();
    let (disk, store) = home.on_test_disk();
    let first = commit(&one.store(), 1);
    let second = commit(&other.store(), 2);
    store.load().unwrap();
    assert_eq!(store.word().unwrap(), Some(first));
    symlink(other.document(), home.folder().join("new")).unwrap();
    fs::rename(home.folder().join("new"), home.document()).unwrap();
    disk.turn_clock(1001);
    assert_eq!(store.word().unwrap(), None);
    assert_eq!(store.load().unwrap().state, state(2));
    assert_eq!(store.word().unwrap(), Some(second));
}

#[test]
fn a_lock_file_that_cannot_be_opened_is_not_an_absent_one() {
    let home = Home::new();
    commit(&home.store(), 1);
    let disk = Arc::new(TestDisk::default());
    disk.shut(&home.lock_file(), Errno::ACCESS);
    let error = disk.store(home.path()).word().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert!(error.what.starts_with("could not open"), "{}", error.what);
}
