//! Where a document comes from, and what may rest on it.

use std::fs;
use std::os::unix::fs::FileExt;

use credlatch::file::Provenance;
use credlatch_core::port::{Store, StoreErrorKind};
use rustix::io::Errno;

use crate::{Home, commit};

#[test]
fn only_a_word_of_this_boot_that_names_another_commit_tells_of_a_restore() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let id = commit(&store, 1);
    let lock = fs::OpenOptions::new().read(true).write(true).open(home.lock_file()).unwrap();
    let mut boot = [0; 8];
    lock.read_exact_at(&mut boot, 8).unwrap();
    let boot = u64::from_le_bytes(boot);
    let is_copied = |word: u64, boot: u64| {
        lock.write_all_at(&word.to_le_bytes(), 0).unwrap();
        lock.write_all_at(&boot.to_le_bytes(), 8).unwrap();
        store.provenance().unwrap() == Provenance::Copied
    };
    assert!(is_copied(id + 2, boot));
    assert!(!is_copied(id, boot));
    assert!(!is_copied(0, boot), "nobody ever wrote a word");
    assert!(!is_copied(id + 3, boot), "a commit is under way, or was");
    assert!(!is_copied(id + 2, boot + 1), "a power cut may have taken the word back");
    disk.forget_boot();
    assert!(!is_copied(id + 2, 0), "nobody can tell whether there was one");
}

#[test]
fn a_lock_file_that_cannot_be_read_tells_nothing_of_the_origin() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    disk.shut(&home.lock_file(), Errno::ACCESS);
    assert_eq!(store.provenance().unwrap_err().kind, StoreErrorKind::Denied);
}

#[test]
fn a_copy_that_is_adopted_gets_a_name_of_its_own() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let name =
        || serde_json::from_slice::<serde_json::Value>(&fs::read(home.document()).unwrap()).unwrap()["store"].clone();
    let before = name();
    fs::remove_file(home.lock_file()).unwrap();
    store.adopt_copy(1000).unwrap();
    assert_ne!(name(), before, "two stores must not have one name");
    assert_eq!(store.provenance().unwrap(), Provenance::Own);
    let empty = Home::new();
    empty.store().adopt_copy(1000).unwrap();
    assert!(!empty.document().exists(), "there was nothing to adopt");
}

#[test]
fn no_act_rests_on_locks_that_may_not_hold() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    store.permit_acts().unwrap();
    commit(&store, 1);
    store.permit_acts().unwrap();
    assert_eq!(store.file_system().unwrap(), None);
    disk.move_to_nfs();
    assert_eq!(store.file_system().unwrap(), Some("NFS"));
    let error = store.permit_acts().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unsafe);
    assert!(error.what.contains("is on NFS") && error.remedy.contains("CREDLATCH_TRUST_FILE_SYSTEM=1"), "{error}");
    let trusting = disk.store(home.path()).trusting_file_system(true);
    trusting.permit_acts().unwrap();
    fs::remove_file(home.lock_file()).unwrap();
    trusting.permit_acts().unwrap();
    assert_eq!(trusting.provenance().unwrap(), Provenance::Copied, "of which each grant is asked about");
}
