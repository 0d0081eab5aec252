//! What people see of a login at a terminal, and what nobody may see.

use crate::pty::Terminal;
use crate::world::{World, until};

/// Signs in at a terminal of its own, and returns what appeared there.
fn at_a_terminal(world: &World, args: &[&str], columns: u16, variables: &[(&str, &str)]) -> Option<String> {
    let mut command = world.command(&[&["login", "acme"], args].concat());
    command.env("TERM", "xterm").env("LANG", "C.UTF-8").envs(variables.iter().copied());
    let terminal = Terminal::start(&command, columns)?;
    until("a code is shown", || world.status()["providers"][0]["flow"]["user_code"].is_string());
    let flows = world.say(&["flows", "--json"]).json();
    assert!(world.sandbox.approve(flows["flows"][0]["user_code"].as_str().unwrap()));
    Some(terminal.end().1)
}

#[test]
fn a_terminal_shows_code_address_picture_and_time_left() {
    let world = World::new();
    let Some(shown) = at_a_terminal(&world, &[], 80, &[]) else { return };
    let flows = world.say(&["flows", "--json"]).json();
    let code = flows["flows"][0]["user_code"].as_str().unwrap().to_owned();
    for part in [code.as_str(), world.sandbox.url(), "█", "left", "Signed in to acme"] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    assert!(shown.contains("9:5") || shown.contains("10:00"), "{shown}");
}

#[test]
fn a_terminal_that_can_show_no_picture_shows_none() {
    for (why, args, columns, variables) in [
        ("it is not wanted", &["--no-qr"][..], 80, &[][..]),
        ("the terminal is narrow", &[], 30, &[]),
        ("the language is none in UTF-8", &[], 80, &[("LANG", "C")]),
        ("POSIX counts before LANG", &[], 80, &[("LC_ALL", "POSIX")]),
        ("the terminal is dumb", &[], 80, &[("TERM", "dumb")]),
    ] {
        let world = World::new();
        let Some(shown) = at_a_terminal(&world, args, columns, variables) else { return };
        assert!(shown.is_ascii() && shown.contains("Signed in to acme"), "{why}: {shown}");
        assert!(shown.contains(world.sandbox.url()), "{why}: the address is shown: {shown}");
    }
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
