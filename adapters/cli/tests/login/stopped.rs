//! A process that is stopped while it renews a token: it blocks that renewal, and nothing else.

use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use credlatch::{ErrorKind, Latch, Secret};

use crate::helper::Said;
use crate::world::{World, send, signal, until};

#[test]
fn a_stopped_holder_blocks_its_own_renewal_and_is_named() {
    let world = World::new().ended();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(400));
    let holder = world.start(&["token", "acme"]);
    world.exchange_begins(1);
    let exchanger = world.exchanger();
    send("STOP", exchanger);
    until("the holder is stopped", || {
        let stat = std::fs::read_to_string(format!("/proc/{exchanger}/stat")).unwrap_or_default();
        !cfg!(target_os = "linux") || stat.contains(") T ")
    });

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
