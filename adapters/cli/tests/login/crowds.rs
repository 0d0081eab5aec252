//! Many processes want the same thing at once.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use crate::helper::Said;
use crate::world::{LoggingIn, World, heeded, signal, until};

#[test]
fn report_3972_j_thirty_two_processes_start_a_login_and_get_one_flow() {
    let world = World::new();
    let all: Vec<_> = (0..32).map(|_| world.start(&["login", "acme", "--json"])).collect();
    let all: Vec<LoggingIn> = all.into_iter().map(LoggingIn::new).collect();
    let started = all.iter().filter(|one| one.first["event"] == "started").count();
    assert_eq!(started, 1);
    assert!(all.iter().all(|one| one.id() == all[0].id() && one.code() == all[0].code()));
    for key in ["verification_uri", "expires_at"] {
        assert!(all[0].first[key].is_string(), "{key}");
    }
    assert!(world.sandbox.approve(all[0].code()));
    for one in all {
        assert_eq!(one.end(), ("succeeded".to_owned(), 0));
    }
    let stats = world.sandbox.stats();
    assert_eq!((stats.device_requests, stats.pollers, stats.logins, stats.late_polls), (1, 1, 1, 0));
    assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
}

#[test]
fn report_3972_b_nothing_is_locked_while_a_login_is_in_progress() {
    let world = World::new();
    let login = world.log_in();
    let flows = world.say(&["flows", "--json"]).json();
    assert_eq!(flows["flows"][0]["status"], "pending");
    assert_eq!(flows["flows"][0]["user_code"], login.code());
    assert_eq!(world.status()["providers"][0]["flow"]["flow_id"], login.id());
    for nobody in ["00000000000000000000000000000000", "nonsense"] {
        world.say(&["cancel", nobody]).failed(2, "no login of this name is known");
    }
    assert_eq!(world.say(&["cancel", login.id()]).status, 0);
    assert_eq!(login.end(), ("cancelled".to_owned(), 4));
}

#[test]
fn report_8040_b_forty_processes_at_expiry_make_one_exchange() {
    let world = World::new().ended();
    let all: Vec<_> = (0..40).map(|_| world.start(&["token", "acme"])).collect();
    let said: Vec<_> = all.into_iter().map(|one| Said::from(one.wait_with_output().unwrap())).collect();
    assert!(said.iter().all(|one| one.status == 0 && one.out == said[0].out), "{}", said[0].err);
    assert!(world.sandbox.accepts(said[0].out.trim()));
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.exchanges, stats.replays), (1, 1, 0));
}

#[test]
fn a_caller_who_gives_up_costs_no_second_exchange() {
    for (args, name, number) in [
        (&["token", "acme"][..], "INT", 2),
        (&["rotate", "acme"], "HUP", 1),
        (&["run", "acme", "--", "env"], "TERM", 15),
    ] {
        let (name, number) = heeded(name, number);
        let world = World::new().ended();
        world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(500));
        let asking = world.start(args);
        world.exchange_begins(1);
        signal(name, &asking);
        let ended = asking.wait_with_output().unwrap();
        assert_eq!((ended.status.signal(), ended.stdout.len()), (Some(number), 0), "{args:?}");
        assert!(world.sandbox.accepts(world.say(&["token", "acme"]).out.trim()));
        assert_eq!(world.sandbox.stats().refresh_requests, 1);
    }
}

#[test]
fn a_valid_token_is_served_while_the_issuer_is_down() {
    let World { home, sandbox } = {
        let world = World::new();
        world.put("acme", 60);
        world
    };
    drop(sandbox);
    let providers = home.folder().join("providers.json");
    let said = Said::from(home.command(&["token", "acme"]).env("CREDLATCH_PROVIDERS", &providers).output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    assert!(said.out.starts_with("sandbox-at-"));
    let refused = home.command(&["rotate", "acme"]).env("CREDLATCH_PROVIDERS", &providers).output().unwrap();
    assert_eq!(refused.status.code(), Some(7));
}

#[test]
fn rotate_renews_a_token_that_is_not_due_and_run_one_that_would_not_last() {
    let world = World::new();
    world.put("acme", 1000);
    let before = world.say(&["token", "acme"]).out;
    let rotated = world.say(&["rotate", "acme", "--json"]).json();
    assert!(rotated["expires_at"].is_string() && rotated.get("token").is_none());
    let after = world.say(&["token", "acme"]).out;
    assert_ne!(before, after);
    assert_eq!(world.sandbox.stats().exchanges, 1);
    world.sandbox.adjust(|settings| settings.token_lifetime = Duration::from_secs(7200));
    let child = world.say(&["run", "acme", "--min-ttl", "5000", "--", "env"]);
    let token = child.out.lines().find_map(|line| line.strip_prefix("ACME_TOKEN=")).expect(&child.err);
    assert!(world.sandbox.accepts(token) && token != after.trim());
    assert_eq!(world.sandbox.stats().exchanges, 2);
    assert_eq!(world.say(&["run", "acme", "--min-ttl", "9000", "--", "env"]).status, 125);
}

#[test]
fn a_copied_store_asks_before_it_rotates() {
    let world = World::new().ended();
    let (from, to) = (world.home.path(), world.home.folder().join("copy"));
    assert!(std::process::Command::new("cp").arg("-r").args([&from, &to]).status().unwrap().success());
    std::fs::remove_file(to.join("profiles/default.lock")).unwrap();
    let home = to.to_str().unwrap();
    let refused = world.say(&["--home", home, "token", "acme"]);
    refused.failed(4, "copied or restored");
    assert!(refused.err.contains("credlatch adopt"), "{}", refused.err);
    assert_eq!(world.sandbox.stats().refresh_requests, 0);
    assert_eq!(world.say(&["--home", home, "rotate", "acme", "--this-copy"]).status, 0);
    until("the copy's token is good", || {
        world.sandbox.accepts(world.say(&["--home", home, "token", "acme"]).out.trim())
    });
}

#[test]
fn a_copied_store_is_adopted_by_a_command_that_presents_nothing() {
    let world = World::new().ended();
    let (from, to) = (world.home.path(), world.home.folder().join("copy"));
    assert!(std::process::Command::new("cp").arg("-a").args([&from, &to]).status().unwrap().success());
    let home = to.to_str().unwrap();
    world.say(&["--home", home, "token", "acme"]).failed(4, "copied or restored");
    assert_eq!(world.say(&["--home", home, "adopt"]).status, 0);
    assert_eq!(world.sandbox.stats().refresh_requests, 0);
    assert_eq!(world.say(&["--home", home, "token", "acme"]).status, 0);
}
