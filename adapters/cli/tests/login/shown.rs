//! What people see of a login at a terminal, and what nobody may see.

use std::process::{Command, Stdio};

use crate::needs::missing;
use crate::world::{World, until};

/// Signs in at a terminal of its own, and returns what appeared there.
fn at_a_terminal(world: &World, args: &str) -> Option<String> {
    let program = env!("CARGO_BIN_EXE_credlatch");
    let inner = world.command(&[]);
    let mut command = Command::new("script");
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("TERM", "xterm").args(["-qec", &format!("{program} login acme {args}"), "/dev/null"]);
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let Ok(child) = child else {
        missing("`script`, to make a terminal with");
        return None;
    };
    until("a code is shown", || world.status()["providers"][0]["flow"]["user_code"].is_string());
    let flows = world.say(&["flows", "--json"]).json();
    assert!(world.sandbox.approve(flows["flows"][0]["user_code"].as_str().unwrap()));
    Some(String::from_utf8_lossy(&child.wait_with_output().unwrap().stdout).into_owned())
}

#[test]
fn a_terminal_shows_code_address_picture_and_time_left() {
    let world = World::new();
    let Some(shown) = at_a_terminal(&world, "") else { return };
    let flows = world.say(&["flows", "--json"]).json();
    let code = flows["flows"][0]["user_code"].as_str().unwrap().to_owned();
    for part in [code.as_str(), world.sandbox.url(), "█", "left", "Signed in to acme"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(shown.contains("9:5") || shown.contains("10:00"), "{shown}");
    let world = World::new();
    let shown = at_a_terminal(&world, "--no-qr").unwrap();
    assert!(!shown.contains('█') && shown.contains("Signed in to acme"), "{shown}");
}

#[test]
fn secrets_are_mute_in_all_that_logins_and_rotations_say() {
    let world = World::new();
    let login = world.start(&["login", "acme"]);
    until("a code is shown", || world.status()["providers"][0]["flow"]["user_code"].is_string());
    let mut said = vec![world.say(&["flows"]), world.say(&["flows", "--json"]), world.say(&["status", "--json"])];
    let code = said[1].json()["flows"][0]["user_code"].as_str().unwrap().to_owned();
    world.sandbox.approve(&code);
    said.push(crate::helper::Said::from(login.wait_with_output().unwrap()));
    for args in [
        &["rotate", "acme"][..],
        &["rotate", "acme", "--json"],
        &["flows", "--json"],
        &["cancel", "sandbox-rt-in-the-wrong-place", "--json"],
        &["clear", "acme", "--json"],
        &["token", "acme"],
    ] {
        said.push(world.say(args));
    }
    for one in said {
        assert!(!one.out.contains("sandbox-") && !one.err.contains("sandbox-"), "{}{}", one.out, one.err);
    }
    let log: Vec<_> = world.sandbox.log().iter().map(|line| format!("{line} {line:?}")).collect();
    let log = log.join("\n");
    assert!(log.contains("Exchange") && !log.contains("sandbox-"), "{log}");
}
