//! Looking the files over: no step changes anything, and a file system that can't be trusted is named.

use std::sync::Arc;

use credlatch::file::LockSeen;
use credlatch_core::port::Store;

use crate::disk::{Step, TestDisk};
use crate::{Home, commit};

#[test]
fn an_inspection_takes_no_step_that_changes_anything() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    let store = disk.store(home.path());
    assert!(!store.inspect().is_there);
    assert_eq!(disk.take_steps(), []);
    commit(&store, 1);
    drop(store.enlist().unwrap());
    disk.take_steps();
    let seen = store.inspect();
    assert_eq!(seen.state.unwrap().generation, 1);
    assert_eq!(seen.lock, LockSeen::Free { is_unconfirmed: false });
    assert_eq!(seen.found.len(), 1, "the sign of life that ended: {:?}", seen.found);
    let steps = disk.take_steps();
    assert!(steps.contains(&Step::Lock), "it looks whether the lock is free");
    assert!(steps.iter().all(|step| matches!(step, Step::Lock | Step::Unlock)), "{steps:?}");
}

#[test]
fn a_lock_that_is_held_for_a_moment_is_no_finding_and_one_that_stays_is() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let locked = store.lock(1_000).unwrap();
    assert_eq!(home.store().inspect().lock, LockSeen::Held { pid: Some(std::process::id()), for_ms: 250 });
    let moment = std::thread::spawn(move || home.store().inspect().lock);
    std::thread::sleep(std::time::Duration::from_millis(50));
    drop(locked);
    assert_eq!(moment.join().unwrap(), LockSeen::Free { is_unconfirmed: false });
}

#[test]
fn a_file_system_of_another_machine_is_named() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    let store = disk.store(home.path());
    assert!(!store.inspect().is_untrusted);
    disk.move_to_nfs();
    let seen = store.inspect();
    assert_eq!((seen.file_system, seen.is_untrusted, seen.is_trusted_by_hand), (Some("NFS"), true, false));
    assert!(disk.store(home.path()).trusting_file_system(true).inspect().is_trusted_by_hand);
}
