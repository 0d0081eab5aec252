//! The directories around a profile's files: made private, and durable before the first commit relies on their names.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use credlatch::file::FileStore;
use credlatch_core::name::ProfileName;
use credlatch_core::port::{CommitError, Locked, Store, StoreError, StoreErrorKind};
use rustix::io::Errno;

use crate::disk::{ME, TestDisk};
use crate::{Home, chmod, commit, loaded, state};

/// Which directories the first commit makes durable, from below, or why it can't.
fn settled(home: &Home, disk: &Arc<TestDisk>) -> Result<Vec<PathBuf>, StoreError> {
    let store = disk.store(home.path());
    let mut locked = loaded(&store);
    disk.take_synced();
    match locked.commit(&state(1), None) {
        Ok(_) => Ok(disk.take_synced()),
        Err(CommitError::NotSaved(error)) => Err(error),
        Err(CommitError::Unknown(error)) => panic!("{error}"),
    }
}

#[test]
fn the_first_commit_makes_the_names_above_it_durable_as_far_as_they_are_this_users() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    disk.give(home.path().parent().unwrap(), 0);
    let above = home.path().parent().unwrap().to_owned();
    let expected = [home.folder(), home.path().to_owned(), above, home.folder()];
    assert_eq!(settled(&home, &disk).unwrap(), expected, "the last is that of the commit itself");
    commit(&disk.store(home.path()), 2);
    assert_eq!(disk.take_synced(), [home.folder()], "only the first");
}

#[test]
fn what_is_another_device_was_not_made_here() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    disk.mount(home.path());
    assert_eq!(settled(&home, &disk).unwrap(), [home.folder(), home.folder()]);
}

#[test]
fn a_directory_of_somebody_else_may_keep_its_names_to_itself_and_no_other_failure_is_passed_over() {
    for (owner, errno, may_pass) in
        [(0, Errno::ACCESS, true), (0, Errno::IO, false), (ME, Errno::ACCESS, false), (ME, Errno::IO, false)]
    {
        let home = Home::new();
        let above = home.path().parent().unwrap();
        let disk = Arc::new(TestDisk::default());
        disk.give(above, owner);
        disk.fix(above, errno);
        let settled = settled(&home, &disk);
        assert_eq!(settled.is_ok(), may_pass, "{owner} {errno}: {settled:?}");
        if let Err(error) = settled {
            assert!(error.what.starts_with("could not make sure of the names in"), "{}", error.what);
            assert!(!home.document().exists());
        }
    }
}

#[test]
fn each_directory_that_is_made_has_a_durable_name() {
    let outer = Home::new();
    let inner = outer.path().join("a/b");
    let disk = Arc::new(TestDisk::default());
    drop(disk.store(&inner).lock(1000).unwrap());
    let expected = [outer.path().to_owned(), outer.path().join("a"), inner.clone()];
    assert_eq!(disk.take_synced(), expected);
    drop(disk.store(&inner).lock(1000).unwrap());
    assert!(disk.take_synced().is_empty());
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    for (name, made) in [("home", 0), ("home/profiles", 0), ("home/profiles/default.claims", 2)] {
        let home = Home::new();
        let (inner, path) = (home.path().join("home"), home.path().join(name));
        let disk = Arc::new(TestDisk::default());
        disk.fix(&path, Errno::ROFS);
        let error = disk.store(&inner).enlist().err().unwrap();
        assert_eq!(error.kind, StoreErrorKind::ReadOnly, "{name}");
        assert!(error.what.starts_with("could not make"), "{}", error.what);
        assert_eq!(disk.take_synced(), [home.path(), &inner][..made], "only what was made");
    }
}

#[test]
fn a_directory_that_cannot_be_looked_at_is_not_an_absent_one() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    disk.hide(&home.folder(), Errno::ACCESS);
    let error = store.load().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert!(error.what.starts_with("could not look at"), "{}", error.what);
}

#[test]
fn a_relative_home_does_not_move_with_the_working_directory() {
    let path = |home: &str| FileStore::new(home.as_ref(), &ProfileName::default()).path().to_owned();
    let here = std::env::current_dir().unwrap();
    assert_eq!(path("here"), here.join("here/profiles/default.json"));
    assert_eq!(path(""), here.join("profiles/default.json"));
    assert_eq!(path("/there"), std::path::PathBuf::from("/there/profiles/default.json"));
}

#[test]
fn a_directory_behind_a_link_may_be_looked_into_and_not_written_to() {
    let (home, elsewhere) = (Home::new(), Home::new());
    fs::create_dir(home.folder()).unwrap();
    chmod(&home.folder(), 0o700);
    std::os::unix::fs::symlink(elsewhere.path().join("kept.json"), home.document()).unwrap();
    let store = home.store();
    chmod(elsewhere.path(), 0o755);
    commit(&store, 1);
    for mode in [0o775, 0o757] {
        chmod(elsewhere.path(), mode);
        assert_eq!(store.load().unwrap_err().kind, StoreErrorKind::Unsafe);
    }
}
