//! The newest commit put back, where somebody else has put something over it: never an older one, and no roll-back goes unnoticed.

use std::time::Duration;

use credlatch::{ErrorKind, Label, Tokens};
use credlatch_sandbox::Sandbox;

use crate::cluster::Cluster;
use crate::machine::{Machine, secret};

fn current(machine: &Machine) -> Result<String, ErrorKind> {
    machine.open().current("minimax").map(|own| own.expose_secret().to_owned()).map_err(|error| error.kind())
}

fn put(cluster: &Cluster, key: &str, value: &str) {
    cluster.etcdctl(&["put", key, "--", value]).or_else(|| cluster.etcdctl(&["put", key, value])).unwrap();
}

fn stands(cluster: &Cluster, key: &str) -> String {
    let value = cluster.etcdctl(&["get", "--print-value-only", key]).unwrap();
    format!("{}\n", value.trim_end_matches('\n'))
}

#[test]
fn whatever_was_put_over_it_the_newest_commit_comes_back_and_no_older_one() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (one, key) = (Machine::new(&cluster, "one", "over"), "over/profiles/default");
    one.open().set("minimax", secret("mm-1")).unwrap();
    let first = stands(&cluster, key);
    let over: [&[&str]; 5] = [&["hello"], &[&first], &["hello", &first, ""], &["credlatch-etcd 1 reserved\n"], &["{}"]];
    for (at, values) in over.iter().enumerate() {
        let newest = format!("mm-{}", at + 2);
        one.open().set("minimax", secret(&newest)).unwrap();
        assert!(!one.builder().recover().unwrap(), "nothing is to be put back");
        let good = stands(&cluster, key);
        for value in *values {
            put(&cluster, key, value);
        }
        let unreadable = one.open().current("minimax").unwrap_err();
        assert_eq!(unreadable.kind(), ErrorKind::Unreadable, "{values:?}");
        assert!(unreadable.remedy().contains("credlatch recover"), "{values:?}: {}", unreadable.remedy());
        // What etcdctl brings back is no commit: each is bound to its version.
        put(&cluster, key, &good);
        assert_eq!(current(&one), Err(ErrorKind::Unreadable), "{values:?}");
        assert!(one.builder().recover().unwrap(), "{values:?}");
        assert_eq!(current(&one).as_deref(), Ok(newest.as_str()), "{values:?}");
    }
    one.open().set("minimax", secret("mm-last")).unwrap();
    assert_eq!(current(&one).as_deref(), Ok("mm-last"));
}

#[test]
fn what_is_not_known_to_be_the_newest_is_not_gone_back_to() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (one, key) = (Machine::new(&cluster, "one", "lost"), "lost/profiles/default");
    one.open().set("minimax", secret("mm-1")).unwrap();
    // A newer program's commit, and what can't be opened here, may be the newest.
    put(&cluster, key, "credlatch-etcd 2 something new\n");
    let newer = one.builder().recover().unwrap_err();
    assert!(newer.to_string().contains("newer version"), "{newer}");
    put(&cluster, key, "hello");
    assert!(one.builder().recover().unwrap_err().to_string().contains("newer version"));
    cluster.etcdctl(&["del", key]).unwrap();
    assert!(one.builder().recover().unwrap_err().to_string().contains("newer version"));
    one.builder().adopt_copy().unwrap();
    one.open().set("minimax", secret("mm-2")).unwrap();
    put(&cluster, key, "hello");
    let stranger = Machine::new(&cluster, "stranger", "elsewhere");
    stranger.open().set("minimax", secret("mm-x")).unwrap();
    let wrong = Machine::new(&cluster, "wrong", "lost").with_key_of(&stranger);
    assert_eq!(wrong.builder().recover().unwrap_err().kind(), ErrorKind::Sealed);
    compact(&cluster, key);
    let compacted = one.builder().recover().unwrap_err();
    assert_eq!(compacted.kind(), ErrorKind::Unreadable, "{compacted}");
    assert!(compacted.to_string().contains("compacted"), "{compacted}");
    assert_eq!(stands(&cluster, key), "hello\n", "something was put over what somebody may want to look at");
}

/// A machine whose login of the sandbox has ended.
fn with_login(cluster: &Cluster, sandbox: &Sandbox, prefix: &str) -> Machine {
    let one = Machine::new(cluster, "one", prefix).knowing(sandbox.provider_row("acme"));
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(Duration::ZERO);
    assert!(one.open().set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    one
}

#[test]
fn a_copy_and_a_roll_back_are_noticed_after_it_as_before() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (sandbox, key) = (Sandbox::start().unwrap(), "copied/profiles/default");
    let one = with_login(&cluster, &sandbox, "copied");
    put(&cluster, key, "hello");
    let restored = cluster.restore();
    let copy = Machine::new(&restored, "copy", "copied").knowing(sandbox.provider_row("acme")).with_key_of(&one);
    assert!(copy.builder().recover().unwrap());
    let refused = copy.open().token("acme").unwrap_err();
    assert!(refused.to_string().contains("cop"), "{refused}: {}", refused.remedy());
    assert!(one.builder().recover().unwrap());
    assert!(sandbox.accepts(one.open().token("acme").unwrap().expose_secret()), "the original goes on");

    let mut cluster = cluster;
    let one = with_login(&cluster, &sandbox, "back");
    put(&cluster, "back/profiles/default", "hello");
    let (data, backup) = (cluster.data(0), cluster.data(1));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let _ = std::fs::remove_dir_all(to);
        assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    cluster.kill(0);
    copy(&data, &backup);
    cluster.run(0);
    cluster.await_leader();
    assert!(one.builder().recover().unwrap());
    let renewals = sandbox.stats().refresh_requests;
    assert!(sandbox.accepts(one.open().token("acme").unwrap().expose_secret()));
    cluster.kill(0);
    copy(&backup, &data);
    cluster.run(0);
    cluster.await_leader();
    assert!(one.builder().recover().unwrap());
    let refused = one.open().token("acme").unwrap_err();
    assert!(refused.to_string().contains("rolled back"), "{refused}: {}", refused.remedy());
    assert_eq!((sandbox.stats().refresh_requests, sandbox.stats().replays), (renewals + 1, 0));
}

#[test]
fn where_nothing_stands_that_is_said_and_not_that_all_is_well() {
    let Some(cluster) = Cluster::start(1) else { return };
    let machine = Machine::new(&cluster, "one", "x");
    let error = machine.builder().recover().unwrap_err();
    assert!(error.to_string().contains("nothing stands where"), "{error}");
    machine.open().set("minimax", secret("mm-1")).unwrap();
    assert!(!machine.builder().recover().unwrap());
}

fn compact(cluster: &Cluster, key: &str) {
    let read = cluster.etcdctl(&["get", key, "-w", "json"]).unwrap();
    let read: serde_json::Value = serde_json::from_str(&read).unwrap();
    cluster.etcdctl(&["compact", &read["header"]["revision"].to_string()]).unwrap();
}

#[test]
fn a_profile_that_somebody_took_away_is_no_empty_one_and_comes_back() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (one, key) = (Machine::new(&cluster, "one", "away"), "away/profiles/default");
    let other = |name| Machine::new(&cluster, name, "away").with_key_of(&one);
    one.open().set("minimax", secret("mm-1")).unwrap();
    one.open().set("minimax", secret("mm-2")).unwrap();
    let (running, reader) = (one.open(), other("reader"));
    assert_eq!(current(&reader).as_deref(), Ok("mm-2"));
    assert!(running.current("minimax").is_ok());
    cluster.etcdctl(&["del", key]).unwrap();
    for machine in [&one, &reader] {
        let gone = machine.open().current("minimax").unwrap_err();
        assert!(gone.kind() == ErrorKind::Unreadable && gone.to_string().contains("taken away"), "{gone}");
        assert!(gone.remedy().contains("credlatch recover"), "{}", gone.remedy());
        assert!(gone.remedy().contains("credlatch adopt"), "{}", gone.remedy());
        assert_eq!(machine.open().status().err().map(|error| error.kind()), Some(ErrorKind::Unreadable));
        let set = machine.open().set("minimax", secret("mm-x")).unwrap_err();
        assert_eq!(set.kind(), ErrorKind::Unreadable, "{set}");
    }
    let set = running.set("minimax", secret("mm-x")).unwrap_err();
    assert_eq!(set.kind(), ErrorKind::Unreadable, "{set}");
    assert_eq!(stands(&cluster, key), "\n", "something was put where what was taken away may come back");
    assert_eq!(current(&other("new")), Err(ErrorKind::NoCredential), "who never saw it knows of nothing");
    // Whatever was there in between is passed over.
    put(&cluster, key, "hello");
    cluster.etcdctl(&["del", key]).unwrap();
    assert!(reader.builder().recover().unwrap());
    assert_eq!(current(&one).as_deref(), Ok("mm-2"));
    one.open().set("minimax", secret("mm-3")).unwrap();
    cluster.etcdctl(&["del", key]).unwrap();
    put(&cluster, key, "credlatch-etcd 1 reserved\n");
    assert!(one.builder().recover().unwrap(), "who recovered was stopped on the way");
    assert_eq!(current(&reader).as_deref(), Ok("mm-3"));
}

#[test]
fn who_began_anew_or_emptied_a_profile_is_told_nothing() {
    let Some(cluster) = Cluster::start(1) else { return };
    let (one, key) = (Machine::new(&cluster, "one", "anew"), "anew/profiles/default");
    one.open().set("minimax", secret("mm-1")).unwrap();
    drop(one.open().clear_all().unwrap());
    assert_eq!(current(&one), Err(ErrorKind::NoCredential));
    cluster.etcdctl(&["del", key]).unwrap();
    compact(&cluster, key);
    let forgotten = one.builder().recover().unwrap_err();
    assert!(forgotten.to_string().contains("forgotten"), "{forgotten}");
    one.builder().adopt_copy().unwrap();
    assert_eq!(current(&one), Err(ErrorKind::NoCredential));
    assert!(!one.builder().recover().unwrap(), "what was begun anew is the newest commit");
    one.open().set("minimax", secret("mm-2")).unwrap();
    assert_eq!(current(&one).as_deref(), Ok("mm-2"));
}
