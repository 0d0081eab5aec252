//! What people are told when etcd is away, refuses, or is something else.

use std::time::{Duration, Instant};

use credlatch::etcd::Etcd;
use credlatch::store::{Commit, CommitError, CommitId, SecretBytes, StoreErrorKind, StoreHome};
use credlatch::{Error, ErrorKind};
use rustix::process::Signal;

use crate::cluster::Cluster;
use crate::machine::{Machine, notices, secret};

/// Longer than the patience of a test's latch, and what a commit may take beyond it.
const DEADLINE: Duration = Duration::from_secs(25);

#[track_caller]
pub(crate) fn set(machine: &Machine) -> Result<(), Error> {
    let began = Instant::now();
    let set = machine.open().set("minimax", secret("mm-1")).map(drop);
    assert!(began.elapsed() < DEADLINE, "it took {:?}", began.elapsed());
    set
}

#[track_caller]
pub(crate) fn assert_refused(machine: &Machine, kind: ErrorKind, says: &str) {
    let error = set(machine).unwrap_err();
    assert_eq!(error.kind(), kind, "{error}");
    let said = format!("{error}: {}", error.remedy());
    assert!(said.contains(says), "{said:?} doesn't say {says:?}");
}

fn at(cluster: &Cluster, name: &str, etcd: Etcd) -> Machine {
    Machine::at(cluster.machine(name), etcd)
}

#[test]
fn where_nothing_listens_or_something_else_does_it_is_told_as_that() {
    let folder = tempfile::tempdir().unwrap();
    let machine = |port: u16| {
        let etcd = Etcd::new(&format!("etcd+http://127.0.0.1:{port}/x")).unwrap();
        Machine::at(folder.path().join(port.to_string()), etcd)
    };
    // No system gives this port to whoever asks for a free one, as it would give one that was free a moment ago.
    assert_refused(&machine(1), ErrorKind::Unreachable, "can't be reached");
    let sandbox = credlatch_sandbox::Sandbox::start().unwrap();
    let port = sandbox.url().rsplit_once(':').unwrap().1.parse().unwrap();
    assert_refused(&machine(port), ErrorKind::Other, "etcd");
    let unknown = Machine::at(folder.path().join("unknown"), Etcd::new("etcd+https://etcd.invalid/x").unwrap());
    assert_refused(&unknown, ErrorKind::Unreachable, "etcd.invalid");
}

#[test]
fn an_etcd_whose_gateway_is_off_is_told_as_that() {
    let Some(cluster) = Cluster::with(1, &["--enable-grpc-gateway=false"]) else { return };
    assert_refused(&Machine::new(&cluster, "one", "x"), ErrorKind::Other, "--enable-grpc-gateway");
}

#[test]
fn a_profile_that_etcd_would_not_take_is_refused_before_it_is_sent() {
    let Some(cluster) = Cluster::start(1) else { return };
    let home = cluster.etcd("large").at_home(&cluster.machine("one")).unwrap().of_any_commits();
    let store = home.store(&credlatch::Profile::default()).unwrap();
    let commit = |replaces: Option<u64>, id: u64, bytes: usize| {
        let (document, replaces) = (SecretBytes::from(vec![b'x'; bytes]), replaces.and_then(CommitId::new));
        let mut locked = store.lock(Duration::from_secs(1)).unwrap();
        locked.commit(&Commit::new(replaces, CommitId::new(id).unwrap(), &document))
    };
    commit(None, 2, 3 * 512 * 1024 - 8192).expect("as large as etcd takes");
    let Err(CommitError::NotSaved(refused)) = commit(Some(2), 4, 3 * 512 * 1024) else { panic!("it was sent") };
    assert_eq!(refused.kind, StoreErrorKind::Full);
    assert!(refused.what.contains("one request"), "{}", refused.what);
    assert_eq!(store.read().unwrap().unwrap().id.get(), 2);
}

#[test]
fn an_etcd_that_is_full_is_told_as_that_and_reads_go_on() {
    let Some(cluster) = Cluster::with(1, &["--quota-backend-bytes", "2000000"]) else { return };
    let machine = Machine::new(&cluster, "one", "full");
    set(&machine).unwrap();
    let large = "x".repeat(100_000);
    while cluster.etcdctl(&["put", "other", &large]).is_some() {}
    let error = machine.open().set("minimax", secret("mm-2")).unwrap_err();
    assert!(error.kind() == ErrorKind::Other && error.to_string().contains("quota"), "{error}");
    assert_eq!(machine.open().current("minimax").unwrap().expose_secret(), "mm-1");
}

#[test]
fn who_is_not_known_or_may_not_is_told_which_and_a_token_that_etcd_forgot_is_asked_for_again() {
    let Some(cluster) = Cluster::with(1, &["--auth-token-ttl", "2"]) else { return };
    for words in [
        "user add root:r00t",
        "user add agents:s3same",
        "role add team",
        "role grant-permission team readwrite --prefix=true team/",
        "user grant-role root root",
        "user grant-role agents team",
        "auth enable",
    ] {
        let words: Vec<_> = words.split(' ').collect();
        cluster.etcdctl(&words).unwrap_or_else(|| panic!("{words:?} failed"));
    }
    let as_user = |prefix: &str, user: &str| cluster.etcd(prefix).user(user).unwrap();
    assert_refused(&at(&cluster, "nobody", cluster.etcd("team")), ErrorKind::Unreadable, "CREDLATCH_ETCD_USER");
    assert_refused(&at(&cluster, "wrong", as_user("team", "agents:other")), ErrorKind::Unreadable, "password");
    assert_refused(&at(&cluster, "prefix", as_user("elsewhere", "agents:s3same")), ErrorKind::Unreadable, "prefix");
    let known = at(&cluster, "known", as_user("team", "agents:s3same"));
    set(&known).unwrap();
    let latch = known.open();
    latch.set("minimax", secret("mm-2")).unwrap();
    std::thread::sleep(Duration::from_secs(4));
    latch.set("minimax", secret("mm-3")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-3");
}

#[test]
fn without_a_quorum_reads_go_on_and_changes_end_in_time_and_all_recovers_without_help() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let machine = Machine::new(&cluster, "one", "quorum");
    set(&machine).unwrap();
    let latch = machine.open();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-1");
    cluster.kill(0);
    latch.set("minimax", secret("mm-2")).expect("two of three are enough");
    cluster.kill(1);
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-2");
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-2");
    let began = Instant::now();
    let error = latch.set("minimax", secret("mm-3")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(began.elapsed() < DEADLINE, "{:?}", began.elapsed());
    assert!(!notices("may be old").is_empty());
    cluster.run(1);
    cluster.run(0);
    cluster.await_leader();
    latch.set("minimax", secret("mm-4")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-4");
}

#[test]
fn a_leader_that_is_stopped_costs_a_moment_and_no_commit() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let latch = Machine::new(&cluster, "one", "stopped").open();
    latch.set("minimax", secret("mm-0")).unwrap();
    for at in 0..3 {
        cluster.signal(at, Signal::STOP);
        let text = format!("mm-{}", at + 1);
        let set = latch.set("minimax", secret(&text));
        let stands = latch.current("minimax").unwrap().expose_secret().to_owned();
        match set {
            Ok(()) => assert_eq!(stands, text),
            Err(error) => assert!(matches!(error.kind(), ErrorKind::Unreachable | ErrorKind::Busy), "{error}"),
        }
        cluster.signal(at, Signal::CONT);
        cluster.await_leader();
    }
    latch.set("minimax", secret("mm-last")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-last");
}

#[test]
fn what_was_to_be_watched_from_may_be_compacted_away() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "compacted");
    let latch = one.open();
    latch.set("minimax", secret("mm-1")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-1");
    cluster.signal(0, Signal::STOP);
    std::thread::sleep(Duration::from_millis(200));
    cluster.signal(0, Signal::CONT);
    for number in 0..20 {
        cluster.etcdctl(&["put", "other", &number.to_string()]).unwrap();
    }
    let status = cluster.etcdctl(&["get", "other", "-w", "json"]).unwrap();
    let status: serde_json::Value = serde_json::from_str(&status).unwrap();
    cluster.etcdctl(&["compact", &status["header"]["revision"].to_string()]).unwrap();
    latch.set("minimax", secret("mm-2")).unwrap();
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-2");
}
