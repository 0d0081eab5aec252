//! What `doctor` says of a login in progress, and of whoever works on it.

use std::fs;

use serde_json::Value;

use crate::world::{World, signal, until};

fn doctor(world: &World, status: i32) -> Value {
    let said = world.say(&["doctor", "--json"]);
    assert_eq!((said.status, said.err.as_str()), (status, ""), "{}", said.out);
    serde_json::from_str(&said.out).unwrap()
}

/// What is said of the provider's login.
fn told(diagnosis: &Value) -> String {
    let findings = diagnosis["findings"].as_array().unwrap().iter();
    let mut texts = findings.map(|finding| finding["what"].as_str().unwrap());
    texts.find(|what| what.starts_with("a login for acme ")).unwrap_or_default().to_owned()
}

#[test]
fn a_login_in_progress_is_told_with_its_code_and_whoever_polls() {
    let world = World::new();
    let mut login = world.log_in();
    let pid = login.child.id();
    let seen = doctor(&world, 0);
    let flow = &seen["providers"][0]["flow"];
    assert_eq!((flow["flow_id"].as_str(), flow["user_code"].as_str()), (Some(login.id()), Some(login.code())));
    assert_eq!(flow["holder"], serde_json::json!({"pid": pid, "state": "at_work"}));
    assert!(told(&seen).contains(login.code()) && told(&seen).contains(&format!("process {pid} works on it")));
    assert_eq!(seen["providers"][0]["why"], "nothing is stored");

    signal("STOP", &login.child);
    until("the poller is stopped", || {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") T "))
    });
    let seen = doctor(&world, 1);
    assert_eq!(seen["providers"][0]["flow"]["holder"]["state"], "stopped");
    assert!(told(&seen).contains("is stopped"), "{seen:#}");

    login.child.kill().unwrap();
    login.child.wait().unwrap();
    let seen = doctor(&world, 0);
    assert_eq!(seen["providers"][0]["flow"]["holder"]["state"], "gone");
    assert!(told(&seen).contains("has ended"), "{seen:#}");

    assert_eq!(world.say(&["cancel", login.id()]).status, 0);
    assert_eq!(told(&doctor(&world, 0)), "");
}
