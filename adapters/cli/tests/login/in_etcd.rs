//! The command on a store in etcd: machines with homes of their own, and exchanges by processes of their own.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;
use crate::helper::Said;
use crate::needs::found;
use crate::world::{World, fed, is_running, send, until};

/// A machine: a home of its own, and the sandbox of another world.
pub(crate) struct Machine<'a> {
    pub(crate) name: &'static str,
    pub(crate) cluster: &'a Cluster,
    pub(crate) world: &'a World,
}

impl Machine<'_> {
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let (home, mut command) = (self.cluster.machine(self.name), self.world.command(args));
        command.env("CREDLATCH_HOME", &home).env("CREDLATCH_STORE", self.cluster.url("team"));
        command.env("CREDLATCH_CLAIMS", home.join("claims")).env("CREDLATCH_FINGERPRINT_KEY", home.join("key"));
        command.env("CREDLATCH_SEAL_KEYS", home.join("seal-keys"));
        command
    }

    pub(crate) fn say(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }

    pub(crate) fn with_key_of(self, other: &Self) -> Self {
        let key = |machine: &Self| machine.cluster.machine(machine.name).join("seal.key");
        std::fs::copy(key(other), key(&self)).unwrap();
        self
    }

    /// Stores a login of the sandbox that has ended.
    pub(crate) fn put(&self) {
        let (access, refresh) = self.world.sandbox.grant();
        let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":0}}"#);
        let set = fed(self.command(&["set", "acme", "--kind", "oauth"]), &login);
        assert_eq!(set.status, 0, "{}", set.err);
    }
}

/// Two machines on one login that has ended.
pub(crate) fn two<'a>(cluster: &'a Cluster, world: &'a World) -> [Machine<'a>; 2] {
    let at = |name| Machine { name, cluster, world };
    let one = at("one");
    one.put();
    let other = at("other").with_key_of(&one);
    [one, other]
}

#[test]
fn a_killed_command_costs_no_other_machine_the_login() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let [one, other] = two(&cluster, &world);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(1));
    let mut token = one.command(&["token", "acme"]).spawn().unwrap();
    world.exchange_begins(1);
    token.kill().unwrap();
    token.wait().unwrap();
    let said = other.say(&["token", "acme"]);
    assert!(world.sandbox.accepts(said.out.trim()), "{}", said.err);
    let stats = world.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0));
    assert_eq!(one.say(&["profiles"]).out, "* default\n");
}

#[test]
fn who_died_in_an_exchange_is_known_on_its_machine_at_once_and_elsewhere_when_its_lease_ends() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let [one, other] = two(&cluster, &world);
    world.sandbox.adjust(|settings| settings.answer_delay = Duration::from_secs(20));
    let mut token = one.command(&["token", "acme"]).spawn().unwrap();
    world.exchange_begins(1);
    let mut pids = Vec::new();
    until("the one process that asks the issuer", || {
        pids = exchangers(token.id());
        pids.len() == 1
    });
    token.kill().unwrap();
    token.wait().unwrap();
    send("KILL", pids[0]);
    until("the exchange has ended", || !is_running(pids[0]));
    // Another machine can't tell a dead process from a slow one: it changes what it likes, and leaves the login alone.
    let health = |machine: &Machine<'_>| {
        let status = machine.say(&["status", "--json"]).json();
        status["providers"][0]["entries"][0]["health"].as_str().unwrap_or("none").to_owned()
    };
    assert_eq!(fed(other.command(&["set", "minimax"]), "mm-1").status, 0);
    assert_eq!(health(&other), "rotating");
    assert_eq!(fed(one.command(&["set", "minimax"]), "mm-2").status, 0);
    assert_eq!((health(&one), health(&other)), ("in_doubt".to_owned(), "in_doubt".to_owned()));
    assert_eq!(world.sandbox.stats().refresh_requests, 1);
}

#[test]
fn of_machines_that_change_first_at_the_same_moment_one_makes_the_key_and_tells() {
    for _ in 0..6 {
        let Some(cluster) = Cluster::start(1) else { return };
        let world = World::new();
        let all = ["one", "two", "three"].map(|name| Machine { name, cluster: &cluster, world: &world });
        let running = all.each_ref().map(|machine| {
            let mut set = machine.command(&["set", "minimax"]);
            set.stdin(std::process::Stdio::piped());
            let mut child = set.spawn().unwrap();
            std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"mm-1").unwrap();
            child
        });
        let said = running.map(|child| Said::from(child.wait_with_output().unwrap()));
        let has_key = |machine: &Machine<'_>| cluster.machine(machine.name).join("seal.key").exists();
        for (said, machine) in said.iter().zip(&all) {
            assert!(matches!(said.status, 0 | 9), "{}", said.err);
            let is_first = said.status == 0;
            assert_eq!((said.err.contains("new key"), has_key(machine)), (is_first, is_first), "{}", said.err);
        }
        assert_eq!(said.iter().filter(|said| said.status == 0).count(), 1);
    }
}

#[test]
fn a_program_of_before_knows_no_such_store_and_changes_nothing() {
    let earlier = std::env::var_os("CREDLATCH_BEFORE_NOTES");
    let earlier = found(earlier, "CREDLATCH_BEFORE_NOTES, the program of before").filter(|program| program != "none");
    let (Some(earlier), Some(cluster)) = (earlier, Cluster::start(1)) else { return };
    let world = World::new();
    let one = Machine { name: "one", cluster: &cluster, world: &world };
    one.put();
    let stands = || cluster.etcdctl(&["get", "--prefix", "team/"]).unwrap();
    let before = stands();
    for args in [&["token", "acme"][..], &["status"], &["rotate", "acme"], &["clear", "acme"], &["purge"]] {
        let inner = one.command(args);
        let mut command = Command::new(&earlier);
        command.args(args).env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        for has_home in [true, false] {
            if !has_home {
                command.env_remove("CREDLATCH_HOME");
            }
            let said = Said::from(command.output().unwrap());
            assert_eq!(said.status, 2, "{args:?}: {}", said.err);
        }
    }
    assert!(stands() == before, "something was changed");
    assert!(world.sandbox.accepts(one.say(&["token", "acme"]).out.trim()));
}

/// The processes that make exchanges for this one. Who isn't root sees no more of them than their words and their parents: the
/// command is not dumpable.
pub(crate) fn exchangers(of: u32) -> Vec<u32> {
    let number = |what: &str| what.parse::<u32>().ok();
    let all = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| number(entry.file_name().to_str()?));
    let is_one = |pid: &u32| {
        let read = |what: &str| std::fs::read(format!("/proc/{pid}/{what}")).unwrap_or_default();
        let (line, status) = (read("cmdline"), read("status"));
        let parent = format!("\nPPid:\t{of}\n");
        String::from_utf8_lossy(&line).contains("\0exchange\0") && String::from_utf8_lossy(&status).contains(&parent)
    };
    all.filter(is_one).collect()
}

#[test]
fn the_key_is_told_of_once_and_an_etcd_that_is_gone_ends_a_change_with_7() {
    let Some(mut cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let one = Machine { name: "one", cluster: &cluster, world: &world };
    let first = fed(one.command(&["set", "minimax"]), "mm-1");
    assert!(
        first.status == 0 && first.err.contains("seal.key") && first.err.contains("each other machine"),
        "{}",
        first.err
    );
    let second = fed(one.command(&["set", "minimax"]), "mm-2");
    assert_eq!((second.status, second.err.as_str()), (0, ""));
    for options in
        [["--store", "etcd+http://"], ["--store", "etcd+https://h/a b"], ["--store", "etcd+https://me:sesame@h"]]
    {
        let refused = one.say(&[&options[..], &["status"]].concat());
        assert_eq!(refused.status, 2, "{}", refused.err);
        assert!(!refused.err.contains("sesame"), "{}", refused.err);
    }
    cluster.kill(0);
    let one = Machine { name: "one", cluster: &cluster, world: &world };
    let began = Instant::now();
    let (set, token) = (fed(one.command(&["set", "minimax"]), "mm-3"), one.say(&["token", "minimax"]));
    assert_eq!((set.status, token.status), (7, 7), "{} {}", set.err, token.err);
    assert!(set.err.contains("127.0.0.1") && began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[test]
fn who_rotates_is_told_that_it_was_its_own_doing() {
    let Some(cluster) = Cluster::start(1) else { return };
    let world = World::new();
    let [one, _] = two(&cluster, &world);
    for round in 0..8 {
        let rotated = one.say(&["rotate", "acme", "--now", "--json"]);
        assert_eq!(rotated.status, 0, "{}", rotated.err);
        assert_eq!(rotated.json()["rotated_here"], true, "round {round}: {}", rotated.out);
    }
    assert_eq!(world.sandbox.stats().replays, 0);
}
