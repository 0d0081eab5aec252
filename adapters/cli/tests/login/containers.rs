//! Commands in namespaces of their own, as in containers that share a home.

use std::io::{Read, Write};
use std::process::{Child, Command};
use std::time::Duration;

use crate::namespaces::{self, BELOW_OUR_PROC, CONTAINER, can_unshare};
use crate::world::{LoggingIn, World, heeded, until};

/// Later than any request of a dead process can be under way, and sooner than a token ends.
const TIME: &[&str] = &["--fork", "--kill-child", "--time", "--boottime", "100", "--monotonic", "100"];

/// What a pipe holds until somebody reads, on Linux.
const PIPE_BYTES: usize = 64 * 1024;

fn inside(of: &[&str], world: &World, args: &[&str]) -> Child {
    started(inside_of(of, world, args).stdout(std::process::Stdio::piped()))
}

fn started(command: &mut Command) -> Child {
    command.stdin(std::process::Stdio::null()).stderr(std::process::Stdio::piped()).spawn().unwrap()
}

fn inside_of(of: &[&str], world: &World, args: &[&str]) -> Command {
    let command = world.command(args);
    let mut inside = namespaces::inside(of, &command);
    inside.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let path = std::env::var_os("PATH").unwrap_or_default();
    inside.env("PATH", path);
    inside
}

/// Sends a signal to pid 1 of the container that was started.
fn signal_init(name: &str, container: &Child) {
    let of = container.id();
    let init = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap();
    assert!(Command::new("kill").args([&format!("-{name}"), init.trim()]).status().unwrap().success());
}

#[test]
fn pid_1_ends_with_the_signals_status_once_its_renewal_is_saved() {
    if !can_unshare(&[CONTAINER]) {
        return;
    }
    for (args, (name, number)) in [
        (&["token", "acme"][..], heeded("TERM", 15)),
        (&["rotate", "acme"], heeded("HUP", 1)),
        (&["run", "acme", "--", "true"], heeded("INT", 2)),
    ] {
        let world = World::new().ended();
        world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(600));
        let renewing = inside(CONTAINER, &world, args);
        world.exchange_begins(1);
        signal_init(name, &renewing);
        let end = renewing.wait_with_output().unwrap();
        assert_eq!(end.status.code(), Some(128 + number), "{args:?} {}", String::from_utf8_lossy(&end.stderr));
        let stats = world.sandbox.stats();
        assert_eq!((world.health().as_str(), stats.refresh_requests, stats.replays), ("ok", 1, 0), "{args:?}");
    }
}

#[test]
fn pid_1_that_only_waits_for_another_ends_at_once() {
    if !can_unshare(&[CONTAINER]) {
        return;
    }
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(3));
    let first = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let waiting = inside(CONTAINER, &world, &["token", "acme"]);
    until("it waits, with an ear for signals", || catches_term(&waiting));
    signal_init("TERM", &waiting);
    assert_eq!(waiting.wait_with_output().unwrap().status.code(), Some(128 + 15));
    assert!(first.wait_with_output().unwrap().status.success());
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

/// Whether pid 1 of the container has a handler for TERM.
fn catches_term(container: &Child) -> bool {
    let of = container.id();
    let init = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    let status = std::fs::read_to_string(format!("/proc/{}/status", init.trim())).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & (1 << 14) != 0)
}

#[test]
fn pid_1_ends_by_a_signal_that_comes_after_its_renewal() {
    if !can_unshare(&[CONTAINER]) {
        return;
    }
    let world = World::new().ended();
    let (mut reader, mut full) = std::io::pipe().unwrap();
    full.write_all(&vec![b' '; PIPE_BYTES]).unwrap();
    let renewed = started(inside_of(CONTAINER, &world, &["token", "acme"]).stdout(full));
    until("it waits to write what it renewed", || world.health() == "ok");
    // It saves before it writes, and there is no more to see of it than that.
    std::thread::sleep(Duration::from_millis(300));
    signal_init("TERM", &renewed);
    let end = renewed.wait_with_output().unwrap();
    assert_eq!(end.status.code(), Some(128 + 15), "{}", String::from_utf8_lossy(&end.stderr));
    let mut out = String::new();
    reader.read_to_string(&mut out).unwrap();
    assert_eq!(out.trim(), "", "it never wrote");
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
        let second = LoggingIn::new(inside(namespaces, &world, &["login", "acme", "--json"]));
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
    let first = LoggingIn::new(inside(CONTAINER, &world, &["login", "acme", "--json"]));
    let mut second = LoggingIn::new(inside(CONTAINER, &world, &["login", "acme", "--json"]));
    assert_eq!((&first.first["event"], &second.first["event"]), (&"started".into(), &"joined".into()));
    signal_init("TERM", &second.child);
    until("the joiner has left", || second.child.try_wait().unwrap().is_some());
    assert_eq!(second.child.wait().unwrap().code(), Some(128 + 15));
    assert!(world.say(&["flows", "--json"]).out.contains("pending"));
    world.sandbox.approve(first.code());
    assert_eq!(first.end(), ("succeeded".to_owned(), 0));
}
