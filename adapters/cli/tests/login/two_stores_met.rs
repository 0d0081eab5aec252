//! What `move` refuses, and what it leaves where it is: names, keys, profiles and seals.

use crate::two_stores::Two;
use crate::world::fed;

#[test]
fn what_stands_in_the_way_is_named_and_nothing_is_changed() {
    let two = Two::new();
    let [a, b] = [two.url(0), two.url(1)];
    let says = |args: &[&str], status: i32, words: &str| {
        let said = two.say(0, args);
        assert_eq!(said.status, status, "{args:?}: {}", said.err);
        assert!(said.err.contains(words), "{args:?}: {}", said.err);
    };
    says(&["move", "--from", &a, "--to", &a], 2, "of one store");
    says(&["move", "--from", &b, "--to", &a], 3, "nothing to move");
    says(&["move", "--from", &a, "--to", "hermes:/tmp/auth.json"], 2, "Hermes itself uses");
    says(&["move", "--from", &a, "--to", "redis://x"], 2, "is of another kind");
    assert_eq!(fed(two.command(1, &["set", "minimax"]), "mm-other").status, 0);
    let before = [0, 1].map(|at| two.document(at));
    says(&["move", "--from", &a, "--to", &b], 2, "in the other store already");
    assert_eq!([0, 1].map(|at| two.document(at)), before);
    assert!(two.world.sandbox.accepts(&two.token_of(0)));
}

#[test]
fn keys_can_be_copied_and_logins_stay() {
    let two = Two::new();
    let [a, b] = [two.url(0), two.url(1)];
    let copied = two.say(0, &["move", "--from", &a, "--to", &b, "--copy-keys"]);
    assert_eq!(
        (copied.status, copied.out.as_str()),
        (0, &*format!("copied profile default to {b}: minimax/default\n"))
    );
    assert_eq!([0, 1].map(|at| two.say(at, &["token", "minimax"]).out), ["mm-1\n", "mm-1\n"]);
    assert_eq!(two.say(1, &["token", "acme"]).status, 3);
    assert!(two.world.sandbox.accepts(&two.token_of(0)));
}

#[test]
fn every_profile_moves_unless_one_is_named() {
    let two = Two::new();
    assert_eq!(fed(two.command(0, &["set", "minimax", "--profile", "work"]), "mm-work").status, 0);
    let [a, b] = [two.url(0), two.url(1)];
    let one = two.say(0, &["move", "--from", &a, "--to", &b, "--profile", "work", "--json"]).json();
    assert_eq!(one["moved"].as_array().map(Vec::len), Some(1), "{one}");
    assert_eq!(two.say(1, &["profiles"]).out, "  work\n");
    let rest = two.say(0, &["move", "--from", &a, "--to", &b]);
    assert_eq!(rest.status, 0, "{}", rest.err);
    assert_eq!(two.say(1, &["token", "minimax", "--profile", "work"]).out, "mm-work\n");
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
}

#[test]
fn who_stores_something_where_all_was_moved_away_is_told_where_it_went() {
    let two = Two::new();
    let env = two.world.home.folder().join(".env");
    std::fs::write(&env, "MINIMAX_API_KEY=mm-1\n").unwrap();
    let before = fed(two.command(0, &["set", "openai"]), "sk-proj-0123456789");
    assert!(!before.err.contains("moved"), "{}", before.err);
    assert_eq!(two.moves(0).status, 0);
    let url = two.url(1);
    let import = ["import", "dotenv", "--path", env.to_str().unwrap()];
    let import = |at, more: &[&str]| two.say(at, &[&import, more].concat());
    let left_out = import(0, &[]);
    assert!(left_out.out.contains(&format!("was moved to {url}")), "{}", left_out.out);
    assert_eq!(left_out.err, "", "nothing was stored");
    assert_eq!(import(0, &["--json"]).json()["moved_to"], url);
    assert!(two.say(0, &["doctor"]).out.split_whitespace().collect::<Vec<_>>().join(" ").contains("was moved to"));
    let told = |said: &crate::helper::Said| {
        assert_eq!(said.status, 0, "{}", said.err);
        assert_eq!(said.err.matches(&format!("was moved to {url}")).count(), 1, "{}", said.err);
    };
    told(&fed(two.command(0, &["set", "minimax"]), "mm-2"));
    told(&import(0, &["--provider", "minimax", "--again"]));
    let there = fed(two.command(1, &["set", "minimax"]), "mm-2");
    assert_eq!((there.status, there.err.as_str()), (0, ""));
}

#[cfg(target_os = "linux")]
#[test]
fn what_is_sealed_stays_sealed_unless_a_person_says_otherwise() {
    let two = Two::new();
    let [key, other] = ["key", "other-key"].map(|name| two.world.home.folder().join(name).display().to_string());
    assert_eq!(two.say(0, &["seal", "--seal-key", &key]).status, 0);
    let refused = two.moves(0);
    assert!(refused.status == 2 && refused.err.contains("in plain text"), "{}", refused.err);
    assert_eq!(two.say(1, &["seal", "--seal-key", &other]).status, 0);
    let moved = two.moves(0);
    assert_eq!(moved.status, 0, "{}", moved.err);
    let document = std::fs::read_to_string(two.stores[1].join("profiles/default.json")).unwrap();
    assert!(document.contains("\"sealed\"") && !document.contains("mm-1"));
    assert_eq!(two.say(1, &["token", "minimax"]).out, "mm-1\n");
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
    assert_eq!(two.say(0, &["unseal"]).status, 0);
    let [a, b] = [two.url(0), two.url(1)];
    let plain = two.say(0, &["move", "--from", &b, "--to", &a, "--plain-text"]);
    assert_eq!(plain.status, 0, "{}", plain.err);
    assert_eq!(two.say(0, &["token", "minimax"]).out, "mm-1\n");
}

#[test]
fn one_profile_that_stays_keeps_no_other_from_going() {
    let two = Two::new();
    let [a, b] = [two.url(0), two.url(1)];
    assert_eq!(fed(two.command(0, &["set", "minimax", "--profile", "work"]), "mm-work").status, 0);
    assert_eq!(fed(two.command(1, &["set", "minimax"]), "mm-other").status, 0);
    let moved = two.say(0, &["move", "--from", &a, "--to", &b]);
    assert_eq!(moved.status, 2, "{}", moved.err);
    assert!(moved.err.contains("profile default was not moved") && moved.err.contains("now: work"), "{}", moved.err);
    assert_eq!(two.say(1, &["token", "minimax", "--profile", "work"]).out, "mm-work\n");
}

/// A move that waits for the target's lock, interrupted: what it says on its way out.
#[cfg(target_os = "linux")]
fn interrupted(two: &Two, more: &[&str]) -> String {
    use std::os::unix::process::ExitStatusExt;
    let folder = two.stores[1].join("profiles");
    std::fs::DirBuilder::new().recursive(true).create(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let lock = folder.join("default.lock");
    if !lock.exists() {
        assert_eq!(two.say(1, &["purge"]).status, 0);
    }
    let lock = std::fs::File::open(lock).unwrap();
    rustix::fs::flock(&lock, rustix::fs::FlockOperation::LockExclusive).unwrap();
    let (from, to) = (two.url(0), two.url(1));
    let mut moving = two.command(0, &[&["move", "--from", &from, "--to", &to], more].concat());
    let moving = moving.stderr(std::process::Stdio::piped()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(700));
    // A shell that starts this in the background has interrupts ignored, and so it stays.
    crate::world::send("TERM", moving.id());
    let ended = moving.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(15), "{ended:?}");
    String::from_utf8(ended.stderr).unwrap()
}

#[cfg(target_os = "linux")]
#[test]
fn who_interrupts_a_move_hears_how_far_it_is_and_that_the_same_command_goes_on() {
    let two = Two::new();
    let told = interrupted(&two, &[]);
    assert!(told.contains("nothing of profile default was moved yet"), "{told}");
    assert!(told.contains("the same `credlatch move` goes on"), "{told}");
    let copied = interrupted(&two, &["--copy-keys"]);
    assert!(copied.contains("the same command copies"), "{copied}");
    two.stopped_midway(0);
    let told = interrupted(&two, &["--json"]);
    let told: serde_json::Value = serde_json::from_str(told.trim()).unwrap();
    let what = told["warning"]["message"].as_str().unwrap();
    assert!(what.contains("profile default is set aside in"), "{what}");
    assert_eq!(two.moves(0).status, 0);
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
}

#[test]
fn what_stands_where_a_store_is_to_be_is_named_for_what_it_is() {
    let two = Two::new();
    let to = |path: &std::path::Path| {
        two.say(0, &["move", "--from", &two.url(0), "--to", &format!("file://{}", path.display())])
    };
    let file = two.world.home.folder().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = to(&file);
    assert!(refused.status == 6 && refused.err.contains("is not a directory"), "{}", refused.err);
    let link = two.world.home.folder().join("link");
    std::os::unix::fs::symlink(two.world.home.folder().join("nowhere"), &link).unwrap();
    let refused = to(&link);
    assert!(refused.status != 0 && refused.err.contains("a link may lead nowhere"), "{}", refused.err);
    assert_eq!(two.say(0, &["token", "minimax"]).out, "mm-1\n", "nothing was set aside");
}

#[test]
fn who_moves_again_hears_where_all_went_and_how_it_is_used_there() {
    let two = Two::new();
    let moved = two.say(0, &["move", "--to", &two.url(1)]);
    assert_eq!(moved.status, 0, "{}", moved.err);
    assert!(moved.out.contains(&format!("commands use it with `--store {0}`, or CREDLATCH_STORE={0}", two.url(1))));
    std::fs::rename(&two.stores[1], two.stores[1].with_extension("away")).unwrap();
    for again in [two.moves(0), two.say(0, &["move", "--to", &two.url(1), "--profile", "default"])] {
        assert_eq!(again.status, 3, "{}", again.err);
        assert!(again.err.contains(&format!("moved to {} already", two.url(1))), "{}", again.err);
    }
}
