//! Looking the files over: no step changes anything, and a file system that can't be trusted is named.

use std::fs;
use std::os::unix::fs::{FileExt, symlink};

use credlatch::file::{LockSeen, Provenance, RealDisk};
use credlatch_core::port::{Store, StoreErrorKind};

use crate::disk::Step;
use crate::{Home, commit};

#[test]
fn an_inspection_takes_no_step_that_changes_anything() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    assert!(!store.inspect().is_there);
    assert_eq!(disk.take_steps(), []);
    commit(&store, 1);
    drop(store.enlist().unwrap());
    disk.take_steps();
    let seen = store.inspect();
    assert_eq!(seen.state.unwrap().generation, 1);
    assert_eq!(seen.lock, LockSeen::Free { is_unconfirmed: false });
    assert_eq!(seen.leftovers.len(), 1, "the sign of life that ended: {:?}", seen.leftovers);
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
    let (disk, store) = home.on_test_disk();
    assert!(!store.inspect().is_untrusted);
    disk.move_to_nfs();
    let seen = store.inspect();
    assert_eq!((seen.file_system, seen.is_untrusted, seen.is_trusted_by_hand), (Some("NFS"), true, false));
    assert!(disk.store(home.path()).trusting_file_system(true).inspect().is_trusted_by_hand);
}

#[test]
fn a_lock_file_is_told_to_be_absent_unconfirmed_or_unknown() {
    let home = Home::new();
    assert_eq!(home.store().inspect().lock, LockSeen::Absent);
    let id = commit(&home.store(), 1);
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    lock.write_all_at(&(id | 1).to_le_bytes(), 0).unwrap();
    assert_eq!(home.store().inspect().lock, LockSeen::Free { is_unconfirmed: true });
    fs::remove_file(home.lock_file()).unwrap();
    symlink(home.document(), home.lock_file()).unwrap();
    let LockSeen::Unknown(error) = home.store().inspect().lock else { panic!("a link is not followed") };
    assert_eq!(error.kind, StoreErrorKind::Unsafe);
}

#[test]
fn what_the_next_commit_needs_and_what_there_is_are_told() {
    let home = Home::new();
    let store = home.store();
    let empty = store.inspect();
    assert_eq!((empty.is_there, empty.needed, empty.link), (false, 4 * 4096, None));
    assert_eq!(empty.document, home.document());
    commit(&store, 1);
    let seen = store.inspect();
    assert_eq!((seen.is_there, seen.needed), (true, 5 * 4096));
    assert_eq!(seen.provenance, Ok(Provenance::Own));
    let (space, of_home) = (seen.space.unwrap(), rustix::fs::statvfs(home.path()).unwrap());
    assert!(!space.is_read_only);
    let free = of_home.f_bavail * of_home.f_frsize;
    assert!(space.free.abs_diff(free) < 1 << 30, "{} is not about {free}", space.free);
    assert!(rustix::fs::statvfs("/proc").unwrap().f_bavail == 0);
    let proc = credlatch::file::disk::Disk::space(&RealDisk, "/proc".as_ref()).unwrap().unwrap();
    assert_eq!(proc.free, 0);
}
