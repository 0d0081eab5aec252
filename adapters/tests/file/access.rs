//! Who owns the files, what others may do to them, and other names of them.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown, symlink};
use std::path::PathBuf;
use std::sync::Arc;

use credlatch::file::Leftover;
use credlatch_core::port::{Alive, CommitError, Locked, Store, StoreErrorKind};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::disk::TestDisk;
use crate::{Home, chmod, commit, loaded, state};

/// A document that an act of another claim never finished.
const DRAFT: &str = ".default-0123456789abcdef0123456789abcdef.tmp";

#[test]
fn loose_permissions_are_refused_with_the_command_that_mends_them() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    for (path, loose) in [(home.document(), 0o644), (home.folder(), 0o755)] {
        let before = fs::metadata(&path).unwrap().permissions();
        chmod(&path, loose);
        let error = store.load().unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Unsafe);
        assert!(std::process::Command::new("sh").args(["-c", &error.remedy]).status().unwrap().success());
        assert_eq!(fs::metadata(&path).unwrap().permissions(), before);
        assert_eq!(store.load().unwrap().state, state(1));
    }
}

#[test]
fn a_foreign_owner_is_named_with_its_likely_cause() {
    if !crate::needs::is_root("can give a file away") {
        return;
    }
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    chown(home.document(), Some(1234), None).unwrap();
    let error = store.load().unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Unsafe);
    assert!(error.what.contains("user 1234") && error.remedy.contains("docker exec --user 1234"), "{error:?}");
}

#[test]
fn what_root_made_is_told_with_the_way_to_give_it_back() {
    let home = Home::new();
    commit(&home.store(), 1);
    let disk = Arc::new(TestDisk::default());
    disk.shut(&home.document(), Errno::ACCESS);
    disk.give(&home.document(), 0);
    let error = disk.store(home.path()).load().unwrap_err();
    assert!(error.what.contains("root made it"), "{}", error.what);
    assert!(error.remedy.contains(&format!("sudo chown -R 1000 '{}'", home.document().display())), "{}", error.remedy);
}

#[test]
fn a_hard_link_is_refused_because_a_commit_would_part_the_names() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    fs::hard_link(home.document(), home.folder().join("second")).unwrap();
    assert_eq!(store.load().unwrap_err().kind, StoreErrorKind::Unsafe);
}

#[test]
fn a_symbolic_link_is_followed_and_survives_commits() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let target = elsewhere.path().join("kept.json");
    fs::create_dir(home.folder()).unwrap();
    chmod(&home.folder(), 0o700);
    chmod(elsewhere.path(), 0o755);
    symlink("hop", home.document()).unwrap();
    symlink(&target, home.folder().join("hop")).unwrap();
    let store = home.store();
    let id = commit(&store, 1);
    assert!(fs::symlink_metadata(home.document()).unwrap().is_symlink());
    assert!(fs::metadata(&target).unwrap().is_file());
    assert!(elsewhere.path().join("kept.lock").is_file(), "the lock is where the document is");
    assert!(!home.lock_file().exists());
    assert_eq!(store.word().unwrap(), Some(id));
    assert_eq!(store.load().unwrap().state, state(1));
    symlink("default.json", home.folder().join("loop")).unwrap();
    fs::rename(home.folder().join("loop"), home.document()).unwrap();
    assert_eq!(store.load().unwrap_err().kind, StoreErrorKind::Unsafe);
}

#[test]
fn whoever_reads_asks_where_a_document_leads_only_if_it_is_a_link() {
    let (home, elsewhere) = (Home::new(), Home::new());
    commit(&home.store(), 1);
    let disk = Arc::new(TestDisk::default());
    let store = disk.store(home.path());
    disk.take_followed();
    assert_eq!(store.load().unwrap().state, state(1));
    assert_eq!(disk.take_followed(), Vec::<PathBuf>::new());
    chmod(elsewhere.path(), 0o700);
    let target = elsewhere.path().join("kept.json");
    fs::rename(home.document(), &target).unwrap();
    symlink(&target, home.document()).unwrap();
    assert_eq!(store.load().unwrap().state, state(1));
    assert_eq!(disk.take_followed(), [home.document(), target]);
}

#[test]
fn a_lock_file_that_is_a_link_is_not_followed() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let victim = home.path().join("victim");
    fs::write(&victim, "kept").unwrap();
    fs::remove_file(home.lock_file()).unwrap();
    symlink(&victim, home.lock_file()).unwrap();
    assert_eq!(store.lock(10).err().unwrap().kind, StoreErrorKind::Unsafe);
    assert_eq!(fs::read_to_string(victim).unwrap(), "kept");
}

/// A reader, a writer and whoever asks where the store comes from are told the same of a lock file that is none.
#[test]
fn a_lock_file_that_is_no_plain_file_is_refused_by_everybody() {
    let home = Home::new();
    commit(&home.store(), 1);
    fs::remove_file(home.lock_file()).unwrap();
    for kind in [FileType::Fifo, FileType::Socket, FileType::Directory] {
        match kind {
            FileType::Directory => fs::create_dir(home.lock_file()).unwrap(),
            kind => rustix::fs::mknodat(rustix::fs::CWD, home.lock_file(), kind, 0o600.into(), 0).unwrap(),
        }
        let store = home.store();
        let refusals = [store.word().unwrap_err(), store.lock(10).err().unwrap(), store.provenance().unwrap_err()];
        for error in refusals {
            let is_told = format!("{error} {}", error.remedy).contains("not a plain file");
            let is_folder = kind == FileType::Directory && error.kind == StoreErrorKind::Unreadable;
            assert!(is_folder || is_told && error.kind == StoreErrorKind::Unsafe, "{kind:?}: {error} {}", error.remedy);
        }
        let _ = fs::remove_file(home.lock_file()).or_else(|_| fs::remove_dir(home.lock_file()));
    }
}

#[test]
fn a_directory_of_claims_that_is_a_link_is_not_followed_and_nothing_behind_it_is_removed() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let store = home.store();
    let alive = store.enlist().unwrap();
    commit(&store, 1);
    let reservation = store.reserve(4096).unwrap();
    let claims = home.folder().join("default.claims");
    fs::rename(&claims, home.path().join("real")).unwrap();
    symlink(elsewhere.path(), &claims).unwrap();
    let (sign, draft) = (elsewhere.path().join("0123456789abcdef0123456789abcdef"), home.folder().join(DRAFT));
    fs::write(&sign, "kept").unwrap();
    fs::write(&draft, "kept").unwrap();
    let unsaved = loaded(&home.store()).commit(&state(2), None).unwrap_err();
    let CommitError::NotSaved(unsaved) = unsaved else { panic!("{unsaved:?}") };
    for error in [store.enlist().err().unwrap(), store.is_alive(alive.actor()).unwrap_err(), unsaved] {
        assert_eq!(error.kind, StoreErrorKind::Unsafe);
        assert!(error.what.contains("is a symbolic link"), "{error}");
        assert!(error.remedy.contains(&format!("rm -- '{}'", claims.display())), "{}", error.remedy);
    }
    // One that had made its reservation before sweeps nothing there.
    loaded(&store).commit(&state(2), Some(reservation)).unwrap();
    assert!(home.store().inspect().leftovers.iter().all(|leftover| !matches!(leftover, Leftover::Sign(_))));
    assert_eq!((fs::read_to_string(sign).unwrap(), fs::read_to_string(draft).unwrap()), ("kept".into(), "kept".into()));
    fs::remove_file(&claims).unwrap();
    fs::rename(home.path().join("real"), &claims).unwrap();
    assert!(store.is_alive(alive.actor()).unwrap());
}

#[test]
fn everything_is_private_from_the_start() {
    let home = Home::new();
    let store = home.store();
    let _draft = store.reserve(100).unwrap();
    commit(&store, 1);
    let mode = |path: std::path::PathBuf| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(home.folder()), 0o700);
    assert_eq!(mode(home.folder().join("default.claims")), 0o700);
    let files = home.files();
    assert_eq!(files.len(), 4);
    for file in files {
        assert_eq!(mode(home.folder().join(&file)), 0o600, "{file}");
    }
}
