//! A clear while an exchange is slow.

use std::time::{Duration, Instant};

use crate::helper::Said;
use crate::world::World;

const SLOW: Duration = Duration::from_millis(1500);

#[test]
fn a_clear_does_not_wait_for_a_slow_exchange_and_stays() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = SLOW);
    let mut token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let began = Instant::now();
    let cleared = world.say(&["clear", "acme", "--json"]).json();
    let took = began.elapsed();
    assert!(token.try_wait().unwrap().is_none() && took < SLOW / 2, "the clear took {took:?}");
    assert_eq!(cleared["revoked"], "yes");
    println!("a clear with its revocation, as a process of its own, took {took:?} during an exchange of {SLOW:?}");
    // The tokens that come late store nothing, and are revoked, because nothing else is stored for this provider.
    Said::from(token.wait_with_output().unwrap()).failed(3, "acme");
    world.say(&["token", "acme"]).failed(3, "acme");
    assert_eq!(world.sandbox.stats().revocations, 2);
}

#[test]
fn in_a_program_a_clear_takes_no_longer_than_a_commit() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = SLOW);
    let token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let latch = world.latch();
    let began = Instant::now();
    let cleared = latch.clear("acme").unwrap();
    let took = began.elapsed();
    assert!(latch.current("acme").is_err() && took < SLOW / 4, "the clear took {took:?}");
    println!("a clear took {took:?} during an exchange of {SLOW:?}");
    drop(cleared);
    Said::from(token.wait_with_output().unwrap()).failed(3, "acme");
}

#[test]
fn a_late_grant_is_not_revoked_where_that_could_hurt_a_newer_login() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(800));
    let token = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    assert_eq!(world.say(&["clear", "acme"]).status, 0);
    let revoked = world.sandbox.stats().revocations;
    world.put("acme", 3600);
    // The one who asked gets what is stored now.
    let said = Said::from(token.wait_with_output().unwrap());
    assert_eq!(said.out, world.say(&["token", "acme"]).out, "{}", said.err);
    assert_eq!(world.sandbox.stats().revocations, revoked);
}

#[test]
fn people_read_that_it_is_cleared_before_the_issuer_is_asked() {
    use std::io::{BufRead, BufReader};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let world = World::with(|row| {
        let oauth = row.oauth.as_mut().unwrap();
        oauth.revocation_endpoint = Some(format!("http://127.0.0.1:{port}/revoke"));
        oauth.http_timeout_secs = 2;
    });
    world.put("acme", 3600);
    let mut clear = world.start(&["clear", "acme"]);
    let mut lines = BufReader::new(clear.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "cleared acme: default");
    world.say(&["token", "acme"]).failed(3, "acme");
    // The issuer takes the connection and says nothing; that is not waited for longer than its time-out.
    assert!(lines.next().unwrap().unwrap().contains("could not be asked"));
    assert_eq!(clear.wait().unwrap().code(), Some(0));
    drop(listener);
}
