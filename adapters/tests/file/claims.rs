//! Signs of life, within a process and across processes.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use credlatch::file::disk::{Disk, Files, Hold, Open};
use credlatch::file::{FileStore, RealDisk};
use credlatch_core::port::{Alive, Locked, Store, StoreErrorKind};
use credlatch_core::state::{Actor, Claim, Nonce, State};
use credlatch_core::time::Stamp;
use rustix::io::Errno;

use crate::disk::{Step, TestDisk};
use crate::helper::Helper;
#[cfg(target_os = "linux")]
use crate::helper::inherited;
use crate::{Home, commit, loaded};

/// A state with one grant that this actor rotates.
pub(crate) fn rotating(actor: &Actor) -> State {
    let stamp = r#"{"wall_ms":1,"up_ms":1,"boot":1}"#;
    let json = format!(
        r#"{{"generation":1,"last_version":1,"providers":{{"acme":{{"entries":[{{"label":"default","version":1,
        "source":"login","fingerprint":"sha256:0000000000000000","material":{{"oauth":{{"access":"at-1","refresh":"rt-1",
        "expiry":"never","issued":{stamp},"custody":{{"rotating":{{"attempt":"{:032x}","actor":{},"at":{stamp}}}}}}}}}
        }}]}}}}}}"#,
        7,
        serde_json::to_string(actor).unwrap()
    );
    serde_json::from_str(&json).unwrap()
}

/// A claim of this actor's.
pub(crate) fn claim(actor: &Actor) -> Claim {
    Claim { attempt: Nonce(7), actor: actor.clone(), at: Stamp::default(), doubt: None }
}

/// Whether an act ends that nobody holds any more. Another test may just be starting a process: until that has become its program
/// it holds what this one held.
fn ends(store: &FileStore<impl Disk>, actor: &Actor) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        if !store.is_alive(actor).unwrap() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    false
}

#[test]
fn an_act_is_alive_until_its_sign_is_dropped() {
    let home = Home::new();
    let (store, other) = (home.store(), home.store());
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    assert!(other.is_alive(&actor).unwrap());
    assert!(store.is_alive(&actor).unwrap());
    assert!(!other.wait(&claim(&actor), 5).unwrap());
    drop(alive);
    assert!(ends(&other, &actor));
    assert!(other.wait(&claim(&actor), 0).unwrap());
}

#[test]
fn an_act_that_nobody_knows_of_is_dead() {
    let home = Home::new();
    let actor = Actor { name: Nonce(1), pid: 1, started: 0, pid_namespace: 0, notes: false };
    assert!(ends(&home.store(), &actor));
}

#[test]
fn a_waiter_wakes_soon_after_the_end() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| (store.wait(&claim(&actor), 60_000).unwrap(), Instant::now()));
        thread::sleep(Duration::from_millis(100));
        let ended = Instant::now();
        drop(alive);
        let (woke, at) = waiter.join().unwrap();
        assert!(woke);
        assert!(at.duration_since(ended) < Duration::from_secs(2));
    });
}

#[test]
fn a_process_that_is_killed_ends_its_act_at_once() {
    let home = Home::new();
    let store = home.store();
    let helper = Helper::start("enlist", home.path());
    let actor = helper.actor();
    assert_eq!(actor.pid, helper.pid());
    assert!(store.is_alive(&actor).unwrap());
    helper.kill();
    assert!(ends(&store, &actor));
    assert!(store.wait(&claim(&actor), 0).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_that_a_dead_process_left_to_its_child_is_alive_until_the_child_ends() {
    let home = Home::new();
    let store = home.store();
    let helper = Helper::start("leave a child", home.path());
    let (heir, actor) = helper.said.split_once(' ').unwrap();
    let (heir, actor): (String, Actor) = (heir.to_owned(), serde_json::from_str(actor).unwrap());
    helper.kill();
    let started = Instant::now();
    let is_alive = store.is_alive(&actor).unwrap();
    let has_ended = store.wait(&claim(&actor), 50).unwrap();
    let waited = started.elapsed();
    assert!(Command::new("kill").args(["-9", &heir]).status().unwrap().success());
    assert!(is_alive, "what /proc says of its pid must not overrule the lock");
    assert!(!has_ended && waited < Duration::from_secs(5), "the wait is bounded");
    assert!(store.wait(&claim(&actor), 5_000).unwrap(), "the child has ended");
}

#[test]
fn what_is_known_of_an_actors_pid_decides_nothing() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    for lie in [
        Actor { started: actor.started + 1, ..actor.clone() },
        Actor { pid: u32::MAX >> 2, ..actor.clone() },
        Actor { pid_namespace: actor.pid_namespace + 1, ..actor.clone() },
    ] {
        assert!(store.is_alive(&lie).unwrap(), "{lie:?}");
    }
    drop(alive);
    assert!(ends(&store, &actor));
}

#[test]
fn a_forked_child_closes_what_it_inherited_at_its_first_use_of_a_store() {
    for use_it in [
        |store: &FileStore<TestDisk>| drop(store.enlist().unwrap()),
        |store: &FileStore<TestDisk>| drop(store.lock(1000).unwrap()),
        |store: &FileStore<TestDisk>| assert_eq!(store.word().unwrap(), None),
    ] {
        let home = Home::new();
        let (disk, store) = home.on_test_disk();
        let alive = store.enlist().unwrap();
        assert!(store.is_own(alive.actor()));
        // No parent is left that has the file: what the child closes is closed.
        disk.fork();
        assert!(home.store().is_alive(alive.actor()).unwrap());
        use_it(&store);
        assert!(ends(&home.store(), alive.actor()));
        assert!(!store.is_own(alive.actor()));
        let own = store.enlist().unwrap();
        assert!(store.is_own(own.actor()));
        drop(alive);
        assert!(home.store().is_alive(own.actor()).unwrap());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_forked_child_that_uses_a_store_does_not_end_its_parents_act() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let alive = store.enlist().unwrap();
    let mut parent = Command::new("sleep").arg("60").stdin(inherited(alive.actor())).spawn().unwrap();
    disk.fork();
    drop(store.lock(1000).unwrap());
    let actor = alive.actor().clone();
    drop(alive);
    let is_alive = store.is_alive(&actor).unwrap();
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert!(is_alive);
    assert!(ends(&store, &actor));
}

#[test]
fn an_act_is_ones_own_by_its_name_and_not_by_its_pid() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let stranger = Actor { name: Nonce(1), ..alive.actor().clone() };
    assert!(store.is_own(alive.actor()));
    assert!(!store.is_own(&stranger), "pid 1 of another container");
}

#[test]
fn a_claim_file_stays_while_it_is_locked_or_named() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    let file = format!("default.claims/{}", actor.name);
    commit(&store, 1);
    assert!(home.files().contains(&file), "it is locked, though no state names it yet");

    let mut locked = loaded(&store);
    locked.commit(&rotating(&actor), None).unwrap();
    drop(locked);
    drop(alive);
    let mut locked = loaded(&store);
    locked.commit(&rotating(&actor), None).unwrap();
    drop(locked);
    assert!(home.files().contains(&file), "a claim names it, though its actor is dead");

    commit(&store, 2);
    assert_eq!(home.files(), ["default.json", "default.lock"]);
}

/// The only file in a directory.
fn only_file(folder: &Path) -> PathBuf {
    let mut files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let only = files.next().unwrap();
    assert_eq!(files.next(), None);
    only
}

#[test]
fn a_sign_of_life_is_made_anew_if_a_sweeper_takes_it_before_it_is_locked() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let claims = home.folder().join("default.claims");
    let swept = claims.clone();
    disk.before(Step::Lock, move || fs::remove_file(only_file(&swept)).unwrap());
    let alive = store.enlist().unwrap();
    assert_eq!(only_file(&claims), claims.join(alive.actor().name.to_string()));
    assert!(store.is_alive(alive.actor()).unwrap());
    drop(alive);
    fs::remove_file(only_file(&claims)).unwrap();

    let held = Arc::new(Mutex::new(None));
    let holder = Arc::clone(&held);
    disk.before(Step::Lock, move || {
        let file = RealDisk.open(&only_file(&claims), Open::Write).unwrap();
        assert!(RealDisk.try_lock(&file, Hold::Alone).unwrap());
        *holder.lock().unwrap() = Some(file);
    });
    let alive = store.enlist().unwrap();
    drop(held.lock().unwrap().take());
    assert!(store.is_alive(alive.actor()).unwrap(), "it has a sign that it locked itself");
}

/// Removes each sign of life that is made in this directory, before it is locked.
fn sweep_each(disk: &Arc<TestDisk>, claims: PathBuf) {
    let again = Arc::clone(disk);
    disk.before(Step::Lock, move || {
        fs::remove_file(only_file(&claims)).unwrap();
        sweep_each(&again, claims);
    });
}

#[test]
fn signs_that_are_taken_away_again_and_again_are_told() {
    let home = Home::new();
    let disk = Arc::new(TestDisk::default());
    sweep_each(&disk, home.folder().join("default.claims"));
    let error = disk.store(home.path()).enlist().err().unwrap();
    assert_eq!(error.kind, StoreErrorKind::Busy);
    assert!(error.what.contains("16 times"), "{}", error.what);
    assert_eq!(disk.take_steps().iter().filter(|step| **step == Step::Lock).count(), 16);
}

#[test]
fn a_sign_of_life_that_cannot_be_asked_is_neither_alive_nor_dead() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let alive = store.enlist().unwrap();
    disk.hide(&home.folder().join(format!("default.claims/{}", alive.actor().name)), Errno::ACCESS);
    let error = store.is_alive(alive.actor()).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Denied);
    assert!(error.what.contains("probe the lock of"), "{}", error.what);
    assert_eq!(store.wait(&claim(alive.actor()), 1000).unwrap_err().kind, StoreErrorKind::Denied);
}

#[test]
fn a_waiter_looks_often_at_first_and_less_often_later() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    let alive = store.enlist().unwrap();
    disk.stop_clock();
    assert!(!store.wait(&claim(alive.actor()), 100).unwrap());
    assert_eq!(disk.take_pauses(), [1, 2, 4, 8, 16, 25, 25, 19]);
}

#[cfg(target_os = "linux")]
#[test]
fn an_act_that_ends_does_not_live_on_in_a_child_that_inherited_its_lock() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    let mut heir = Command::new("sleep").arg("60").stdin(inherited(&actor)).spawn().unwrap();
    drop(alive);
    let is_alive = store.is_alive(&actor).unwrap();
    heir.kill().unwrap();
    heir.wait().unwrap();
    assert!(!is_alive);
}

#[test]
fn a_sign_of_life_stays_as_long_as_its_draft_cannot_be_removed() {
    let home = Home::new();
    let store = home.store();
    let dead = store.enlist().unwrap().actor().name;
    let draft = home.folder().join(format!(".default-{dead}.tmp"));
    let sign = home.folder().join(format!("default.claims/{dead}"));
    fs::create_dir(&draft).unwrap();
    commit(&store, 1);
    assert!(sign.exists(), "without it nobody would look for the draft again");
    fs::remove_dir(&draft).unwrap();
    fs::write(&draft, "{").unwrap();
    commit(&store, 2);
    assert_eq!(home.files(), ["default.json", "default.lock"]);
}

#[test]
fn drafts_without_a_sign_of_life_are_removed_after_a_start_of_the_machine() {
    let home = Home::new();
    let (disk, store) = home.on_test_disk();
    commit(&store, 1);
    let ended = store.enlist().unwrap().actor().name;
    let file = |profile: &str, name: &str| home.folder().join(format!(".{profile}-{name}.tmp"));
    let [zeros, ones] = ["0".repeat(32), "1".repeat(32)];
    let stray = file("default", &zeros);
    let kept =
        [file("default", &ended.to_string()), file("default", &ones), file("default", "x"), file("work", &zeros)];
    for path in kept.iter().chain([&stray]) {
        fs::write(path, "{").unwrap();
    }
    disk.hide(&home.folder().join("default.claims").join(&ones), Errno::ACCESS);
    drop(store.lock(1000).unwrap());
    assert!(stray.exists(), "ten thousand profiles may share the directory: it isn't listed each time");
    let lock = fs::OpenOptions::new().write(true).open(home.lock_file()).unwrap();
    lock.write_all_at(&12345_u64.to_le_bytes(), 8).unwrap();
    drop(store.lock(1000).unwrap());
    assert!(!stray.exists());
    assert!(kept.iter().all(|path| path.exists()), "each has a sign of life, or may have one, or is another profile's");
}
