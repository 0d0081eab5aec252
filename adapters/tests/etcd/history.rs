//! What processes saw of one key of a real cluster, while proxies drop, delay and reset what they send, and members are killed and
//! stopped: it has an order that everybody agrees with.
//!
//! The cluster itself says in which order commits were made. What is asked of it: each commit that was acknowledged is in it once,
//! and none that was told as not saved; each took the place of what its maker had read; nobody's commit or read comes before what
//! had ended before it began. What nobody knows may be there or not.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credlatch::Profile;
use credlatch::etcd::Etcd;
use credlatch::store::{ByteStore, Commit, CommitError, CommitId, SecretBytes, StoreHome};
use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::proxy::{Mood, Proxy};

const URL: &str = "HISTORY_ETCD";
const HOME: &str = "HISTORY_HOME";
const WHO: &str = "HISTORY_WHO";
const SECONDS: &str = "HISTORY_SECONDS";

/// What somebody did.
#[derive(Clone, Debug)]
struct Did {
    began: u128,
    ended: u128,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// Read this commit while it had the lock; 0 if there was none.
    Read(u64),
    /// Made this commit in the place of that one.
    Saved(u64, u64),
    NotSaved(u64),
    Unknown(u64, u64),
}

fn now() -> u128 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos()
}

impl Did {
    fn line(&self) -> String {
        let (kind, one, two) = match self.what {
            What::Read(id) => ("read", id, 0),
            What::Saved(id, replaces) => ("saved", id, replaces),
            What::NotSaved(id) => ("not", id, 0),
            What::Unknown(id, replaces) => ("unknown", id, replaces),
        };
        format!("did {kind} {} {} {one} {two}", self.began, self.ended)
    }

    fn parse(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.strip_prefix("did ")?.split(' ').collect();
        let number = |at: usize| words[at].parse().unwrap();
        let what = match words[0] {
            "read" => What::Read(number(3)),
            "saved" => What::Saved(number(3), number(4)),
            "not" => What::NotSaved(number(3)),
            _ => What::Unknown(number(3), number(4)),
        };
        Some(Self { began: words[1].parse().unwrap(), ended: words[2].parse().unwrap(), what })
    }
}

/// What each process does; by itself it does nothing.
#[test]
fn a_process_of_a_history() {
    let var = |name| std::env::var(name).ok();
    let (Some(url), Some(home), Some(who), Some(seconds)) = (var(URL), var(HOME), var(WHO), var(SECONDS)) else {
        return;
    };
    let home = Etcd::new(&url).unwrap().at_home(home.as_ref()).unwrap().of_any_commits();
    let store = home.store(&Profile::default()).unwrap();
    let until = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let mut next = who.parse::<u64>().unwrap() * 1_000_000;
    println!();
    while Instant::now() < until {
        next += 2;
        for did in once(&store, next) {
            println!("{}", did.line());
        }
        std::thread::sleep(Duration::from_millis(next / 2 % 7 * 3));
    }
}

/// Locks, reads and commits once.
fn once(store: &Arc<dyn ByteStore>, next: u64) -> Vec<Did> {
    let began = now();
    let Ok(mut locked) = store.lock(Duration::from_secs(2)) else { return Vec::new() };
    let Ok(stands) = locked.read() else { return Vec::new() };
    let replaces = stands.map(|stored| stored.id);
    let stood = replaces.map_or(0, CommitId::get);
    let read = Did { began, ended: now(), what: What::Read(stood) };
    let (id, document) = (CommitId::new(next).unwrap(), SecretBytes::from(next.to_string().into_bytes()));
    let began = now();
    let what = match locked.commit(&Commit::new(replaces, id, &document)) {
        Ok(()) => What::Saved(next, stood),
        Err(CommitError::NotSaved(_)) => What::NotSaved(next),
        Err(CommitError::Unknown(_)) => What::Unknown(next, stood),
    };
    vec![read, Did { began, ended: now(), what }]
}

/// Why what was seen has no order; none if it has.
fn flaw(order: &[u64], all: &[Did]) -> Option<String> {
    let place = |id: u64| if id == 0 { Some(0) } else { order.iter().position(|there| *there == id).map(|at| at + 1) };
    let mut events = Vec::new();
    for did in all {
        let (id, replaces) = match did.what {
            What::NotSaved(id) if place(id).is_some() => return Some(format!("{id} was not saved, and is there")),
            What::NotSaved(_) => continue,
            What::Unknown(id, _) if place(id).is_none() => continue,
            What::Saved(id, replaces) | What::Unknown(id, replaces) => (id, Some(replaces)),
            What::Read(id) => (id, None),
        };
        let Some(at) = place(id) else { return Some(format!("{:?} is nowhere", did.what)) };
        if let Some(replaces) = replaces.filter(|replaces| place(*replaces) != Some(at - 1)) {
            return Some(format!("{id} didn't take the place of {replaces}"));
        }
        // What nobody knows may have been made long after somebody stopped waiting.
        let ended = if matches!(did.what, What::Unknown(..)) { u128::MAX } else { did.ended };
        events.push((did.began, ended, at, replaces.is_some()));
    }
    let mut ends: Vec<_> = events.iter().map(|(_, ended, at, _)| (*ended, *at)).collect();
    ends.sort_unstable();
    let mut begins = events;
    begins.sort_unstable();
    let (mut newest, mut ended) = (0, ends.into_iter().peekable());
    for (began, _, at, is_commit) in begins {
        while let Some((_, there)) = ended.next_if(|(end, _)| *end < began) {
            newest = newest.max(there);
        }
        if at < newest || is_commit && at == newest {
            return Some(format!("the commit at place {at} was read or made after one at place {newest} had been"));
        }
    }
    None
}

/// The commits of the key in their order, as the cluster has it.
fn order(cluster: &Cluster) -> Vec<u64> {
    let key = "history/profiles/default";
    let newest = cluster.etcdctl(&["get", key, "-w", "json"]).unwrap();
    let newest: serde_json::Value = serde_json::from_str(&newest).unwrap();
    let mut revision = newest["kvs"][0]["mod_revision"].as_u64();
    let mut ids = Vec::new();
    while let Some(at) = revision.filter(|at| *at > 0) {
        let Some(text) = cluster.etcdctl(&["get", key, "--rev", &at.to_string(), "-w", "json"]) else { break };
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let kv = &read["kvs"][0];
        let Some(value) = kv["value"].as_str() else { break };
        let value = STANDARD.decode(value).unwrap();
        ids.push(String::from_utf8_lossy(&value).split(' ').nth(2).unwrap().parse().unwrap());
        revision = kv["mod_revision"].as_u64().map(|at| at - 1);
    }
    ids.reverse();
    ids
}

fn play(processes: u64, seconds: u64) {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let proxies: Vec<_> = (0..cluster.size()).map(|at| Proxy::before(cluster.address(at))).collect();
    let behind: Vec<_> = proxies.iter().map(Proxy::address).collect();
    let running: Vec<_> = (1..=processes)
        .map(|who| {
            // Some have the proxies before them, and some have none.
            let members: Vec<_> =
                if who % 3 == 0 { (0..3).map(|at| cluster.address(at)).collect() } else { behind.clone() };
            let url = format!("etcd+http://{}/history", members.join(","));
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "history::a_process_of_a_history", "--nocapture", "--test-threads=1"]);
            command.env(URL, url).env(HOME, cluster.machine(&format!("h{who}"))).env(WHO, who.to_string());
            command.env(SECONDS, seconds.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let until = Instant::now() + Duration::from_secs(seconds);
    let moods = [Mood::Delays, Mood::DropsAnswers, Mood::Resets, Mood::Drops, Mood::Passes];
    for (round, at) in (0..3).cycle().enumerate() {
        if Instant::now() + Duration::from_secs(3) > until {
            break;
        }
        proxies[at].is_in(moods[round % moods.len()]);
        proxies[(at + 1) % 3].is_in(moods[(round / 2) % moods.len()]);
        match round % 5 {
            1 => {
                cluster.kill(at);
                std::thread::sleep(Duration::from_millis(700));
                cluster.run(at);
            }
            3 => {
                cluster.signal(at, Signal::STOP);
                std::thread::sleep(Duration::from_millis(1200));
                cluster.signal(at, Signal::CONT);
            }
            _ => std::thread::sleep(Duration::from_millis(600)),
        }
        for proxy in &proxies {
            proxy.is_in(Mood::Passes);
        }
        std::thread::sleep(Duration::from_millis(300));
    }
    let mut all = Vec::new();
    for mut child in running {
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        all.extend(lines.map_while(Result::ok).filter_map(|line| Did::parse(&line)));
        assert!(child.wait().unwrap().success());
    }
    // What proxies still hold goes with them; what members have is decided.
    drop(proxies);
    cluster.await_leader();
    std::thread::sleep(Duration::from_millis(500));
    let order = order(&cluster);
    let count = |of: fn(&What) -> bool| all.iter().filter(|did| of(&did.what)).count();
    let (saved, not) = (count(|what| matches!(what, What::Saved(..))), count(|what| matches!(what, What::NotSaved(_))));
    let unknown = count(|what| matches!(what, What::Unknown(..)));
    println!(
        "{processes} processes, {seconds} s: {} reads, {saved} saved, {not} not, {unknown} unknown; {} in the cluster",
        count(|what| matches!(what, What::Read(_))),
        order.len()
    );
    assert!(saved > 20 && not > 0, "nothing happened");
    assert_eq!(flaw(&order, &all), None);
}

#[test]
fn what_processes_saw_beside_proxies_and_dying_members_has_an_order() {
    play(6, 12);
}

#[test]
#[ignore = "two minutes: cargo test -p credlatch --all-features --test etcd -- --ignored --nocapture history"]
fn what_many_processes_saw_for_two_minutes_has_an_order() {
    play(16, 120);
}

#[test]
fn a_history_without_an_order_is_told_as_that() {
    let did = |began, ended, what| Did { began, ended, what };
    let right = [
        did(1, 2, What::Read(0)),
        did(3, 4, What::Saved(2, 0)),
        did(5, 6, What::Read(2)),
        did(5, 9, What::Unknown(4, 2)),
        did(7, 8, What::NotSaved(6)),
        did(20, 21, What::Saved(8, 4)),
    ];
    assert_eq!(flaw(&[2, 4, 8], &right), None);
    for (order, wrong) in [
        // A commit that was acknowledged is lost.
        (vec![4, 8], did(30, 31, What::Read(8))),
        // One that was told as not saved is there.
        (vec![2, 4, 8, 6], did(30, 31, What::Read(8))),
        // An earlier one is read after a later one had been.
        (vec![2, 4, 8], did(30, 31, What::Read(4))),
        // A commit takes the place of another than what was read.
        (vec![2, 4, 8, 10], did(30, 31, What::Saved(10, 4))),
        // One comes before what had ended before it began.
        (vec![2, 4, 8], did(40, 41, What::Saved(8, 4))),
    ] {
        let all: Vec<_> = right.iter().cloned().chain([wrong.clone()]).collect();
        assert!(flaw(&order, &all).is_some(), "{wrong:?} in {order:?} is taken for right");
    }
}
