//! What latches of several machines make of one store in etcd.

use std::time::{Duration, Instant};

use credlatch::core::port::Clock;
use credlatch::core::time::Stamp;
use credlatch::system::SystemClock;
use credlatch::{ErrorKind, Label, Latch, Profile, SealKeySource, Tokens};
use credlatch_sandbox::Sandbox;

use crate::cluster::Cluster;
use crate::machine::{Machine, notices, secret};

/// How old what a machine reads may be, and a moment.
const STALENESS: Duration = Duration::from_secs(3);

#[track_caller]
fn soon(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < STALENESS, "{what}: not after {STALENESS:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn current(latch: &Latch) -> Result<String, ErrorKind> {
    latch.current("minimax").map(|credential| credential.expose_secret().to_owned()).map_err(|error| error.kind())
}

#[test]
fn machines_with_one_key_see_each_others_commits() {
    let Some(cluster) = Cluster::start(3) else { return };
    let one = Machine::new(&cluster, "one", "team");
    let first = one.open();
    assert_eq!(current(&first), Err(ErrorKind::NoCredential));
    assert!(!one.key().exists(), "nothing is made before the first change");
    first.set("minimax", secret("mm-1")).unwrap();
    // Another process of the same machine, and another machine: what each process knows is its own, so this one starts them.
    let other = Machine::new(&cluster, "other", "team").with_key_of(&one);
    let second = other.open();
    assert_eq!(current(&second).as_deref(), Ok("mm-1"));
    second.set("minimax", secret("mm-2")).unwrap();
    soon("a change", || current(&first).as_deref() == Ok("mm-2"));
    assert!(first.clear("minimax").unwrap().drain(STALENESS).is_ok());
    soon("a clear", || current(&second) == Err(ErrorKind::NoCredential));
    let names = other.builder().profiles().unwrap().list().unwrap();
    assert_eq!(names, [Profile::default()]);
}

#[test]
fn the_first_change_makes_the_key_once_and_nobody_without_it_reads_or_changes_anything() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "sealing");
    one.open().set("minimax", secret("mm-sealed")).unwrap();
    let notices = notices("prefix sealing");
    assert!(notices.iter().any(|notice| notice.what.contains("seal.key")), "{notices:?}");
    let stored = cluster.etcdctl(&["get", "--prefix", "sealing/"]).unwrap();
    assert!(stored.contains("sealing/profiles/default") && !stored.contains("mm-sealed"), "{stored}");

    let other = Machine::new(&cluster, "other", "sealing");
    for (latch, profile) in
        [(other.open(), "the same"), (other.builder().profile(Profile::new("new").unwrap()).open().unwrap(), "a new")]
    {
        let set = latch.set("minimax", secret("mm-other")).unwrap_err();
        assert_eq!(set.kind(), ErrorKind::Sealed, "{profile}: {set}");
    }
    assert_eq!(current(&other.open()), Err(ErrorKind::Sealed));
    assert!(!other.key().exists(), "a second key is made for a prefix that has one");
    // Another key is told as that, for a new profile too.
    let stranger = Machine::new(&cluster, "stranger", "elsewhere");
    stranger.open().set("minimax", secret("mm-x")).unwrap();
    let wrong = Machine::new(&cluster, "wrong", "sealing").with_key_of(&stranger);
    assert_eq!(current(&wrong.open()), Err(ErrorKind::Sealed));
    let new = wrong.builder().profile(Profile::new("new").unwrap()).open().unwrap();
    assert_eq!(new.set("minimax", secret("mm-y")).unwrap_err().kind(), ErrorKind::Sealed);
    assert_eq!(stored, cluster.etcdctl(&["get", "--prefix", "sealing/"]).unwrap(), "something was changed");
    assert_eq!(current(&one.open()).as_deref(), Ok("mm-sealed"));
}

#[test]
fn after_a_rekey_the_old_key_opens_nothing_and_the_new_one_everything() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "rekeyed");
    let names = ["default", "work"].map(|name| Profile::new(name).unwrap());
    let of = |machine: &Machine, profile: &Profile| machine.builder().profile(profile.clone()).open().unwrap();
    for profile in &names {
        of(&one, profile).set("minimax", secret("mm-1")).unwrap();
    }
    let key = cluster.machine("keys").join("new.key");
    let new = SealKeySource::file(&key);
    assert_eq!(one.builder().rekey(&new).unwrap(), names);
    assert_eq!(one.builder().rekey(&new).unwrap(), [], "the same again changes nothing");
    let other = Machine::new(&cluster, "other", "rekeyed").with_key_of(&one);
    for profile in &names {
        assert_eq!(current(&of(&other, profile)), Err(ErrorKind::Sealed), "{profile}");
        assert_eq!(of(&other, profile).set("minimax", secret("mm-2")).unwrap_err().kind(), ErrorKind::Sealed);
    }
    let fresh = of(&other, &Profile::new("fresh").unwrap());
    assert_eq!(fresh.set("minimax", secret("mm-2")).unwrap_err().kind(), ErrorKind::Sealed);
    for machine in [&one, &other] {
        std::fs::copy(&key, machine.key()).unwrap();
    }
    for profile in &names {
        assert_eq!(current(&of(&other, profile)).as_deref(), Ok("mm-1"), "{profile}");
        of(&one, profile).set("minimax", secret("mm-3")).unwrap();
    }
    of(&other, &Profile::new("fresh").unwrap()).set("minimax", secret("mm-2")).unwrap();
    assert_eq!(one.builder().rekey(&new).unwrap(), [], "nothing is left to change");
    assert_eq!(one.builder().unseal().unwrap_err().kind(), ErrorKind::Usage);
    assert_eq!(one.builder().seal(&new).unwrap_err().kind(), ErrorKind::Usage);
}

#[test]
fn what_is_put_back_moved_or_written_by_others_is_never_taken_for_what_was_committed() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "bound");
    let latch = one.open();
    let other = one.builder().profile(Profile::new("other").unwrap()).open().unwrap();
    let key = "bound/profiles/default";
    let stands = |key: &str| cluster.etcdctl(&["get", "--print-value-only", key]).unwrap();
    latch.set("minimax", secret("mm-1")).unwrap();
    let first = stands(key);
    latch.set("minimax", secret("mm-2")).unwrap();
    other.set("minimax", secret("mm-other")).unwrap();
    let second = stands("bound/profiles/other");
    let newer = "credlatch-etcd 2 something new\n";
    for (what, value, kind) in [
        ("an earlier value", first.trim_end_matches('\n'), ErrorKind::Unreadable),
        ("another profile's", second.trim_end_matches('\n'), ErrorKind::Unreadable),
        ("somebody else's", "hello", ErrorKind::Unreadable),
        ("a newer program's", newer, ErrorKind::Unreadable),
    ] {
        let good = stands(key);
        cluster.etcdctl(&["put", key, "--", value]).or_else(|| cluster.etcdctl(&["put", key, value])).unwrap();
        let fresh = Machine::new(&cluster, &format!("fresh-{}", value.len()), "bound").with_key_of(&one).open();
        assert_eq!(current(&fresh), Err(kind), "{what}");
        let set = fresh.set("minimax", secret("mm-3")).unwrap_err();
        assert_eq!(set.kind(), kind, "{what}: {set}");
        assert!(stands(key).starts_with(value), "{what} was overwritten");
        drop(good);
        cluster.etcdctl(&["del", key]).unwrap();
        one.builder().adopt_copy().unwrap();
        latch.set("minimax", secret("mm-2")).unwrap();
    }
    assert_eq!(current(&latch).as_deref(), Ok("mm-2"));
}

#[test]
fn whoever_takes_a_key_away_and_makes_it_anew_brings_no_earlier_value_back() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "anew");
    let (latch, key) = (one.open(), "anew/profiles/default");
    let stands =
        || cluster.etcdctl(&["get", "--print-value-only", key]).unwrap().trim_end_matches('\n').to_owned() + "\n";
    let mut values = Vec::new();
    for number in 1..4 {
        latch.set("minimax", secret(&format!("mm-{number}"))).unwrap();
        values.push(stands());
    }
    let fresh = |name: &str, prefix: &str| Machine::new(&cluster, name, prefix).with_key_of(&one).open();
    // Each as the version that it was, under a key that is new; and under another prefix.
    for (at, value) in values.iter().enumerate() {
        for (name, prefix) in [("same", "anew"), ("other", "another")] {
            let key = format!("{prefix}/profiles/default");
            cluster.etcdctl(&["del", &key]).unwrap();
            for _ in 0..=at {
                cluster.etcdctl(&["put", &key, "junk"]).unwrap();
            }
            cluster.etcdctl(&["put", &key, "--", value]).or_else(|| cluster.etcdctl(&["put", &key, value])).unwrap();
            let latch = fresh(&format!("{name}-{at}"), prefix);
            assert_eq!(current(&latch), Err(ErrorKind::Unreadable), "value {at} in {prefix}");
            assert_eq!(latch.set("minimax", secret("mm-x")).unwrap_err().kind(), ErrorKind::Unreadable);
        }
    }
    // Nor is anything taken that isn't sealed, whether the prefix says so or not.
    let plain = Latch::builder().home(cluster.machine("plain")).claims("").fingerprint_key("").open().unwrap();
    plain.set("minimax", secret("mm-theirs")).unwrap();
    let text = std::fs::read_to_string(cluster.machine("plain").join("profiles/default.json")).unwrap();
    cluster.etcdctl(&["del", "anew/:seal"]).unwrap();
    let id = serde_json::from_str::<serde_json::Value>(&text).unwrap()["id"].clone();
    let id = u64::from_str_radix(id.as_str().unwrap(), 16).unwrap();
    cluster.etcdctl(&["put", key, &format!("credlatch-etcd 1 {id} 0000000000000001\n{text}")]).unwrap();
    assert_eq!(current(&fresh("theirs", "anew")), Err(ErrorKind::Unreadable));
    assert_eq!(fresh("theirs", "anew").set("minimax", secret("mm-x")).unwrap_err().kind(), ErrorKind::Unreadable);
    // What is gone is begun anew by a person's word, which says again with which key.
    cluster.etcdctl(&["del", key]).unwrap();
    assert_eq!(latch.set("minimax", secret("mm-9")).unwrap_err().kind(), ErrorKind::Unreadable);
    one.builder().adopt_copy().unwrap();
    latch.set("minimax", secret("mm-9")).unwrap();
    assert!(cluster.etcdctl(&["get", "anew/:seal"]).unwrap().contains("anew/:seal"));
}

/// A clock of a machine that was started long ago, and not when this one was.
#[derive(Clone, Copy)]
struct LongUp;

impl Clock for LongUp {
    fn now(&self) -> Stamp {
        let now = SystemClock.now();
        Stamp { boot: now.boot ^ 0xffff, up_ms: now.up_ms + 30 * 86_400_000, ..now }
    }

    fn pause(&self, ms: u64) {
        SystemClock.pause(ms);
    }
}

#[test]
fn how_long_a_machine_is_up_says_nothing_of_what_another_one_did() {
    let Some(cluster) = Cluster::start(1) else { return };
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row("acme");
    let one = Machine::new(&cluster, "one", "up").knowing(row.clone());
    let other = Machine::new(&cluster, "other", "up").knowing(row);
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(Duration::from_secs(3600));
    let latch = one.open();
    assert!(latch.set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    let other = other.with_key_of(&one).builder().clock(LongUp).open().unwrap();
    assert_eq!(other.token("acme").unwrap().expose_secret(), access);
    assert_eq!(sandbox.stats().refresh_requests, 0, "a token of another machine is taken for one that has ended");
    let flow = latch.login("acme").unwrap();
    other.set("minimax", secret("mm-1")).unwrap();
    let view = |latch: &Latch| latch.status().unwrap().state.slot("acme").unwrap().flow.is_some();
    assert!(view(&latch) && view(&other), "a login of another machine is taken for one whose time is up");
    assert_eq!(sandbox.stats().device_requests, 1);
    drop(flow);
}

#[test]
fn a_cluster_that_was_restored_is_a_copy_until_a_person_decides() {
    let Some(cluster) = Cluster::start(1) else { return };
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row("acme");
    let one = Machine::new(&cluster, "one", "copied").knowing(row.clone());
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(Duration::ZERO);
    let latch = one.open();
    assert!(latch.set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    latch.set("minimax", secret("mm-1")).unwrap();
    let restored = cluster.restore();
    let other = Machine::new(&restored, "other", "copied").knowing(row).with_key_of(&one);
    let copy = other.open();
    assert_eq!(current(&copy).as_deref(), Ok("mm-1"));
    let refused = copy.token("acme").unwrap_err();
    assert!(refused.to_string().contains("cop"), "{refused}: {}", refused.remedy());
    assert_eq!(sandbox.stats().refresh_requests, 0);
    assert!(sandbox.accepts(latch.token("acme").unwrap().expose_secret()), "the original goes on");
    other.builder().adopt_copy().unwrap();
    // Now it is the original's turn to be spent: the server punishes the copy, and that is what a person decided.
    assert!(copy.token("acme").is_err());
    assert_eq!(sandbox.stats().replays, 1);
}

#[test]
fn a_cluster_that_was_rolled_back_is_noticed_by_whoever_remembers_more() {
    let Some(mut cluster) = Cluster::start(1) else { return };
    let sandbox = Sandbox::start().unwrap();
    let row = sandbox.provider_row("acme");
    let one = Machine::new(&cluster, "one", "back").knowing(row.clone());
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(Duration::ZERO);
    assert!(one.open().set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    cluster.kill(0);
    let (data, backup) = (cluster.data(0), cluster.data(1));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let _ = std::fs::remove_dir_all(to);
        assert!(std::process::Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    };
    copy(&data, &backup);
    cluster.run(0);
    cluster.await_leader();
    assert!(sandbox.accepts(one.open().token("acme").unwrap().expose_secret()));
    // Another machine has only seen that.
    let other = Machine::new(&cluster, "other", "back").knowing(row.clone()).with_key_of(&one);
    assert!(sandbox.accepts(other.open().current("acme").unwrap().expose_secret()));
    cluster.kill(0);
    copy(&backup, &data);
    cluster.run(0);
    cluster.await_leader();
    for machine in [&other, &one] {
        let refused = machine.open().token("acme").unwrap_err();
        assert!(refused.to_string().contains("rolled back"), "{refused}: {}", refused.remedy());
    }
    let stats = sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0));
}

#[test]
fn threads_of_several_machines_rotate_once_for_each_expiry() {
    let Some(cluster) = Cluster::start(1) else { return };
    let sandbox = Sandbox::start().unwrap();
    sandbox.adjust(|settings| {
        settings.token_lifetime = Duration::from_secs(1);
        settings.answer_delay = Duration::from_millis(100);
    });
    let mut row = sandbox.provider_row("acme");
    row.oauth.as_mut().unwrap().refresh_skew_secs = 0;
    let one = Machine::new(&cluster, "one", "rotate").knowing(row.clone());
    let (access, refresh) = sandbox.grant();
    let tokens = Tokens::new(secret(&access)).with_refresh(secret(&refresh)).expiring_in(Duration::from_secs(1));
    assert!(one.open().set_tokens("acme", &Label::default(), tokens).unwrap().held_back.is_none());
    let machines = ["two", "three", "four"]
        .map(|name| Machine::new(&cluster, name, "rotate").knowing(row.clone()).with_key_of(&one));
    let rounds = 3;
    for _ in 0..rounds {
        std::thread::sleep(Duration::from_millis(1100));
        std::thread::scope(|scope| {
            for latch in machines.iter().map(Machine::open) {
                for _ in 0..3 {
                    let (latch, sandbox) = (latch.clone(), &sandbox);
                    scope.spawn(move || {
                        let token = latch.token("acme").unwrap();
                        assert!(sandbox.accepts(token.expose_secret()));
                    });
                }
            }
        });
    }
    let stats = sandbox.stats();
    assert_eq!((stats.exchanges, stats.replays), (rounds, 0), "{stats:?}");
    let acts = cluster.etcdctl(&["get", "--prefix", "--keys-only", "rotate/acts/"]).unwrap();
    assert_eq!(acts.trim(), "", "an act that is over leaves nothing");
}
