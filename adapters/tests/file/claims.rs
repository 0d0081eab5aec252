//! Signs of life, within a process and across processes.

use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use credlatch_core::port::{Alive, Locked, Store};
use credlatch_core::state::{Actor, Nonce, State};

use crate::helper::Helper;
use crate::{Home, commit};

/// A state with one grant that this actor rotates.
fn rotating(actor: &Actor) -> State {
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

#[test]
fn an_act_is_alive_until_its_sign_is_dropped() {
    let home = Home::new();
    let (store, other) = (home.store(), home.store());
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    assert!(other.is_alive(&actor).unwrap());
    assert!(store.is_alive(&actor).unwrap());
    assert!(!other.wait(&actor, 5).unwrap());
    drop(alive);
    assert!(!other.is_alive(&actor).unwrap());
    assert!(other.wait(&actor, 0).unwrap());
}

#[test]
fn an_act_that_nobody_knows_of_is_dead() {
    let home = Home::new();
    let actor = Actor { name: Nonce(1), pid: 1, started: 0, pid_namespace: 0 };
    assert!(!home.store().is_alive(&actor).unwrap());
}

#[test]
fn a_waiter_wakes_soon_after_the_end() {
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let actor = alive.actor().clone();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| (store.wait(&actor, 60_000).unwrap(), Instant::now()));
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
    assert!(!store.is_alive(&actor).unwrap());
    assert!(store.wait(&actor, 0).unwrap());
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_that_a_dead_process_left_to_its_child_is_an_inheritance() {
    let home = Home::new();
    let store = home.store();
    let helper = Helper::start("leave a child", home.path());
    let (heir, actor) = helper.said.split_once(' ').unwrap();
    let (heir, actor): (String, Actor) = (heir.to_owned(), serde_json::from_str(actor).unwrap());
    assert!(store.is_alive(&actor).unwrap());
    helper.kill();
    let is_alive = store.is_alive(&actor).unwrap();
    let elsewhere = Actor { pid_namespace: actor.pid_namespace + 1, ..actor };
    let seen_from_elsewhere = store.is_alive(&elsewhere).unwrap();
    assert!(Command::new("kill").args(["-9", &heir]).status().unwrap().success());
    assert!(!is_alive);
    assert!(seen_from_elsewhere, "the child did hold the lock, and a pid of another namespace proves nothing");
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

    let mut locked = store.lock(1000).unwrap();
    locked.load().unwrap();
    locked.commit(&rotating(&actor), None).unwrap();
    drop(locked);
    drop(alive);
    let mut locked = store.lock(1000).unwrap();
    locked.load().unwrap();
    locked.commit(&rotating(&actor), None).unwrap();
    drop(locked);
    assert!(home.files().contains(&file), "a claim names it, though its actor is dead");

    commit(&store, 2);
    assert_eq!(home.files(), ["default.json", "default.lock"]);
}
