//! What others may do to the files, and who these belong to.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use credlatch::file::{Exposure, Harm, LockSeen};
use credlatch_core::port::{Store, StoreErrorKind};

use crate::disk::{ME, TestDisk};
use crate::{Home, chmod, commit};

fn exposures(home: &Home) -> Vec<Exposure> {
    home.store().inspect().exposures
}

/// The harm of the only exposure there is, and what is said of it.
fn only(exposures: Vec<Exposure>) -> (Harm, String, String) {
    let [Exposure { harm, error }] = <[_; 1]>::try_from(exposures).unwrap();
    (harm, error.what, error.remedy)
}

#[test]
fn a_home_of_ones_own_is_no_finding() {
    let home = Home::new();
    commit(&home.store(), 1);
    drop(home.store().enlist().unwrap());
    assert_eq!(exposures(&home), []);
}

#[test]
fn what_others_may_do_to_the_home_is_told_by_its_harm() {
    let home = Home::new();
    commit(&home.store(), 1);
    for mode in [0o701, 0o710, 0o704, 0o740, 0o755] {
        chmod(home.path(), mode);
        let (harm, what, remedy) = only(exposures(&home));
        assert_eq!(harm, Harm::Visible, "{mode:o}");
        assert!(what.contains(&format!("mode {mode:04o}")) && remedy.contains("chmod 700"), "{what}: {remedy}");
    }
    for mode in [0o720, 0o702, 0o777] {
        chmod(home.path(), mode);
        let (harm, what, _) = only(exposures(&home));
        assert_eq!(harm, Harm::Replaceable, "{mode:o}");
        assert!(what.contains(&format!("open to other users (mode {mode:04o})")), "{what}");
    }
}

#[test]
fn a_home_may_belong_to_root_and_to_nobody_else() {
    let home = Home::new();
    let owned_by = |user| {
        let disk = Arc::new(TestDisk::default());
        disk.give(home.path(), user);
        disk.store(home.path()).inspect().exposures
    };
    assert_eq!(owned_by(0), []);
    let (harm, what, _) = only(owned_by(ME + 1));
    assert_eq!(harm, Harm::Replaceable);
    assert!(what.contains("belongs to user 1001, not to user 1000"), "{what}");
    chmod(home.path(), 0o755);
    assert_eq!(only(owned_by(0)).0, Harm::Visible);
    chmod(home.path(), 0o775);
    let (harm, what, _) = only(owned_by(0));
    assert_eq!(harm, Harm::Replaceable);
    assert!(what.contains("open to other users"), "root may do as it likes, and others may not: {what}");
}

#[test]
fn a_home_that_is_no_directory_or_cannot_be_looked_at_is_refused() {
    let parent = Home::new();
    let inspect = |path: &Path| {
        let store = credlatch::file::FileStore::new(path, &credlatch_core::name::ProfileName::default());
        store.inspect().exposures
    };
    let file = parent.path().join("file");
    assert_eq!(inspect(&file), [], "nothing is there yet");
    fs::write(&file, "").unwrap();
    let exposures = inspect(&file);
    assert_eq!(exposures[0].harm, Harm::Refused);
    assert!(exposures[0].error.what.contains("it is not a directory"), "{exposures:?}");
    let below = file.join("home");
    let exposures = inspect(&below);
    assert_eq!(exposures[0].harm, Harm::Refused);
    let told = format!("could not look at {}: ", below.display());
    assert!(exposures[0].error.what.starts_with(&told), "{exposures:?}");
}

#[test]
fn a_profiles_files_are_this_users_alone() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    drop(store.enlist().unwrap());
    let claims = home.folder().join("default.claims");
    for (path, loose) in
        [(home.document(), 0o644), (home.lock_file(), 0o620), (claims.clone(), 0o755), (home.folder(), 0o711)]
    {
        let before = fs::metadata(&path).unwrap().permissions();
        chmod(&path, loose);
        let (harm, what, _) = only(exposures(&home));
        assert_eq!(harm, Harm::Refused);
        assert!(what.starts_with(&format!("{} is open to other users (mode {loose:04o})", path.display())), "{what}");
        fs::set_permissions(&path, before).unwrap();
        let disk = Arc::new(TestDisk::default());
        disk.give(&path, ME + 1);
        let (harm, what, _) = only(disk.store(home.path()).inspect().exposures);
        assert_eq!(harm, Harm::Refused);
        assert!(what.starts_with(&format!("{} belongs to user 1001", path.display())), "{what}");
    }
    fs::remove_dir_all(&claims).unwrap();
    fs::write(&claims, "").unwrap();
    chmod(&claims, 0o600);
    let exposures = exposures(&home);
    assert_eq!(exposures[0].error.kind, StoreErrorKind::Unreadable);
    assert!(only(exposures).1.contains("it is not a directory"));
}

#[test]
fn a_link_or_a_pipe_in_the_stores_own_places_is_refused_and_nobody_is_told_to_close_what_it_leads_to() {
    let (home, elsewhere) = (Home::new(), Home::new());
    let store = home.store();
    commit(&store, 1);
    drop(store.enlist().unwrap());
    let claims = home.folder().join("default.claims");
    chmod(elsewhere.path(), 0o1777);
    for (path, target) in [(&claims, elsewhere.path()), (&home.lock_file(), Path::new("/dev/zero"))] {
        let aside = path.with_extension("aside");
        fs::rename(path, &aside).unwrap();
        symlink(target, path).unwrap();
        let seen = home.store().inspect();
        let told: Vec<_> = seen.exposures.into_iter().map(|exposure| exposure.error).collect();
        let told = told.into_iter().chain(if let LockSeen::Unknown(error) = seen.lock { Some(error) } else { None });
        let [error] = <[_; 1]>::try_from(told.collect::<Vec<_>>()).unwrap();
        assert_eq!(error.kind, StoreErrorKind::Unsafe);
        assert!(error.what.contains(path.to_str().unwrap()) && error.remedy.contains("remove"), "{error}");
        assert!(!error.remedy.contains("chmod"), "{error}");
        fs::remove_file(path).unwrap();
        fs::rename(&aside, path).unwrap();
    }
    fs::remove_file(home.lock_file()).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, home.lock_file(), rustix::fs::FileType::Fifo, 0o666.into(), 0).unwrap();
    chmod(&home.lock_file(), 0o666);
    let (_, what, remedy) = only(exposures(&home));
    assert!(what.contains("is not a plain file") && remedy.contains("mv -n -- '"), "{what}: {remedy}");
    assert!(matches!(home.store().inspect().lock, LockSeen::Unknown(error) if error.what == what), "it is told once");
}
