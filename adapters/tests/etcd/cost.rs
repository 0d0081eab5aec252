//! What a commit costs as it grows, beside bare transactions on the same cluster: a table, made by a command and never a test of time.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use credlatch::Profile;
use credlatch::etcd::Etcd;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::machine::{Machine, secret};

const PART: &str = "COST_PART";
const URL: &str = "COST_ETCD";
const HOME: &str = "COST_HOME";
/// How long each cell is measured.
const MEASURED: Duration = Duration::from_secs(3);
/// As large as a sealed profile with one key, in bytes.
const VALUE: usize = 900;

/// What one client of a cell measured: each commit, and how late another machine's were seen, in microseconds.
#[derive(Default)]
struct Measured {
    commits: Vec<u64>,
    seen: Vec<u64>,
    refused: u64,
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap()
}

fn epoch_micros() -> u64 {
    u64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros()).unwrap()
}

/// What each client does; by itself it does nothing.
#[test]
fn a_client_of_a_cell() {
    let var = |name| std::env::var(name).ok();
    let (Some(part), Some(url), Some(home)) = (var(PART), var(URL), var(HOME)) else { return };
    let words: Vec<&str> = part.split(' ').collect();
    let number = |at: usize| words[at].parse::<u64>().unwrap();
    let (profiles, client, start) = (number(1), number(2), number(3));
    std::thread::sleep(Duration::from_micros(start.saturating_sub(epoch_micros())));
    let until = Instant::now() + MEASURED;
    let measured = match words[0] {
        "bare" => bare(&url, profiles, client, until),
        "reader" => reader(&url, &home, until),
        _ => latch(&url, &home, profiles, client, until),
    };
    let list = |micros: &[u64]| micros.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    println!("\nmeasured {};{};{}", list(&measured.commits), list(&measured.seen), measured.refused);
}

fn latch(url: &str, home: &str, profiles: u64, client: u64, until: Instant) -> Measured {
    let machine = Machine::at(home.into(), Etcd::new(url).unwrap());
    let open = |at: u64| machine.builder().profile(Profile::new(&format!("p{at}")).unwrap()).open().unwrap();
    let (mut measured, own) = (Measured::default(), open(client % profiles));
    while Instant::now() < until {
        let began = Instant::now();
        match own.set("minimax", secret(&format!("mm-{}-{client}", epoch_micros()))) {
            Ok(()) => measured.commits.push(micros(began)),
            Err(_) => measured.refused += 1,
        }
    }
    measured
}

/// Reads the first profile on and on. What a writer wrote says when it began to; how late that is seen is the commit and the watch.
fn reader(url: &str, home: &str, until: Instant) -> Measured {
    let machine = Machine::at(home.into(), Etcd::new(url).unwrap());
    let own = machine.builder().profile(Profile::new("p0").unwrap()).open().unwrap();
    let (mut measured, mut last) = (Measured::default(), String::new());
    while Instant::now() < until {
        if let Ok(seen) = own.current("minimax")
            && seen.expose_secret() != last
        {
            seen.expose_secret().clone_into(&mut last);
            let began: u64 = last.split('-').nth(1).unwrap().parse().unwrap();
            measured.seen.push(epoch_micros().saturating_sub(began));
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    measured
}

fn bare(url: &str, profiles: u64, client: u64, until: Instant) -> Measured {
    let member = url.strip_prefix("etcd+http://").unwrap().split([',', '/']).next().unwrap();
    let agent = ureq::Agent::new_with_defaults();
    let ask = |path: &str, body: &Value| -> Value {
        let mut answer = agent.post(format!("http://{member}/v3/kv/{path}")).send(body.to_string()).unwrap();
        serde_json::from_slice(&answer.body_mut().read_to_vec().unwrap()).unwrap()
    };
    let (mut measured, key) = (Measured::default(), STANDARD.encode(format!("bare/p{}", client % profiles)));
    let value = STANDARD.encode("x".repeat(VALUE));
    while Instant::now() < until {
        let began = Instant::now();
        let read = ask("range", &json!({ "key": key }));
        let stands = read["kvs"][0]["mod_revision"].as_str().unwrap_or("0");
        let compare = json!([{"key": key, "target": "MOD", "result": "EQUAL", "mod_revision": stands}]);
        let put = json!([{"request_put": {"key": key, "value": value}}]);
        let done = ask("txn", &json!({"compare": compare, "success": put}));
        if done["succeeded"] == true {
            measured.commits.push(micros(began));
        } else {
            measured.refused += 1;
        }
    }
    measured
}

fn cell(cluster: &Cluster, kind: &str, profiles: u64, clients: u64) -> Vec<Measured> {
    let prefix = format!("cost-{profiles}-{clients}");
    let first = Machine::new(cluster, &format!("{prefix}-first"), &prefix);
    first.builder().profile(Profile::new("first").unwrap()).open().unwrap().set("minimax", secret("mm-1")).unwrap();
    let start = epoch_micros() + 1_000_000 + clients * 20_000;
    // Beside the writers one machine reads.
    let reader = (kind == "latch").then_some("reader");
    let running: Vec<Child> = (0..clients)
        .map(|client| (kind, client))
        .chain(reader.map(|reader| (reader, clients)))
        .map(|(kind, client)| {
            let machine = Machine::new(cluster, &format!("{prefix}-{client}"), &prefix).with_key_of(&first);
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "cost::a_client_of_a_cell", "--nocapture", "--test-threads=1"]);
            command.env(PART, format!("{kind} {profiles} {client} {start}")).env(URL, cluster.url(&prefix));
            command.env(HOME, machine.home).stdin(Stdio::null()).stdout(Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    running
        .into_iter()
        .map(|mut child| {
            // All of it, or the child writes its last words to nobody.
            let lines: Vec<_> = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok).collect();
            let line = lines.iter().find_map(|line| Some(line.strip_prefix("measured ")?.to_owned()));
            assert!(child.wait().unwrap().success());
            let line = line.unwrap();
            let parts: Vec<&str> = line.split(';').collect();
            let list = |text: &str| text.split(',').filter_map(|word| word.parse().ok()).collect();
            Measured { commits: list(parts[0]), seen: list(parts[1]), refused: parts[2].parse().unwrap() }
        })
        .collect()
}

/// The value that so many of a hundred are below, in milliseconds.
fn quantile(micros: &mut [u64], of_hundred: usize) -> String {
    micros.sort_unstable();
    let at = (micros.len() * of_hundred / 100).min(micros.len().saturating_sub(1));
    micros.get(at).map_or_else(|| "–".to_owned(), |micros| format!("{}.{}", micros / 1000, micros / 100 % 10))
}

#[test]
#[ignore = "a table of what commits cost, in three minutes: cargo test --release -p credlatch --all-features --test etcd -- --ignored --nocapture cost"]
fn what_commits_cost_as_they_grow() {
    // One that makes each commit durable, as people run it.
    let Some(cluster) = Cluster::with(3, &[]) else { return };
    let mut table = String::from(
        "| profiles | clients | commits/s | median ms | p99 ms | seen elsewhere, median ms | bare: commits/s | median ms | p99 ms | refused |\n\
         |--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
    );
    for profiles in [1, 10, 100, 1000] {
        for clients in [1, 10, 50] {
            let mut row = format!("| {profiles} | {clients} |");
            for kind in ["latch", "bare"] {
                let cells = cell(&cluster, kind, profiles, clients);
                let mut commits: Vec<u64> = cells.iter().flat_map(|cell| cell.commits.clone()).collect();
                let mut seen: Vec<u64> = cells.iter().flat_map(|cell| cell.seen.clone()).collect();
                assert!(!commits.is_empty(), "nothing was committed");
                let rate = commits.len() as u64 / MEASURED.as_secs();
                let _ = write!(row, " {rate} | {} | {} |", quantile(&mut commits, 50), quantile(&mut commits, 99));
                if kind == "latch" {
                    let _ = write!(row, " {} |", quantile(&mut seen, 50));
                } else {
                    let _ = write!(row, " {} |", cells.iter().map(|cell| cell.refused).sum::<u64>());
                }
            }
            println!("{row}");
            table.push_str(&row);
            table.push('\n');
        }
    }
    println!("{table}");
}
