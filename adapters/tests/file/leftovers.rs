//! Files beside the document that are no part of the store as it stands.

use std::fs;
use std::os::unix::fs::{FileExt, symlink};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use credlatch::file::Leftover;
use credlatch_core::port::{Alive, Locked, Store};

use crate::claims::rotating;
use crate::disk::{ME, Step, TestDisk};
use crate::{Home, chmod, commit, loaded};

/// What an inspection finds, by name, and whether a copy is open to others.
fn found(home: &Home) -> Vec<String> {
    let name = |path: &PathBuf| path.strip_prefix(home.folder()).unwrap().display().to_string();
    let found = home.store().inspect().leftovers;
    let told = |found: &Leftover| match found {
        Leftover::Sign(path) => format!("sign {}", name(path)),
        Leftover::Draft(path) => format!("draft {}", name(path)),
        Leftover::Copy { path, is_open: false } => format!("copy {}", name(path)),
        Leftover::Copy { path, is_open: true } => format!("open copy {}", name(path)),
    };
    found.iter().map(told).collect()
}

#[test]
fn a_sign_of_life_is_left_over_when_nobody_holds_it_and_no_claim_names_it() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let (held, named, ended) = (store.enlist().unwrap(), store.enlist().unwrap(), store.enlist().unwrap());
    let mut locked = loaded(&store);
    locked.commit(&rotating(named.actor()), None).unwrap();
    drop(locked);
    let expected = format!("sign default.claims/{}", ended.actor().name);
    assert_eq!(found(&home), [""; 0]);
    drop((named, ended));
    assert_eq!(found(&home), [expected]);
    fs::write(home.folder().join("default.claims/notes"), "a name that is no sign's").unwrap();
    fs::write(home.document(), "no profile").unwrap();
    assert_eq!(found(&home), [""; 0], "without the state nobody can say which signs are named");
    drop(held);
}

#[test]
fn a_draft_is_left_over_when_its_sign_of_life_is_gone_or_let_go() {
    let home = Home::new();
    let store = home.store();
    commit(&store, 1);
    let _held = store.reserve(1).unwrap();
    let ended = store.enlist().unwrap();
    let draft = |name: &str| {
        let file = format!(".default-{name}.tmp");
        fs::write(home.folder().join(&file), "{").unwrap();
        format!("draft {file}")
    };
    let (without_sign, let_go) = (draft(&"0".repeat(32)), draft(&ended.actor().name.to_string()));
    draft("no-sign");
    assert_eq!(found(&home).as_slice(), std::slice::from_ref(&without_sign));
    let sign = format!("sign default.claims/{}", ended.actor().name);
    drop(ended);
    assert_eq!(found(&home), [sign, without_sign, let_go]);
}

/// The draft of a commit, in the home.
fn draft_in(home: &Home) -> Option<String> {
    home.files().into_iter().find(|file| file.starts_with(".default-"))
}

#[test]
fn a_draft_that_the_lock_file_names_is_in_use_with_the_lock_and_goes_with_the_next_one() {
    let home = Arc::new(Home::new());
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    assert_eq!(home.files(), ["default.json", "default.lock"], "no sign of life goes with it");
    let (dying, there) = (Arc::clone(&home), Arc::default());
    let also: Arc<std::sync::Mutex<String>> = Arc::clone(&there);
    disk.before(Step::Sync, move || {
        assert_eq!(found(&dying), [""; 0]);
        *also.lock().unwrap() = draft_in(&dying).unwrap();
    });
    commit(&store, 2);
    // As whoever dies there leaves it: the draft, and its name in the lock file.
    let draft = there.lock().unwrap().clone();
    let name = u64::from_str_radix(draft.trim_start_matches(".default-").trim_end_matches(".tmp"), 16).unwrap();
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    let named = || u64::from_le_bytes(fs::read(home.lock_file()).unwrap()[48..].try_into().unwrap());
    assert_eq!(named(), 0, "it is the document by now");
    fs::write(home.folder().join(&draft), "{").unwrap();
    lock.write_all_at(&name.to_le_bytes(), 48).unwrap();
    assert_eq!(found(&home), [format!("draft {draft}")]);
    drop(store.lock(5_000).unwrap());
    assert_eq!((draft_in(&home), named()), (None, 0));
}

#[test]
fn a_directory_of_signs_that_was_seen_empty_is_listed_again_once_something_was_in_it() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let claims = home.folder().join("default.claims");
    commit(&store, 1);
    drop(store.enlist().unwrap());
    commit(&store, 2);
    // Only a time of change that is a second old tells of whatever changes later.
    std::thread::sleep(Duration::from_millis(1_050));
    let lists = |generation| {
        disk.take_listed();
        commit(&store, generation);
        disk.take_listed().contains(&claims)
    };
    assert!(lists(3), "it is seen empty");
    assert!(!lists(4), "it is known");
    let ended = store.enlist().unwrap().actor().name.to_string();
    assert!(claims.join(&ended).exists() && lists(5) && !claims.join(&ended).exists());
    assert!(lists(6), "a moment ago something was in it");
}

#[test]
fn a_copy_is_what_has_the_documents_name_and_something_around_it() {
    let home = Home::new();
    commit(&home.store(), 1);
    let write = |name: &str, text: &str| fs::write(home.folder().join(name), text).unwrap();
    for name in ["default.json~", ".default.json.swp", "#default.json#", "default.json.2026"] {
        write(name, "{}");
    }
    for another in
        ["default", "other.json~", "my.default.json~", "default.json.json", "default.json.lock", ".default.json"]
    {
        write(another, "{}");
    }
    write("default.json.empty", "");
    fs::create_dir(home.folder().join("default.json.d")).unwrap();
    for (name, mode) in [("default.json~", 0o640), (".default.json.swp", 0o604), ("#default.json#", 0o600)] {
        chmod(&home.folder().join(name), mode);
    }
    chmod(&home.folder().join("default.json.2026"), 0o733);
    let expected =
        ["copy #default.json#", "open copy .default.json.swp", "copy default.json.2026", "open copy default.json~"];
    assert_eq!(found(&home), expected);
}

#[test]
fn a_copy_of_somebody_elses_is_open() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    let (own, foreign) = (home.folder().join("default.json.own"), home.folder().join("default.json.theirs"));
    commit(&home.store(), 1);
    for path in [&own, &foreign] {
        fs::write(path, "{}").unwrap();
        chmod(path, 0o600);
    }
    disk.give(&foreign, ME + 1);
    let expected = [Leftover::Copy { path: own, is_open: false }, Leftover::Copy { path: foreign, is_open: true }];
    assert_eq!(disk.store(home.path()).inspect().leftovers, expected);
}

#[test]
fn the_copies_of_a_document_behind_a_link_are_looked_for_beside_it() {
    let (home, elsewhere) = (Home::new(), Home::new());
    fs::create_dir(home.folder()).unwrap();
    chmod(&home.folder(), 0o700);
    symlink(elsewhere.path().join("kept"), home.document()).unwrap();
    let store = home.store();
    commit(&store, 1);
    fs::write(elsewhere.path().join(".kept"), "{}").unwrap();
    chmod(&elsewhere.path().join(".kept"), 0o600);
    let seen = store.inspect();
    assert_eq!(seen.leftovers, [Leftover::Copy { path: elsewhere.path().join(".kept"), is_open: false }]);
    assert_eq!((seen.document, seen.link), (elsewhere.path().join("kept"), Some(home.document())));
}

#[test]
fn the_directory_is_listed_at_the_first_lock_of_each_boot_and_not_at_the_others() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let lists = |store: &credlatch::file::FileStore<TestDisk>| {
        disk.take_listed();
        // Whoever finds nothing to change locks and loads all the same.
        drop(loaded(store));
        disk.take_listed().iter().filter(|path| **path == home.folder()).count()
    };
    assert_eq!([lists(&store), lists(&store), lists(&store)], [1, 0, 0], "before there is a document");
    commit(&store, 1);
    assert_eq!([lists(&store), lists(&store)], [0, 0]);
    for _ in 0..2 {
        disk.reboot();
        let another = disk.store(home.path());
        assert_eq!([lists(&store), lists(&another), lists(&store)], [1, 0, 0]);
    }
    // Nobody knows which boot it is: then nothing tells a first lock from another.
    disk.forget_boot();
    drop(loaded(&store));
    assert_eq!(lists(&store), 0);
}
