//! Drafts that are made early, as reservations, and those that are left behind.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use credlatch::file::{Draft, FileStore};
use credlatch_core::name::ProfileName;
use credlatch_core::port::{CommitError, Locked, Store, StoreErrorKind};
use rustix::io::Errno;

use crate::disk::{Step, TestDisk};
use crate::helper::Helper;
use crate::{Home, commit, loaded, state};

#[test]
fn a_reserved_draft_is_the_file_that_becomes_the_document() {
    let home = Home::new();
    let store = home.store();
    let draft = store.reserve(10_000).unwrap();
    let name = home.files().into_iter().find(|name| name.contains(".tmp")).unwrap();
    let reserved = fs::metadata(home.folder().join(name)).unwrap();
    if draft.is_reserved() {
        assert!(reserved.blocks() * 512 >= 10_000);
    }
    let mut locked = loaded(&store);
    locked.commit(&state(1), Some(draft)).unwrap();
    drop(locked);
    let document = fs::metadata(home.document()).unwrap();
    assert_eq!(document.ino(), reserved.ino());
    assert!(document.len() < 1000, "what was set aside and not needed is cut off");
    assert_eq!(home.files(), ["default.json", "default.lock"]);
    assert_eq!(store.load().unwrap().state, state(1));
}

#[test]
fn a_reservation_has_space_for_the_present_document_too() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let padded = fs::read_to_string(home.document()).unwrap() + &" ".repeat(300_000);
    fs::write(home.document(), padded).unwrap();
    let draft = store.reserve(10_000).unwrap();
    let name = home.files().into_iter().find(|name| name.contains(".tmp")).unwrap();
    let blocks = fs::metadata(home.folder().join(name)).unwrap().blocks();
    assert!(!draft.is_reserved() || blocks * 512 >= 310_000);
}

#[test]
fn a_reservation_that_is_not_used_leaves_nothing() {
    let home = Home::new();
    drop(home.store().reserve(10_000).unwrap());
    assert_eq!(home.files(), [""; 0]);
}

#[test]
fn a_sweep_takes_what_the_dead_left_and_not_what_the_living_use() {
    let home = Home::new();
    let store = home.store();
    let helper = Helper::start("draft", home.path());
    commit(&store, 1);
    assert_eq!(home.files().len(), 4, "document, lock, and the helper's draft with its sign of life");
    helper.kill();
    commit(&store, 2);
    assert_eq!(home.files(), ["default.json", "default.lock"]);
}

#[test]
fn a_full_disk_is_known_before_the_act() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    disk.fail(Step::Allocate, Errno::NOSPC);
    let Err(error) = store.reserve(1000) else { panic!("there is no space") };
    assert_eq!(error.kind, StoreErrorKind::Full);
    assert_eq!(home.files(), [""; 0]);
    for unsupported in [Errno::OPNOTSUPP, Errno::NOSYS] {
        disk.fail(Step::Allocate, unsupported);
        assert!(!store.reserve(1000).unwrap().is_reserved());
    }
    disk.mend();
    assert!(store.reserve(1000).unwrap().is_reserved());
}

/// Commits with this draft and returns whether it became the document.
fn is_used(home: &Home, store: &FileStore<TestDisk>, draft: Draft<TestDisk>) -> bool {
    let mut names = home.files().into_iter();
    let path = home.folder().join(names.find(|name| name.contains(".tmp")).unwrap());
    // Open, so that its inode is no other file's meanwhile.
    let reserved = fs::File::open(path).unwrap();
    let mut locked = loaded(store);
    locked.commit(&state(1), Some(draft)).unwrap();
    fs::metadata(home.document()).unwrap().ino() == reserved.metadata().unwrap().ino()
}

#[test]
fn only_a_draft_of_ones_own_for_this_profile_is_used() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    assert!(is_used(&home, &store, store.reserve(1).unwrap()));
    let other = FileStore::on(Arc::clone(&disk), home.path(), &ProfileName::new("other").unwrap());
    assert!(!is_used(&home, &store, other.reserve(1).unwrap()));
    assert_eq!(home.files(), ["default.json", "default.lock"]);
    let draft = store.reserve(1).unwrap();
    disk.fork();
    assert!(!is_used(&home, &store, draft), "it is the parent's");
}

#[test]
fn a_rename_that_happened_though_it_was_reported_to_fail_is_unknown() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let mut locked = loaded(&store);
    let (breaking, folder) = (Arc::clone(&disk), home.folder());
    disk.before(Step::Rename, move || {
        let mut entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let draft = entries.find(|path| path.extension().is_some_and(|end| end == "tmp")).unwrap();
        fs::rename(draft, folder.join("default.json")).unwrap();
        breaking.fail(Step::Rename, Errno::IO);
    });
    assert!(matches!(locked.commit(&state(1), None), Err(CommitError::Unknown(_))));
    disk.mend();
    drop(locked);
    assert_eq!(store.lock(1000).unwrap().load().unwrap().state, state(1));
}
