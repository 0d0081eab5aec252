//! Commands in namespaces of their own, as in containers that share a home.

use std::process::{Child, Command};
use std::time::Duration;

use crate::namespaces::{self, BELOW_OUR_PROC, CONTAINER, can_unshare};
use crate::world::{LoggingIn, World, until};

/// Later than any request of a dead process can be under way, and sooner than a token ends.
const TIME: &[&str] = &["--fork", "--kill-child", "--time", "--boottime", "100", "--monotonic", "100"];

fn inside(of: &[&str], world: &World, args: &[&str]) -> Child {
    let command = world.command(args);
    let mut inside = namespaces::inside(of, &command);
    inside.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = std::env::var_os("PATH").unwrap_or_default();
    inside.env("PATH", path).stdin(std::process::Stdio::null());
    inside.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

#[test]
fn a_rotation_in_flight_is_waited_for_in_another_time_or_pid_namespace() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    for namespaces in [TIME, BELOW_OUR_PROC, CONTAINER] {
        let world = World::new().ended();
        world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(1500));
        let first = world.start(&["token", "acme"]);
        world.exchange_begins(1);
        let second = inside(namespaces, &world, &["token", "acme"]);
        let ends = [first, second].map(|child| child.wait_with_output().unwrap());
        for end in &ends {
            assert!(end.status.success(), "{namespaces:?}: {}", String::from_utf8_lossy(&end.stderr));
        }
        assert_eq!(ends[0].stdout, ends[1].stdout);
        assert_eq!(world.sandbox.stats().refresh_requests, 1, "{namespaces:?}");
    }
}

#[test]
fn a_login_is_joined_in_another_time_or_pid_namespace() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    for namespaces in [TIME, BELOW_OUR_PROC, CONTAINER] {
        let world = World::new();
        let first = world.log_in();
        let second = LoggingIn::of(inside(namespaces, &world, &["login", "acme", "--json"]));
        assert_eq!((&second.first["event"], second.code()), (&"joined".into(), first.code()), "{namespaces:?}");
        world.sandbox.approve(first.code());
        for one in [first, second] {
            assert_eq!(one.end(), ("succeeded".to_owned(), 0), "{namespaces:?}");
        }
    }
}

#[test]
fn term_to_a_joiner_that_is_pid_1_leaves_the_login_of_another_containers_pid_1() {
    if !can_unshare(&[TIME, CONTAINER]) {
        return;
    }
    let world = World::new();
    let first = LoggingIn::of(inside(CONTAINER, &world, &["login", "acme", "--json"]));
    let mut second = LoggingIn::of(inside(CONTAINER, &world, &["login", "acme", "--json"]));
    assert_eq!((&first.first["event"], &second.first["event"]), (&"started".into(), &"joined".into()));
    let of = second.child.id();
    let init = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap();
    assert!(Command::new("kill").args(["-TERM", init.trim()]).status().unwrap().success());
    until("the joiner has left", || second.child.try_wait().unwrap().is_some());
    assert!(world.say(&["flows", "--json"]).out.contains("pending"));
    world.sandbox.approve(first.code());
    assert_eq!(first.end(), ("succeeded".to_owned(), 0));
}
