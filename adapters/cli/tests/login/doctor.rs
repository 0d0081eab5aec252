//! What `doctor` says of a login in progress, and of whoever works on it.

use serde_json::Value;

use crate::world::{World, send, stop, until};

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
    let holder = |seen: &Value| seen["providers"][0]["flow"]["holder"].clone();
    // The command starts it, and leaves the polling to a process of its own.
    until("a process of its own polls", || {
        let holder = holder(&doctor(&world, 0));
        holder["state"] == "at_work" && holder["pid"] != login.child.id()
    });
    let seen = doctor(&world, 0);
    let flow = &seen["providers"][0]["flow"];
    assert_eq!((flow["flow_id"].as_str(), flow["user_code"].as_str()), (Some(login.id()), Some(login.code())));
    let pid = u32::try_from(holder(&seen)["pid"].as_u64().unwrap()).unwrap();
    assert!(told(&seen).contains(login.code()) && told(&seen).contains(&format!("process {pid} works on it")));
    assert_eq!(seen["providers"][0]["why"], "nothing is stored");

    stop(pid);
    let seen = doctor(&world, 1);
    assert_eq!(seen["providers"][0]["flow"]["holder"]["state"], "stopped");
    assert!(told(&seen).contains("is stopped"), "{seen:#}");

    // Whoever waits would poll on.
    login.child.kill().unwrap();
    login.child.wait().unwrap();
    send("KILL", pid);
    until("it has ended", || doctor(&world, 0)["providers"][0]["flow"]["holder"]["state"] == "gone");
    let seen = doctor(&world, 0);
    assert_eq!(seen["providers"][0]["flow"]["holder"]["state"], "gone");
    assert!(told(&seen).contains("has ended"), "{seen:#}");

    assert_eq!(world.say(&["cancel", login.id()]).status, 0);
    assert_eq!(told(&doctor(&world, 0)), "");
}
