//! Processes that are killed in the middle of what only one may do.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::Duration;

use crate::world::{LoggingIn, World, read_request, until};

/// The HTTP time-out of these servers.
const TIMEOUT_SECS: u64 = 2;
/// How long a doubt rests after its note.
const QUARANTINE_SECS: u64 = 2 * TIMEOUT_SECS + 5;

fn hasty() -> World {
    World::with(|row| row.oauth.as_mut().unwrap().http_timeout_secs = TIMEOUT_SECS)
}

/// Kills a command and its exchange's process after the server has spent the token, and before the answer comes.
fn kill_in_the_middle(world: &World, command: &str) {
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(1500));
    let before = world.sandbox.stats().exchanges;
    let mut at_work = world.start(&[command, "acme"]);
    until("the token is spent", || world.sandbox.stats().exchanges > before);
    world.kill_both(&mut at_work);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
}

#[test]
fn report_8040_f_a_lost_answer_is_in_doubt_then_lost_and_presented_once() {
    let world = hasty().ended();
    kill_in_the_middle(&world, "token");
    // Nobody presents it while a request of the dead process might still be in flight: whoever has the patience waits.
    let all: Vec<_> = (0..8).map(|_| world.start(&["token", "acme"])).collect();
    until("somebody noticed", || world.health() == "in_doubt");
    thread::sleep(Duration::from_secs(QUARANTINE_SECS - 3));
    assert_eq!((world.health().as_str(), world.sandbox.stats().refresh_requests), ("in_doubt", 1));
    for one in all {
        assert_eq!(one.wait_with_output().unwrap().status.code(), Some(4));
    }
    assert_eq!(world.health(), "lost");
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (2, 1), "one look, and no more");

    let login = world.log_in();
    world.sandbox.approve(login.code());
    assert_eq!(login.end(), ("succeeded".to_owned(), 0));
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
    assert_eq!(world.sandbox.stats().replays, 1);
}

#[test]
fn with_a_grace_time_a_lost_answer_costs_nothing() {
    let world = World::with(|row| row.oauth.as_mut().unwrap().grace_secs = 60).ended();
    world.sandbox.adjust(|settings| settings.grace = Duration::from_secs(60));
    kill_in_the_middle(&world, "token");
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
    assert_eq!((world.health().as_str(), world.sandbox.stats().replays), ("ok", 0));
}

#[test]
fn the_access_token_is_served_while_its_refresh_token_is_in_doubt() {
    let world = hasty();
    world.put("acme", 90);
    kill_in_the_middle(&world, "rotate");
    for _ in 0..3 {
        assert_eq!(world.say(&["token", "acme"]).status, 0);
    }
    // Any change notices who died; a look alone changes nothing.
    assert_eq!(world.say(&["purge"]).status, 0);
    assert_eq!((world.health().as_str(), world.sandbox.stats().refresh_requests), ("in_doubt", 1));
}

#[test]
fn whoever_waits_polls_on_when_the_poller_is_killed() {
    let world = World::new();
    let mut first = world.log_in();
    let others: Vec<_> = (0..4).map(|_| world.log_in()).collect();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    world.sandbox.approve(first.code());
    for one in others {
        assert_eq!(one.code(), first.code());
        assert_eq!(one.end(), ("succeeded".to_owned(), 0));
    }
    let stats = world.sandbox.stats();
    assert_eq!((stats.device_requests, stats.pollers, stats.logins, stats.late_polls), (1, 1, 1, 0));
}

#[test]
fn the_next_start_polls_on_when_nobody_was_waiting() {
    let world = World::new();
    let mut first = world.log_in();
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let next = world.log_in();
    assert_eq!((next.id(), next.code()), (first.id(), first.code()));
    world.sandbox.approve(next.code());
    assert_eq!(next.end(), ("succeeded".to_owned(), 0));
    assert_eq!(world.sandbox.stats().device_requests, 1);
}

#[test]
fn a_login_begins_anew_when_whoever_asked_for_its_code_is_killed() {
    let port = hangs_once();
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        oauth.device_authorization_endpoint = Some(format!("http://127.0.0.1:{port}/device_authorization"));
    });
    let mut first = world.start(&["login", "acme", "--json"]);
    until("the login is reserved", || world.say(&["flows", "--json"]).out.contains("pending"));
    let joining: Vec<_> = (0..4).map(|_| world.start(&["login", "acme", "--json"])).collect();
    thread::sleep(Duration::from_millis(300));
    first.kill().unwrap();
    first.wait().unwrap();
    let joined: Vec<_> = joining.into_iter().map(LoggingIn::new).collect();
    assert!(joined.iter().all(|one| one.code() == "AB-12" && one.id() == joined[0].id()));
    assert_eq!(joined.iter().filter(|one| one.first["event"] == "started").count(), 1);
    world.say(&["cancel", joined[0].id()]);
    for one in joined {
        assert_eq!(one.end().0, "cancelled");
    }
}

/// A device endpoint that never answers its first client, and the second at once.
fn hangs_once() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let mut clients = listener.incoming().map_while(Result::ok);
        let _held = clients.next();
        for mut client in clients {
            read_request(&client);
            let body = r#"{"device_code":"dc-1","user_code":"AB-12","verification_uri":"http://127.0.0.1/device"}"#;
            let head =
                format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n", body.len());
            let _ = write!(client, "{head}Connection: close\r\n\r\n{body}");
        }
    });
    port
}

#[test]
fn a_command_that_is_killed_while_it_renews_costs_nothing() {
    for command in [&["token", "acme"][..], &["rotate", "acme"], &["run", "acme", "--", "true"]] {
        let world = World::new().ended();
        world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(400));
        let mut killed = world.start(command);
        world.exchange_begins(1);
        killed.kill().unwrap();
        killed.wait().unwrap();
        let next = world.say(&["token", "acme"]);
        assert!(world.sandbox.accepts(next.out.trim()), "{command:?}: {}", next.err);
        let stats = world.sandbox.stats();
        assert_eq!((stats.refresh_requests, stats.replays), (1, 0), "{command:?}: whoever waited was served");
        assert_eq!(world.health(), "ok");
    }
}

#[test]
fn a_login_stands_though_the_command_that_began_it_is_killed() {
    let world = World::new();
    let mut killed = world.log_in();
    until("a process of its own polls", || {
        let holder = world.say(&["doctor", "--json"]).json()["providers"][0]["flow"]["holder"].clone();
        holder["state"] == "at_work" && holder["pid"] != killed.child.id()
    });
    killed.child.kill().unwrap();
    killed.child.wait().unwrap();
    world.sandbox.approve(killed.code());
    until("the login is stored", || world.health() == "ok");
    let stats = world.sandbox.stats();
    assert_eq!((stats.device_requests, stats.logins, stats.late_polls), (1, 1, 0));
}
