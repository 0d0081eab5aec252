//! Looks from other time and pid namespaces, as from containers: what pids and clocks say there is of somebody else.

use std::path::Path;

use credlatch_core::port::{Alive, Store};
use credlatch_core::state::Actor;

use crate::Home;
use crate::helper::{ACTOR, Helper, command};
use crate::spaces::{self, BELOW_OUR_PROC, CONTAINER, can_unshare};

const TIME: &[&str] = &["--fork", "--kill-child", "--time", "--boottime", "1000000", "--monotonic", "1000000"];

/// What a process in these namespaces says of an actor: whether it lives, is its own, is stopped, and by which pid it can
/// be named; and of the store's lock.
fn look(namespaces: &[&str], home: &Path, actor: &Actor) -> String {
    let part = command("look", home);
    let mut inside = spaces::inside(namespaces, &part);
    inside.env(ACTOR, serde_json::to_string(actor).unwrap());
    Helper::of(inside).said.clone()
}

#[test]
fn a_living_actor_is_alive_in_another_time_namespace_and_in_another_pid_namespace() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    let home = Home::new();
    let helper = Helper::start("enlist", home.path());
    let actor = helper.actor();
    let pid = helper.pid();
    assert_eq!(look(TIME, home.path(), &actor), format!("true false false Some({pid}) "));
    assert_eq!(look(BELOW_OUR_PROC, home.path(), &actor), "true false false None ");
    assert_eq!(look(CONTAINER, home.path(), &actor), "true false false None ");
    helper.kill();
    for namespaces in [TIME, BELOW_OUR_PROC, CONTAINER] {
        assert!(look(namespaces, home.path(), &actor).starts_with("false false"), "{namespaces:?}");
    }
}

#[test]
fn pid_1_of_another_container_is_not_taken_for_pid_1_here() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    let home = Home::new();
    let part = command("enlist", home.path());
    let helper = Helper::of(spaces::inside(CONTAINER, &part));
    let actor = helper.actor();
    assert_eq!(actor.pid, 1);
    assert_eq!(look(CONTAINER, home.path(), &actor), "true false false None ");
    assert!(home.store().is_alive(&actor).unwrap() && !home.store().is_own(&actor));
}

#[test]
fn a_lock_that_another_container_holds_is_told_without_a_pid() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    let home = Home::new();
    let store = home.store();
    let alive = store.enlist().unwrap();
    let held = store.lock(1000).unwrap();
    let here = std::process::id();
    assert!(look(TIME, home.path(), alive.actor()).contains(&format!("look at process {here}")));
    for namespaces in [BELOW_OUR_PROC, CONTAINER] {
        let told = look(namespaces, home.path(), alive.actor());
        assert!(told.contains("was locked by another process for") && told.ends_with(" try again"), "{told}");
    }
    drop(held);
}
