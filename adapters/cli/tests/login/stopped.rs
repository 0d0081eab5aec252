//! A process that is stopped while it renews a token: it blocks that renewal, and nothing else.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use credlatch::{ErrorKind, Latch, Secret};

use crate::helper::Said;
use crate::world::{World, send, signal, stop, until};

#[test]
fn a_stopped_holder_blocks_its_own_renewal_and_is_named() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(400));
    let holder = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let exchanger = world.exchanger();
    stop(exchanger);

    // Reads, and changes of everything else, go on.
    assert_eq!(world.health(), "rotating");
    world.latch().set("minimax", Secret::try_from("sk-cp-neighbour-1").unwrap()).unwrap();
    assert_eq!(world.say(&["token", "minimax"]).out, "sk-cp-neighbour-1\n");

    let providers = world.home.folder().join("providers.json");
    let waiting = Latch::builder()
        .home(world.home.path())
        .providers(providers)
        .patience(Duration::from_millis(500))
        .open()
        .unwrap();
    let began = Instant::now();
    let error = waiting.token("acme").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains(&exchanger.to_string()), "{error}");
    assert!(began.elapsed() < Duration::from_secs(10));

    // One who only waits does not hold back a signal.
    let waiter = world.start(&["token", "acme"]);
    std::thread::sleep(Duration::from_millis(300));
    signal("TERM", &waiter);
    assert_eq!(waiter.wait_with_output().unwrap().status.signal(), Some(15));

    send("CONT", exchanger);
    let said = Said::from(holder.wait_with_output().unwrap());
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0));
}

#[test]
fn whoever_joins_a_login_whose_poller_is_stopped_is_told() {
    let world = World::new();
    let started = world.log_in();
    let holder = || {
        serde_json::from_str::<serde_json::Value>(&world.say(&["doctor", "--json"]).out).unwrap()["providers"][0]["flow"]["holder"].clone()
    };
    // The command that got the code leaves the polling to a process of its own.
    let is_another = |pid: u64| pid != u64::from(started.child.id());
    until("somebody polls", || holder()["pid"].as_u64().is_some_and(is_another));
    let pid = u32::try_from(holder()["pid"].as_u64().unwrap()).unwrap();
    stop(pid);
    until("the poller is stopped", || holder()["state"] == "stopped");

    let joiner = world.start(&["login", "acme"]);
    std::thread::sleep(Duration::from_millis(2500));
    signal("TERM", &joiner);
    let told = String::from_utf8(joiner.wait_with_output().unwrap().stderr).unwrap();
    assert!(told.contains(&format!("process {pid}, which asks the issuer for all who wait, is stopped")), "{told}");
    assert!(told.contains(&format!("kill -CONT {pid}")), "{told}");

    send("CONT", pid);
    assert_eq!(world.say(&["cancel", started.id()]).status, 0);
    assert_ne!(started.end().1, 0);
}
