//! `move`: a login goes from one store to another, killed at any moment, and is used from one of them at most.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::cluster::Cluster;
use crate::helper::Said;
use crate::needs::found;
use crate::world::{World, fed, send};

/// Two directories, on one of which is a login that has ended and a key.
pub(crate) struct Two {
    pub(crate) world: World,
    pub(crate) stores: [PathBuf; 2],
}

impl Two {
    pub(crate) fn new() -> Self {
        let world = World::new().ended();
        assert_eq!(fed(world.command(&["set", "minimax"]), "mm-1").status, 0);
        let stores = [world.home.path(), world.home.folder().join("other")];
        Self { world, stores }
    }

    pub(crate) fn url(&self, at: usize) -> String {
        format!("file://{}", self.stores[at].display())
    }

    /// A command on one of them.
    pub(crate) fn command(&self, at: usize, args: &[&str]) -> Command {
        let mut command = self.world.command(args);
        command.env("CREDLATCH_HOME", &self.stores[at]);
        command
    }

    pub(crate) fn say(&self, at: usize, args: &[&str]) -> Said {
        Said::from(self.command(at, args).output().unwrap())
    }

    pub(crate) fn moving(&self, from: usize) -> Command {
        let (from, to) = (self.url(from), self.url(1 - from));
        self.command(0, &["move", "--from", &from, "--to", &to])
    }

    pub(crate) fn moves(&self, from: usize) -> Said {
        Said::from(self.moving(from).output().unwrap())
    }

    pub(crate) fn document(&self, at: usize) -> Option<Value> {
        document(&self.stores[at])
    }

    pub(crate) fn stage(&self, at: usize) -> Option<String> {
        Some(self.document(at)?["profile"]["moving"]["stage"].as_str()?.to_owned())
    }

    /// In which of them the refresh token would be presented, by a program of whatever version.
    pub(crate) fn presenting(&self) -> Vec<usize> {
        (0..2).filter(|at| presents(self.document(*at).as_ref())).collect()
    }

    /// Kills a move from there so that it leaves the source set aside.
    pub(crate) fn stopped_midway(&self, from: usize) {
        for round in 0..400_u64 {
            let mut moving = self.moving(from).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            std::thread::sleep(Duration::from_micros(round * 100 % 20_000));
            moving.kill().unwrap();
            moving.wait().unwrap();
            match self.stage(from).as_deref() {
                Some("set_aside") => return,
                // It came through: back, and once more.
                Some("gone") => {
                    assert_eq!(self.moves(from).status, 0);
                    assert_eq!(self.moves(1 - from).status, 0);
                }
                _ => {}
            }
        }
        panic!("no kill came in between");
    }

    pub(crate) fn token_of(&self, at: usize) -> String {
        let said = self.say(at, &["token", "acme"]);
        assert_eq!(said.status, 0, "{}", said.err);
        said.out.trim().to_owned()
    }
}

fn document(home: &Path) -> Option<Value> {
    serde_json::from_slice(&std::fs::read(home.join("profiles/default.json")).ok()?).ok()
}

fn presents(document: Option<&Value>) -> bool {
    let entries = document.and_then(|document| document["profile"]["providers"]["acme"]["entries"].as_array());
    entries.is_some_and(|entries| {
        entries.iter().any(|entry| {
            let grant = &entry["material"]["oauth"];
            grant["refresh"].is_string() && grant["shared"].is_null()
        })
    })
}

#[test]
fn all_of_a_store_is_in_the_other_one_then_and_who_looks_in_the_first_is_told() {
    let two = Two::new();
    let moved = two.moves(0);
    assert_eq!(moved.status, 0, "{}", moved.err);
    let to = two.url(1);
    assert_eq!(moved.out, format!("moved profile default to {to}: acme/default, minimax/default\n"));
    assert_eq!(two.say(1, &["token", "minimax"]).out, "mm-1\n");
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
    let asked = two.say(0, &["token", "minimax"]);
    assert_eq!(asked.status, 3);
    assert!(asked.err.contains(&format!("was moved to {to}")) && asked.err.contains("--store"), "{}", asked.err);
    let status = two.say(0, &["status", "--json"]).json();
    assert_eq!(status["moving"], serde_json::json!({"stage": "gone", "other": to}));
    // Once more is no harm, and what comes home is used there.
    assert_eq!(two.moves(0).status, 0);
    let back = two.moves(1);
    assert_eq!(back.status, 0, "{}", back.err);
    assert!(two.world.sandbox.accepts(&two.token_of(0)));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn a_move_that_is_killed_at_any_moment_is_gone_on_with_and_one_store_presents_at_most() {
    let two = Two::new();
    let (mut from, mut whole, mut seen) = (0, Duration::MAX, std::collections::BTreeMap::<String, u32>::new());
    // A whole one now and then says how long it takes at present.
    for round in 0..120_u32 {
        if round % 6 == 0 {
            let began = Instant::now();
            assert_eq!(two.moves(from).status, 0);
            (from, whole) = (1 - from, whole.min(began.elapsed()));
        }
        // Renewed where it is: what the other store may hold is spent then.
        let rotated = two.say(from, &["rotate", "acme", "--now"]);
        assert_eq!(rotated.status, 0, "{}", rotated.err);
        let mut moving = two.moving(from).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(whole * (round % 23) / 23);
        let _ = moving.kill();
        moving.wait().unwrap();
        let stages = format!("{:?} {:?}", two.stage(from), two.stage(1 - from));
        *seen.entry(stages.clone()).or_default() += 1;
        assert!(two.presenting().len() <= 1, "{stages}: both stores would present it");
        let again = two.moves(from);
        assert_eq!(again.status, 0, "{stages}: {}", again.err);
        assert_eq!(two.presenting(), [1 - from], "{stages}");
        assert!(two.world.sandbox.accepts(&two.token_of(1 - from)));
        assert_eq!(two.say(1 - from, &["token", "minimax"]).out, "mm-1\n");
        from = 1 - from;
        if round >= 30 && seen.keys().any(|stages| stages.contains("set_aside")) {
            break;
        }
    }
    println!("killed moves, by the stages they left in source and target: {seen:?}");
    assert!(seen.keys().any(|stages| stages.contains("set_aside")), "no kill came in between: {seen:?}");
    let stats = two.world.sandbox.stats();
    assert_eq!((stats.exchanges >= 30, stats.replays), (true, 0));
}

#[test]
fn what_is_set_aside_is_read_and_neither_renewed_nor_changed_by_any_version() {
    let two = Two::new();
    two.stopped_midway(0);
    let before = std::fs::read(two.stores[0].join("profiles/default.json")).unwrap();
    for (args, input) in [
        (&["set", "minimax"][..], "mm-2"),
        (&["clear", "acme"], ""),
        (&["rotate", "acme"], ""),
        (&["token", "acme"], ""),
    ] {
        let said = fed(two.command(0, args), input);
        assert_eq!(said.status, 5, "{args:?}: {}", said.err);
        let is_told = said.err.contains("is being moved to") && said.err.contains("`credlatch move` again");
        assert!(is_told, "{args:?}: {}", said.err);
    }
    assert_eq!(two.say(0, &["token", "minimax"]).out, "mm-1\n", "what needs no renewal is served");
    assert!(std::fs::read(two.stores[0].join("profiles/default.json")).unwrap() == before, "something was changed");
    let status = two.say(0, &["status"]);
    assert!(status.out.contains("It is being moved to"), "{}", status.out);
    let doctor = two.say(0, &["doctor"]);
    let told = doctor.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(doctor.status, 1, "{told}");
    assert!(told.contains("until that is through nothing here is renewed") && !told.contains("was copied"), "{told}");
    let earlier = std::env::var_os("CREDLATCH_BEFORE_NOTES");
    let earlier = found(earlier, "CREDLATCH_BEFORE_NOTES, the program of before").filter(|program| program != "none");
    if let Some(earlier) = earlier {
        let inner = two.command(0, &[]);
        for args in [["rotate", "acme"], ["token", "acme"]] {
            let mut command = Command::new(&earlier);
            command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
            let said = Said::from(command.output().unwrap());
            assert_ne!(said.status, 0, "{args:?}: {}", said.out);
        }
        assert_eq!(two.world.sandbox.stats().refresh_requests, 0, "an older version presents nothing either");
    }
    assert_eq!(two.moves(0).status, 0, "and it goes on");
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
}

#[test]
fn who_takes_the_first_store_back_uses_it_and_it_can_be_moved_again() {
    let two = Two::new();
    two.stopped_midway(0);
    let is_used_there = two.presenting() == [1];
    let adopted = two.say(0, &["adopt"]);
    if is_used_there {
        assert_eq!(adopted.status, 2, "{}", adopted.err);
        assert!(adopted.err.contains("is used in"), "{}", adopted.err);
        assert_eq!(two.say(0, &["rotate", "acme", "--this-copy"]).status, 2);
    } else {
        // What was not handed over nobody has used, whatever stands in the other place.
        let has_arrived = two.stage(1).as_deref() == Some("arrived");
        assert_eq!(adopted.status, 0, "{}", adopted.err);
        assert_eq!(two.presenting(), [0]);
        assert!(two.world.sandbox.accepts(&two.token_of(0)));
        if has_arrived {
            // What lies in the other store is used there by nobody, and can be forgotten.
            let there = two.say(1, &["adopt"]);
            assert!(there.status == 2 && there.err.contains("`credlatch clear --all`"), "{}", there.err);
            assert_eq!(two.say(1, &["clear", "--all"]).status, 0);
            assert_eq!(two.world.sandbox.stats().revocations, 0);
        }
    }
    assert_eq!(two.moves(0).status, 0);
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[test]
fn nothing_is_moved_while_a_refresh_token_is_presented() {
    let two = Two::new();
    two.world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(2));
    let mut rotating = two.command(0, &["rotate", "acme"]).spawn().unwrap();
    two.world.exchange_begins(1);
    let refused = two.moves(0);
    assert_eq!(refused.status, 5, "{}", refused.err);
    assert!(refused.err.contains("is at work on it"), "{}", refused.err);
    assert!(rotating.wait().unwrap().success());
    assert_eq!(two.moves(0).status, 0);
    assert!(two.world.sandbox.accepts(&two.token_of(1)));
    let stats = two.world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_login_moves_from_this_machine_s_directory_into_an_etcd_and_home_again() {
    let Some(cluster) = Cluster::start(1) else { return };
    let two = Two::new();
    let (home, etcd) = (two.url(0), cluster.url("team"));
    let on = |at: &str, args: &[&str]| {
        let mut command = two.command(1, args);
        command.env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", at).env("HOME", cluster.machine("one"));
        Said::from(command.env("XDG_DATA_HOME", cluster.machine("one")).output().unwrap())
    };
    let (named, mut from_named) = (&two.stores[0], two.command(0, &["--home"]));
    from_named.arg(named).args(["move", "--to", &etcd]).env_remove("CREDLATCH_HOME");
    from_named.env("HOME", cluster.machine("one")).env("XDG_DATA_HOME", cluster.machine("one"));
    let moved = Said::from(from_named.output().unwrap());
    assert_eq!(moved.status, 0, "{}", moved.err);
    assert!(moved.err.contains("seal.key"), "the other machines need it: {}", moved.err);
    let token = on(&etcd, &["token", "acme"]);
    assert!(two.world.sandbox.accepts(token.out.trim()), "{}", token.err);
    assert_eq!(on(&home, &["token", "acme"]).status, 3);
    // The key is this machine's, and not in the directory that is empty now, whoever named that.
    assert!(!two.stores[0].join("seal.key").exists());
    let back = on(&etcd, &["move", "--from", &etcd, "--to", &home, "--plain-text"]);
    assert_eq!(back.status, 0, "{}", back.err);
    let token = on(&home, &["rotate", "acme", "--now"]);
    assert_eq!(token.status, 0, "{}", token.err);
    assert!(two.world.sandbox.accepts(&two.token_of(0)));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn nobody_takes_a_store_in_etcd_back_from_a_mover_that_lives() {
    let Some(cluster) = Cluster::start(1) else { return };
    let two = Two::new();
    let (home, etcd) = (two.url(0), cluster.url("team"));
    let command = |args: &[&str]| {
        let mut command = two.command(1, args);
        command.env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", &etcd).env("HOME", cluster.machine("one"));
        command.env("XDG_DATA_HOME", cluster.machine("one"));
        command
    };
    let say = |args: &[&str]| Said::from(command(args).output().unwrap());
    let there = ["move", "--from", &home, "--to", &etcd];
    let back = ["move", "--from", &etcd, "--to", &home, "--plain-text"];
    let stage = || say(&["status", "--json"]).json()["moving"]["stage"].as_str().unwrap_or_default().to_owned();
    let mut met = false;
    for round in 0..200_u64 {
        if stage() != "set_aside" {
            let moved = say(&there);
            assert!(matches!(moved.status, 0 | 3), "{}", moved.err);
        }
        let mut mover = command(&back).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(round * 1_700 % 120_000));
        send("STOP", mover.id());
        if mover.try_wait().unwrap().is_none() && stage() == "set_aside" {
            let adopted = say(&["adopt", "--alone"]);
            assert_eq!(adopted.status, 5, "{}{}", adopted.out, adopted.err);
            met = true;
        }
        send("CONT", mover.id());
        assert!(mover.wait().unwrap().success());
        if met {
            break;
        }
    }
    assert!(met, "no mover was stopped in between");
    assert!(two.world.sandbox.accepts(&two.token_of(0)));
    assert_eq!(two.world.sandbox.stats().replays, 0);
}
