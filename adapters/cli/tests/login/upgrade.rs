//! A store of the program as it was before the document had version 2, and both programs side by side on one store. The
//! earlier program is named by `CREDLATCH_EARLIER`; `.ci/run` builds it from the history.

use std::process::{Command, Stdio};
use std::time::Duration;

use credlatch::{Secret, fingerprint};
use serde_json::Value;

use crate::helper::Said;
use crate::needs::found;
use crate::world::{World, fed, until};

/// The earlier program in this world; none where there is none, which is said.
fn earlier(world: &World, args: &[&str]) -> Option<Command> {
    let named = std::env::var_os("CREDLATCH_EARLIER");
    // A clone without history has none to build, and says `none`.
    let program = found(named, "CREDLATCH_EARLIER, the program of before").filter(|program| program != "none")?;
    let inner = world.command(args);
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(world.home.folder()).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Some(command)
}

fn did(command: &mut Command) -> Said {
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.status, 0, "{}", said.err);
    said
}

fn document(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.home.path().join("profiles/default.json")).unwrap()).unwrap()
}

fn login(world: &World, expires_in: u64) -> String {
    let (access, refresh) = world.sandbox.grant();
    format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":{expires_in}}}"#)
}

/// A grant that is settled, one whose actor was killed, and a key that was cleared, as the earlier program leaves them.
fn left_by_the_earlier(world: &World) -> Option<()> {
    for (label, expires_in) in [("live", 3_600), ("killed", 3_600)] {
        let set = earlier(world, &["set", "acme", "--kind", "oauth", "--label", label])?;
        assert_eq!(fed(set, &login(world, expires_in)).status, 0);
    }
    assert_eq!(fed(earlier(world, &["set", "minimax"])?, "mm-key-cleared-1").status, 0);
    did(&mut earlier(world, &["clear", "minimax"])?);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(30));
    let mut killed = earlier(world, &["rotate", "acme", "--label", "killed"])?.spawn().unwrap();
    until("its request is on the way", || world.sandbox.stats().refresh_requests == 1);
    killed.kill().unwrap();
    killed.wait().unwrap();
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
    assert_eq!(document(world)["version"], 1);
    Some(())
}

#[test]
fn a_store_of_before_asks_nobody_to_sign_in_and_brings_back_nothing() {
    let world = World::new();
    let Some(()) = left_by_the_earlier(&world) else { return };
    let store = document(&world)["store"].clone();
    let tombstone = |document: &Value| document["profile"]["providers"]["minimax"]["cleared"][0].clone();
    let plain = fingerprint(&Secret::try_from("mm-key-cleared-1").unwrap()).to_string();
    assert_eq!(tombstone(&document(&world))["fingerprint"], plain.as_str());
    assert_eq!(world.say(&["token", "acme"]).status, 0);
    let doctor = world.say(&["doctor", "--json"]).json();
    assert!(!doctor.to_string().contains("copied"), "{doctor:#}");
    // The key that was cleared stays away, and nothing was lost by writing the newer form.
    let import = world.command(&["import", "env"]).env("MINIMAX_API_KEY", "mm-key-cleared-1").output().unwrap();
    assert!(String::from_utf8_lossy(&import.stdout).contains("it was cleared"), "{import:?}");
    assert_eq!(world.say(&["rotate", "acme", "--label", "live"]).status, 0);
    let now = document(&world);
    assert_eq!((&now["version"], &now["store"]), (&Value::from(2), &store));
    let entries = now["profile"]["providers"]["acme"]["entries"].as_array().unwrap();
    assert!(entries[1]["material"]["oauth"]["custody"]["in_doubt"].is_object(), "{}", entries[1]);
    // What it remembers of that key is keyed now, and still means it.
    assert!(
        tombstone(&now)["fingerprint_key"].is_string() && tombstone(&now)["fingerprint"] != plain.as_str(),
        "{}",
        tombstone(&now)
    );
    let import = world.command(&["import", "env"]).env("MINIMAX_API_KEY", "mm-key-cleared-1").output().unwrap();
    assert!(String::from_utf8_lossy(&import.stdout).contains("it was cleared"), "{import:?}");
    assert_eq!(world.sandbox.stats().replays, 0);
    // The earlier program refuses, and says why.
    let refused = Said::from(earlier(&world, &["status"]).unwrap().output().unwrap());
    assert_eq!(refused.status, 6, "{}", refused.err);
    assert!(refused.err.contains("version 2"), "{}", refused.err);
}

#[test]
fn what_the_earlier_program_brings_home_beside_this_one_is_saved() {
    let world = World::new();
    let Some(set) = earlier(&world, &["set", "acme", "--kind", "oauth"]) else { return };
    assert_eq!(fed(set, &login(&world, 3_600)).status, 0);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(1_500));
    let rotating = earlier(&world, &["rotate", "acme"]).unwrap().spawn().unwrap();
    world.exchange_begins(1);
    // Whatever is changed here meanwhile leaves the form that the other program reads.
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-1").status, 0);
    assert_eq!(document(&world)["version"], 1);
    let both = world.say(&["rotate", "acme"]);
    let said = Said::from(rotating.wait_with_output().unwrap());
    assert_eq!((said.status, both.status), (0, 0), "{} {}", said.err, both.err);
    assert_eq!(world.sandbox.stats().replays, 0);
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-2").status, 0);
    assert_eq!(document(&world)["version"], 2);
    assert_eq!(world.say(&["token", "acme"]).status, 0);
}

/// What tells a copy from its original, as this program writes it.
fn is_filled_in(world: &World) -> bool {
    use std::os::unix::fs::FileExt;
    let now = document(world);
    let lock = std::fs::File::open(world.home.path().join("profiles/default.lock")).unwrap();
    let mut name = [0; 16];
    let read = lock.read_at(&mut name, 32).unwrap();
    let name = (read == 16).then(|| format!("{:032x}", u128::from_le_bytes(name)));
    // Some file systems don't tell when a file was made.
    let knows_birth = lock.metadata().unwrap().created().is_ok();
    name.as_deref() == now["store"].as_str() && (now["lock_born_ns"].is_u64() || !knows_birth)
}

/// The record of claims of this world; empty before the first.
fn remembered(world: &World) -> String {
    std::fs::read_to_string(world.home.folder().join("claims")).unwrap_or_default()
}

#[test]
fn nothing_in_a_store_of_before_counts_as_copied_and_the_next_commit_fills_in_what_is_missing() {
    let world = World::new();
    let Some(()) = left_by_the_earlier(&world) else { return };
    assert!(!is_filled_in(&world) && document(&world)["profile"].get("last_move").is_none());
    // Somebody who only reads changes nothing, and marks nothing.
    assert_eq!(world.say(&["token", "acme"]).status, 0);
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-1").status, 0);
    assert!(is_filled_in(&world), "{:#}", document(&world));
    assert_eq!(world.say(&["rotate", "acme", "--label", "live"]).status, 0);
    let now = document(&world);
    assert!(!now.to_string().contains("shared"), "{now:#}");
    // A claim, and the tokens that it brought.
    assert_eq!(now["profile"]["last_move"], 2);
    assert!(remembered(&world).ends_with(" 2\n"), "{}", remembered(&world));
    // What died in the earlier program's hands is in doubt, and nobody is asked to sign in.
    let doctor = world.say(&["doctor", "--json"]).out;
    for word in ["copied or restored", "was rolled back", "sign in again; or"] {
        assert!(!doctor.contains(word), "{doctor}");
    }
}

#[test]
fn a_copy_is_not_opened_by_the_earlier_program_though_a_claim_of_its_form_is_in_it() {
    let world = World::new();
    let Some(()) = left_by_the_earlier(&world) else { return };
    let (home, folder) = (world.home.path(), world.home.folder());
    let copied = Command::new("cp").arg("-a").arg(&home).arg(folder.join("twin")).status().unwrap();
    assert!(copied.success());
    std::fs::rename(&home, folder.join("original")).unwrap();
    std::fs::rename(folder.join("twin"), &home).unwrap();
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-key-1").status, 0);
    assert_eq!(document(&world)["version"], 2, "the earlier program would present what is marked");
    let refused = world.say(&["rotate", "acme", "--label", "live"]);
    assert!(refused.status == 4 && refused.err.contains("copied or restored"), "{} {}", refused.status, refused.err);
    let earlier = Said::from(earlier(&world, &["rotate", "acme", "--label", "live"]).unwrap().output().unwrap());
    assert_eq!(earlier.status, 6, "{}", earlier.err);
    assert_eq!(world.say(&["adopt"]).status, 0);
    assert_eq!(world.say(&["rotate", "acme", "--label", "live"]).status, 0);
    assert_eq!(world.sandbox.stats().replays, 0);
}
