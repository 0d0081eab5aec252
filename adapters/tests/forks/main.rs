//! A process that forks while another of its threads is at work, as a program that starts workers without exec does: what
//! its child inherits, how long others wait for it, and whom they are told to look at.
#![cfg(all(feature = "doctor", target_os = "linux"))]

mod family;

use std::time::{Duration, Instant};

use credlatch::core::name::ProfileName;
use credlatch::core::port::{Locked, Store, StoreErrorKind};
use credlatch::doctor::{Diagnosis, Holder, Life, Severity, Surroundings};
use credlatch::file::FileStore;
use credlatch::{Label, Latch, Secret, Tokens};

use family::{Family, Home};

/// The ways in which a child lets go of what it inherited, and what it says then.
const WAYS: [(&str, &str); 4] = [("lock", "locked"), ("store", "stored"), ("exec", ""), ("end", "")];

fn diagnosis(latch: &Latch) -> Diagnosis {
    latch.doctor(&Surroundings::default())
}

/// Whether doctor warns that this process has the lock.
fn is_named(latch: &Latch, pid: u32) -> bool {
    let text = format!("has been held by process {pid} ");
    let all = diagnosis(latch).findings;
    all.iter().any(|finding| finding.severity == Severity::Warning && finding.what.contains(&text))
}

fn holder(latch: &Latch) -> Option<Holder> {
    diagnosis(latch).providers.iter().flat_map(|provider| &provider.entries).find_map(|entry| entry.holder)
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "it did not come to this: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_store_lock_that_a_fork_inherited_is_held_until_the_child_uses_a_store_execs_or_ends() {
    for (way, said) in WAYS {
        let home = Home::with_login();
        let (latch, store) = (home.latch(), home.store());
        let mut family = Family::start("lock", &home);
        assert!(is_named(&latch, family.parent.pid), "while the parent lives it is the one to look at");
        family.parent.kill();

        let began = Instant::now();
        let error = store.lock(50).err().unwrap();
        assert!(error.kind == StoreErrorKind::Busy && began.elapsed() < Duration::from_secs(5), "{error:?}");
        assert!(error.remedy.contains("left a child behind"), "{error:?}");
        assert!(is_named(&latch, family.child.pid), "{:#?}", diagnosis(&latch).findings);
        assert!(latch.current("openai-codex").is_ok(), "readers need no lock");

        assert_eq!(family.child.does(way), said);
        store.lock(5_000).unwrap().load().unwrap();
    }
}

#[test]
fn a_child_that_was_forked_during_a_wait_lets_go_of_the_lock_that_its_parent_got_later() {
    for (way, said) in WAYS {
        let home = Home::with_login();
        let store = home.store();
        let held = store.lock(1000).unwrap();
        let mut family = Family::start("wait", &home);
        drop(held);
        until("the parent has the lock", || store.lock(0).is_err());
        family.parent.kill();
        assert_eq!(store.lock(50).err().unwrap().kind, StoreErrorKind::Busy, "the child inherited it");
        assert_eq!(family.child.does(way), said);
        store.lock(5_000).unwrap().load().unwrap();
    }
}

#[test]
fn a_child_does_not_count_on_the_thread_that_waits_for_its_parent() {
    let home = Home::with_login();
    let held = home.store();
    let held = held.lock(1000).unwrap();
    let mut family = Family::start("wait", &home);
    assert_eq!(family.child.does("try"), "Busy");
    family.parent.kill();
    drop(held);
    assert_eq!(family.child.does("lock"), "locked");
}

#[test]
fn a_child_waits_for_no_thread_of_its_parent_that_leads_others_to_a_commit_and_stores_nothing_for_them() {
    let home = Home::with_login();
    let store = home.store();
    let held = store.lock(1000).unwrap();
    let mut family = Family::start("set", &home);
    family.parent.kill();
    drop(held);
    assert_eq!(family.child.does("store"), "stored");
    let state = store.load().unwrap().state;
    assert!(state.entry("minimax", "default").is_some());
    assert!(["leads", "waits"].iter().all(|label| state.entry("minimax", label).is_none()));
}

#[test]
fn a_release_ends_a_store_lock_though_a_fork_inherited_it() {
    let home = Home::with_login();
    let mut family = Family::start("lock", &home);
    assert_eq!(home.store().lock(50).err().unwrap().kind, StoreErrorKind::Busy);
    assert_eq!(family.parent.does("release"), "released");
    home.store().lock(5_000).unwrap().load().unwrap();
}

#[test]
fn a_child_that_uses_a_store_does_not_end_its_parents_lock() {
    let home = Home::with_login();
    let mut family = Family::start("lock", &home);
    assert_eq!(family.child.does("try"), "Busy");
    assert_eq!(home.store().lock(50).err().unwrap().kind, StoreErrorKind::Busy);
    assert_eq!(family.parent.does("release"), "released");
    assert_eq!(family.child.does("try"), "locked", "nor does it wait for a thread that it doesn't have");
    assert_eq!(family.child.does("store"), "stored");
    assert_eq!(home.latch().current("minimax").unwrap().label(), &Label::default());
}

#[test]
fn an_act_that_a_fork_inherited_goes_on_until_the_child_uses_a_store_execs_or_ends() {
    for (way, said) in WAYS {
        let home = Home::with_login();
        let latch = home.latch();
        let mut family = Family::start("rotate", &home);
        let [parent, child] = [family.parent.pid, family.child.pid];
        assert_eq!(holder(&latch), Some(Holder { pid: Some(parent), life: Life::AtWork, lingers: None }));
        family.parent.kill();
        assert_eq!(holder(&latch), Some(Holder { pid: Some(child), life: Life::AtWork, lingers: None }));

        let hasty = Latch::builder().home(home.path()).patience(Duration::from_millis(50)).open().unwrap();
        let began = Instant::now();
        assert!(hasty.rotate("openai-codex", &Label::default()).is_err());
        assert!(began.elapsed() < Duration::from_secs(5), "the wait is bounded");

        assert_eq!(family.child.does(way), said);
        // An exec closes the socket a moment before the lock, or after it.
        until(way, || holder(&latch).is_none_or(|holder| holder.life == Life::Gone));
        latch.set("groq", Secret::try_from("gsk-1").unwrap()).unwrap();
        assert_eq!(holder(&latch), None, "{way}: the claim is over, and in doubt");
    }
}

#[test]
fn a_latch_is_dropped_in_a_forked_child_without_a_panic() {
    let home = Home::with_login();
    let mut family = Family::start("poll", &home);
    assert_eq!(family.child.does("drop"), "dropped");
    assert_eq!(family.child.does("end"), "");
}

impl Home {
    /// One with a login.
    fn with_login() -> Self {
        let home = Self::new();
        let tokens = Tokens::new(Secret::try_from("access-1").unwrap())
            .with_refresh(Secret::try_from("refresh-1").unwrap())
            .expiring_in(Duration::from_secs(60));
        let _ = home.latch().set_tokens("openai-codex", &Label::default(), tokens).unwrap();
        home
    }

    fn latch(&self) -> Latch {
        Latch::builder().home(self.path()).open().unwrap()
    }

    fn store(&self) -> FileStore {
        FileStore::new(self.path(), &ProfileName::default())
    }
}
