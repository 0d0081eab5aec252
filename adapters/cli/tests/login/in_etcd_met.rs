//! What people meet who use the command on a store in etcd: their options reach what is started, they are told whom they wait for, and
//! what somebody else wrote over a profile is found and taken away again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::cancelled::silent;
use crate::cluster::Cluster;
use crate::helper::Said;
use crate::in_etcd::{Machine, exchangers, two};
use crate::world::{LoggingIn, World, fed, is_running, send, until};

const OURS: &str = env!("CARGO_BIN_EXE_credlatch");

#[test]
fn a_child_and_a_helper_find_the_key_that_was_named_and_the_one_of_the_home() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let one = Machine { name: "one", cluster: &cluster, world: &world };
    assert_eq!(fed(one.command(&["set", "minimax"]), "mm-1").status, 0);
    let home = cluster.machine("one");
    let child = |options: &[&str]| {
        let run = ["run", "minimax", "-q", "--", OURS, "token", "minimax"];
        let said = one.say(&[options, &run].concat());
        assert_eq!((said.status, said.out.as_str()), (0, "mm-1\n"), "{options:?}: {}", said.err);
    };
    child(&[]);
    // Somewhere else it is found by the option alone.
    let key = cluster.folder.path().join("elsewhere.key");
    std::fs::rename(home.join("seal.key"), &key).unwrap();
    let options = ["--seal-key", key.to_str().unwrap()];
    child(&options);
    // A child that names another store means that one, whatever it inherits of this one.
    assert_eq!(fed(world.command(&["set", "minimax"]), "mm-2").status, 0);
    let own = world.home.path().display().to_string();
    let named = ["--store", &format!("file://{own}")];
    let words = [&options[..], &["run", "minimax", "-q", "--", OURS, "token", "minimax"], &named].concat();
    let said = one.say(&words);
    assert_eq!((said.status, said.out.as_str()), (0, "mm-2\n"), "{}", said.err);
    let claude = cluster.folder.path().join("claude");
    let mut setup = one.command(&[&options[..], &["setup", "claude-code", "minimax", "--yes"]].concat());
    let setup = Said::from(setup.env("CLAUDE_CONFIG_DIR", &claude).output().unwrap());
    assert_eq!(setup.status, 0, "{}", setup.err);
    let settings: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(claude.join("settings.json")).unwrap()).unwrap();
    let helper = one.command(&[]);
    let mut shell = std::process::Command::new("/bin/sh");
    shell.args(["-c", settings["apiKeyHelper"].as_str().unwrap()]).env_clear();
    shell.envs(helper.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.env("ANTHROPIC_BASE_URL", settings["env"]["ANTHROPIC_BASE_URL"].as_str().unwrap());
    let said = Said::from(shell.output().unwrap());
    assert_eq!((said.status, said.out.as_str()), (0, "mm-1\n"), "{}", said.err);
}

#[test]
fn what_somebody_else_wrote_over_a_profile_is_found_and_taken_away_again() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let one = Machine { name: "one", cluster: &cluster, world: &world };
    assert_eq!(fed(one.command(&["set", "minimax"]), "mm-1").status, 0);
    let nothing = one.say(&["recover", "--json"]).json();
    assert_eq!(nothing, serde_json::json!({"profile": "default", "recovered": false}));
    cluster.etcdctl(&["put", "team/profiles/default", "hello"]).unwrap();
    let doctor = one.say(&["doctor", "--json"]);
    assert_eq!(doctor.status, 1, "{}", doctor.err);
    assert!(doctor.out.contains("somebody else has put something there"), "{}", doctor.out);
    assert!(doctor.out.contains("credlatch recover"), "{}", doctor.out);
    one.say(&["token", "minimax"]).failed(6, "somebody else has put something there");
    assert!(one.say(&["recover"]).out.contains("is again what was committed last"));
    assert_eq!(one.say(&["token", "minimax"]).out, "mm-1\n");
    cluster.etcdctl(&["del", "team/profiles/default"]).unwrap();
    let doctor = one.say(&["doctor", "--json"]);
    assert_eq!(doctor.status, 1, "{}", doctor.err);
    assert!(doctor.out.contains("rolled back or taken away"), "{}", doctor.out);
    fed(one.command(&["set", "minimax"]), "mm-2").failed(6, "rolled back or taken away");
    assert_eq!(one.say(&["recover"]).status, 0);
    assert_eq!(one.say(&["token", "minimax"]).out, "mm-1\n");
    cluster.etcdctl(&["del", "team/profiles/default"]).unwrap();
    assert_eq!(one.say(&["adopt"]).status, 0);
    one.say(&["token", "minimax"]).failed(3, "");
    let in_a_home = world.say(&["recover"]);
    in_a_home.failed(2, "only a store in etcd keeps what stood there before");
}

/// The lines that a process says on standard error.
fn told(child: &mut Child) -> Receiver<String> {
    let (tell, told) = channel();
    let err = BufReader::new(child.stderr.take().unwrap());
    std::thread::spawn(move || err.lines().map_while(Result::ok).try_for_each(|line| tell.send(line)));
    told
}

/// Kills a login and whoever asks the issuer for it, as the end of their machine does.
fn kill(login: &mut Child) {
    let pids = exchangers(login.id());
    login.kill().unwrap();
    for pid in &pids {
        send("KILL", *pid);
    }
    login.wait().unwrap();
    until("the other machine is gone", || !pids.iter().any(|pid| is_running(*pid)));
}

fn log_in(machine: &Machine<'_>) -> Child {
    machine.command(&["login", "acme", "--json"]).stderr(Stdio::piped()).spawn().unwrap()
}

/// Whether a login says within a few seconds for whom it waits, and for how long.
fn says_whom(told: &Receiver<String>) -> bool {
    let began = Instant::now();
    let left = || Duration::from_secs(6).saturating_sub(began.elapsed());
    std::iter::from_fn(|| told.recv_timeout(left()).ok()).any(|line| {
        // What is left of a lease of two minutes, some seconds after it was asked for.
        let within = line.split_once("is known within ").and_then(|(_, rest)| rest.split_once(" seconds"));
        let seconds = within.and_then(|(seconds, _)| seconds.parse::<u64>().ok());
        line.contains("on another machine") && seconds.is_some_and(|seconds| (60..121).contains(&seconds))
    })
}

#[test]
fn who_waits_for_a_login_that_was_killed_before_it_had_a_code_is_told() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = silent();
    let [one, other] = two(&cluster, &world);
    let mut first = log_in(&one);
    until("the login is reserved", || one.say(&["flows", "--json"]).out.contains("pending"));
    kill(&mut first);
    let mut second = log_in(&other);
    assert!(says_whom(&told(&mut second)), "nothing is said");
    let flow = other.say(&["flows", "--json"]).json()["flows"][0]["flow_id"].as_str().unwrap().to_owned();
    // As the remedy says: then nobody waits any more.
    assert_eq!(other.say(&["cancel", &flow]).status, 0);
    assert!(!second.wait().unwrap().success());
}

#[test]
fn who_joins_a_login_is_told_once_its_machine_is_gone() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let [one, other] = two(&cluster, &world);
    let mut first = LoggingIn::new(log_in(&one));
    let mut second = LoggingIn::new(log_in(&other));
    assert_eq!((first.code(), second.first["event"].as_str()), (second.code(), Some("joined")));
    let said = told(&mut second.child);
    assert!(said.recv_timeout(Duration::from_millis(2500)).is_err(), "the other is there");
    kill(&mut first.child);
    assert!(says_whom(&said), "nothing is said");
    assert_eq!(other.say(&["cancel", second.id()]).status, 0);
    assert_eq!(second.end(), ("cancelled".to_owned(), 4));
}
