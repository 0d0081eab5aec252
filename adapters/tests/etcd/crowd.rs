//! Crowds of processes that stand for machines, each with its own home, while members of the cluster are killed, stopped and started
//! again, one machine is behind a network that drops, delays and resets, and clocks are an hour off: one exchange for each expiry, no
//! replay at a strict issuer, no commit lost.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credlatch::core::port::Clock;
use credlatch::core::provider::Provider;
use credlatch::core::time::Stamp;
use credlatch::etcd::Etcd;
use credlatch::system::SystemClock;
use credlatch::{ErrorKind, Label, Latch, Tokens};
use credlatch_sandbox::Sandbox;
use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::machine::{Machine, secret};
use crate::proxy::{Mood, Proxy};

const URL: &str = "CROWD_ETCD";
const HOME: &str = "CROWD_HOME";
const ROW: &str = "CROWD_ROW";
const SECONDS: &str = "CROWD_SECONDS";
/// How far its clock is ahead, in milliseconds.
const AHEAD: &str = "CROWD_AHEAD";
/// What a machine's network does to it, one after the other, and how long each.
const MOODS: [Mood; 8] = [
    Mood::Passes,
    Mood::Delays,
    Mood::Passes,
    Mood::Drops,
    Mood::Passes,
    Mood::DropsAnswers,
    Mood::Passes,
    Mood::Resets,
];
const MOOD: Duration = Duration::from_millis(400);
const THREADS: usize = 4;
const LIFETIME: Duration = Duration::from_secs(4);

/// What one machine has seen.
#[derive(Debug, Default)]
struct Count {
    tokens: u64,
    commits: u64,
    unknown: u64,
    refused: u64,
    /// The last number that was acknowledged, and whether a later one may stand.
    last: u64,
    tried: u64,
}

impl Count {
    fn line(&self) -> String {
        let Self { tokens, commits, unknown, refused, last, tried } = self;
        format!("counted {tokens} {commits} {unknown} {refused} {last} {tried}")
    }

    fn parse(line: &str) -> Option<Self> {
        let numbers: Vec<u64> = line.split_once("counted ")?.1.split(' ').map(|word| word.parse().unwrap()).collect();
        let [tokens, commits, unknown, refused, last, tried] = numbers[..] else { return None };
        Some(Self { tokens, commits, unknown, refused, last, tried })
    }
}

/// A machine's clock that is wrong by so much.
struct Wrong(i64);

impl Clock for Wrong {
    fn now(&self) -> Stamp {
        let now = SystemClock.now();
        Stamp { wall_ms: now.wall_ms.saturating_add_signed(self.0), ..now }
    }

    fn pause(&self, ms: u64) {
        SystemClock.pause(ms);
    }
}

/// What each process of a crowd does; by itself it does nothing.
#[test]
fn a_machine_of_a_crowd() {
    let var = |name| std::env::var(name).ok();
    let (Some(url), Some(home), Some(row), Some(seconds)) = (var(URL), var(HOME), var(ROW), var(SECONDS)) else {
        return;
    };
    let row: Provider = serde_json::from_str(&row).unwrap();
    let home = PathBuf::from(home);
    let label = Label::new(home.file_name().unwrap().to_str().unwrap()).unwrap();
    let ahead = var(AHEAD).map_or(0, |ahead| ahead.parse().unwrap());
    let builder = Machine::at(home, Etcd::new(&url).unwrap()).knowing(row).builder();
    let latch = builder.clock(Wrong(ahead)).open().unwrap();
    let until = Instant::now() + Duration::from_secs(seconds.parse().unwrap());
    let count = Mutex::new(Count::default());
    std::thread::scope(|scope| {
        for _ in 1..THREADS {
            scope.spawn(|| use_tokens(&latch, until, &count));
        }
        scope.spawn(|| change(&latch, &label, until, &count));
    });
    println!("\n{}", count.into_inner().unwrap().line());
}

fn use_tokens(latch: &Latch, until: Instant, count: &Mutex<Count>) {
    while Instant::now() < until {
        match latch.token("acme") {
            Ok(_) => count.lock().unwrap().tokens += 1,
            Err(error) if is_passing(error.kind()) => count.lock().unwrap().refused += 1,
            Err(error) => panic!("a token was refused: {error}: {}", error.remedy()),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Busy | ErrorKind::Unreachable)
}

/// Stores one number after another under its own label.
fn change(latch: &Latch, label: &Label, until: Instant, count: &Mutex<Count>) {
    let mut next = 1;
    while Instant::now() < until {
        count.lock().unwrap().tried = next;
        let set = latch.set_as("minimax", label, secret(&format!("mm-{next}")));
        let mut count = count.lock().unwrap();
        match set {
            Ok(()) => {
                count.commits += 1;
                count.last = next;
            }
            Err(error) if is_passing(error.kind()) => count.unknown += 1,
            Err(error) => panic!("a change was refused: {error}: {}", error.remedy()),
        }
        drop(count);
        next += 1;
        std::thread::sleep(Duration::from_millis(200));
    }
}

struct Running {
    child: Child,
    name: String,
}

fn start(url: &str, home: &Path, row: &Provider, seconds: u64, ahead: i64) -> Running {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "crowd::a_machine_of_a_crowd", "--nocapture", "--test-threads=1"]);
    command.env(URL, url).env(HOME, home).env(ROW, serde_json::to_string(row).unwrap());
    command.env(SECONDS, seconds.to_string()).env(AHEAD, ahead.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
    let name = home.file_name().unwrap().to_str().unwrap().to_owned();
    Running { child: command.spawn().unwrap(), name }
}

/// Runs a crowd of so many machines for so long, while `trouble` has its way with the cluster, and looks at what came of it. The first
/// machines' clocks are so far ahead, and the last machine's network is bad.
fn crowd(machines: usize, seconds: u64, ahead: &[i64], trouble: impl FnOnce(&mut Cluster, Instant)) {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let sandbox = Sandbox::start().unwrap();
    sandbox.adjust(|settings| {
        settings.token_lifetime = LIFETIME;
        settings.answer_delay = Duration::from_millis(50);
    });
    let mut row = sandbox.provider_row("acme");
    row.oauth.as_mut().unwrap().refresh_skew_secs = 1;
    row.oauth.as_mut().unwrap().http_timeout_secs = 5;
    let first = Machine::new(&cluster, "first", "crowd").knowing(row.clone());
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(LIFETIME);
    assert!(first.open().set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    let (url, proxies) = (cluster.url("crowd"), (0..cluster.size()).map(|at| Proxy::before(cluster.address(at))));
    let proxies: Vec<_> = proxies.collect();
    let behind = format!("etcd+http://{}/crowd", proxies.iter().map(Proxy::address).collect::<Vec<_>>().join(","));
    let running: Vec<_> = (0..machines)
        .map(|at| {
            let machine = Machine::new(&cluster, &format!("m{at}"), "crowd").with_key_of(&first);
            let url = if at + 1 == machines { &behind } else { &url };
            start(url, &machine.home, &row, seconds, ahead.get(at).copied().unwrap_or(0))
        })
        .collect();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for mood in MOODS.iter().cycle().take_while(|_| !is_over.load(Ordering::Relaxed)) {
                for proxy in &proxies {
                    proxy.is_in(*mood);
                }
                std::thread::sleep(MOOD);
            }
            for proxy in &proxies {
                proxy.is_in(Mood::Passes);
            }
        });
        trouble(&mut cluster, Instant::now() + Duration::from_secs(seconds));
        is_over.store(true, Ordering::Relaxed);
    });
    let counts: Vec<_> = running
        .into_iter()
        .map(|mut running| {
            let lines = BufReader::new(running.child.stdout.take().unwrap()).lines();
            let found = lines.map_while(Result::ok).filter_map(|line| Count::parse(&line)).last();
            assert!(running.child.wait().unwrap().success(), "{} failed", running.name);
            (running.name, found.expect("each machine says what it saw"))
        })
        .collect();
    cluster.await_leader();
    let sum = |of: fn(&Count) -> u64| counts.iter().map(|(_, count)| of(count)).sum::<u64>();
    let stats = sandbox.stats();
    println!(
        "{machines} machines of {THREADS} threads, {seconds} s: {} tokens, {} refused for a while; {} commits, {} not or unknown; {} exchanges, {} replays",
        sum(|count| count.tokens),
        sum(|count| count.refused),
        sum(|count| count.commits),
        sum(|count| count.unknown),
        stats.exchanges,
        stats.replays,
    );
    assert_eq!((stats.replays, stats.punished), (0, 0), "{stats:?}");
    // No more exchanges than tokens have ended, and not one for each who wanted one.
    let most = (seconds / (LIFETIME.as_secs() - 1) + 3) * (1 + ahead.len() as u64);
    assert!((1..=most).contains(&stats.exchanges), "{} exchanges, {most} at most", stats.exchanges);
    let latch = first.open();
    let stored = latch.status().unwrap();
    for (name, count) in &counts {
        assert!(count.tokens > 0 && count.commits > 0, "{name} got nothing: {count:?}");
        let entry = stored.state.entry("minimax", name).unwrap_or_else(|| panic!("{name}'s entry is lost"));
        let credlatch::core::state::Material::ApiKey(key) = &entry.material else { unreachable!() };
        let stands: u64 = key.expose_secret().strip_prefix("mm-").unwrap().parse().unwrap();
        assert!((count.last..=count.tried).contains(&stands), "{name}: {stands} stands, {count:?}");
    }
    if !ahead.is_empty() {
        // A machine whose clock is ahead says of its tokens that they are good for an hour longer; their issuer's 401 tells.
        let _ = latch.rotate("acme", &Label::default()).unwrap();
    }
    // What the crowd got last may have been long under way to somebody slow; the next one isn't.
    std::thread::sleep(LIFETIME);
    assert!(sandbox.accepts(latch.token("acme").unwrap().expose_secret()));
}

#[test]
fn a_few_machines_share_one_login_while_a_member_is_killed_and_the_leader_is_stopped() {
    crowd(5, 14, &[], |cluster, _| {
        std::thread::sleep(Duration::from_secs(3));
        cluster.kill(0);
        std::thread::sleep(Duration::from_secs(2));
        cluster.run(0);
        std::thread::sleep(Duration::from_secs(2));
        for at in 0..3 {
            cluster.signal(at, Signal::STOP);
            std::thread::sleep(Duration::from_millis(1500));
            cluster.signal(at, Signal::CONT);
            std::thread::sleep(Duration::from_millis(300));
        }
    });
}

#[test]
fn machines_whose_clocks_are_an_hour_off_renew_too_often_and_cost_nobody_the_login() {
    crowd(5, 10, &[3_600_000, -3_600_000], |_, until| {
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
    });
}

#[test]
#[ignore = "fifty processes for a minute: CREDLATCH_CROWD=50 cargo test -p credlatch --all-features --test etcd -- --ignored --nocapture crowd"]
fn fifty_machines_share_one_login_while_members_are_killed_one_after_another() {
    let machines = std::env::var("CREDLATCH_CROWD").ok().and_then(|text| text.parse().ok()).unwrap_or(50);
    crowd(machines, 60, &[3_600_000], |cluster, until| {
        for at in (0..3).cycle() {
            if Instant::now() + Duration::from_secs(12) > until {
                break;
            }
            cluster.kill(at);
            std::thread::sleep(Duration::from_secs(4));
            cluster.run(at);
            cluster.await_leader();
            cluster.signal((at + 1) % 3, Signal::STOP);
            std::thread::sleep(Duration::from_secs(2));
            cluster.signal((at + 1) % 3, Signal::CONT);
            cluster.await_leader();
        }
        std::thread::sleep(until.saturating_duration_since(Instant::now()));
    });
}
