//! Room that is set aside, and drafts that are left behind.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use credlatch_core::port::{Locked, Store, StoreErrorKind};
use rustix::io::Errno;

use crate::disk::{Step, TestDisk};
use crate::helper::Helper;
use crate::{Home, commit, state};

#[test]
fn a_reserved_room_is_the_file_that_becomes_the_document() {
    let home = Home::new();
    let store = home.store();
    let room = store.reserve(10_000).unwrap();
    let draft = home.files().into_iter().find(|name| name.contains(".tmp")).unwrap();
    let reserved = fs::metadata(home.folder().join(draft)).unwrap();
    if room.is_reserved() {
        assert!(reserved.blocks() * 512 >= 10_000);
    }
    let mut locked = store.lock(1000).unwrap();
    locked.load().unwrap();
    locked.commit(&state(1), Some(room)).unwrap();
    drop(locked);
    let document = fs::metadata(home.document()).unwrap();
    assert_eq!(document.ino(), reserved.ino());
    assert!(document.len() < 1000, "what was set aside and not needed is cut off");
    assert_eq!(home.files(), ["default.json", "default.lock"]);
    assert_eq!(store.load().unwrap().state, state(1));
}

#[test]
fn a_room_has_place_for_the_present_document_too() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let padded = fs::read_to_string(home.document()).unwrap() + &" ".repeat(300_000);
    fs::write(home.document(), padded).unwrap();
    let room = store.reserve(10_000).unwrap();
    let draft = home.files().into_iter().find(|name| name.contains(".tmp")).unwrap();
    let blocks = fs::metadata(home.folder().join(draft)).unwrap().blocks();
    assert!(!room.is_reserved() || blocks * 512 >= 310_000);
}

#[test]
fn a_room_that_is_not_used_leaves_nothing() {
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
    let disk = Arc::new(TestDisk::default());
    let store = disk.store(home.path());
    disk.fail(Step::Allocate, Errno::NOSPC);
    let Err(error) = store.reserve(1000) else { panic!("there is no room") };
    assert_eq!(error.kind, StoreErrorKind::Full);
    assert_eq!(home.files(), [""; 0]);
    disk.fail(Step::Allocate, Errno::OPNOTSUPP);
    // The real disk turns this into `Unsupported`; here the error itself arrives.
    assert!(store.reserve(1000).is_err() || !store.reserve(1000).unwrap().is_reserved());
}
