//! What `doctor` finds of a store in etcd.

use credlatch::doctor::{Finding, Severity, Surroundings};
use credlatch::{ErrorKind, Profile, SealKeySource};

use crate::cluster::Cluster;
use crate::machine::{Machine, secret};

fn wrong(machine: &Machine) -> Vec<Finding> {
    let found = machine.open().doctor(&Surroundings::default()).findings;
    found.into_iter().filter(|finding| finding.severity >= Severity::Warning).collect()
}

#[track_caller]
fn assert_found(found: &[Finding], severity: Severity, says: &str, remedy: &str) {
    let is_it = |finding: &&Finding| finding.what.contains(says);
    let all: Vec<_> = found.iter().filter(is_it).collect();
    let [one] = all[..] else { panic!("{says:?} is not found once: {found:#?}") };
    assert_eq!(one.severity, severity, "{one:?}");
    assert!(one.remedy.contains(remedy), "{one:?}");
}

fn of(machine: &Machine, profile: &str) -> credlatch::Latch {
    machine.builder().profile(Profile::new(profile).unwrap()).open().unwrap()
}

#[test]
fn too_few_members_are_told_with_those_that_are_away() {
    let Some(mut cluster) = Cluster::start(3) else { return };
    let machine = Machine::new(&cluster, "one", "quorum");
    machine.open().set("minimax", secret("mm-1")).unwrap();
    assert_eq!(wrong(&machine), []);
    cluster.kill(0);
    let found = wrong(&machine);
    assert_found(&found, Severity::Warning, &cluster.address(0), "look whether it runs");
    assert_eq!(found.len(), 1, "{found:#?}");
    cluster.kill(1);
    let found = wrong(&machine);
    assert_found(&found, Severity::Error, "too few members", "until most of them are up");
    let away = |at: usize| format!("http://{} can't be reached", cluster.address(at));
    assert_found(&found, Severity::Warning, &away(0), "look whether it runs");
    assert_found(&found, Severity::Warning, &away(1), "look whether it runs");
}

#[test]
fn a_full_etcd_is_told() {
    let Some(cluster) = Cluster::with(1, &["--quota-backend-bytes", "2000000"]) else { return };
    let machine = Machine::new(&cluster, "one", "full");
    machine.open().set("minimax", secret("mm-1")).unwrap();
    let large = "x".repeat(100_000);
    while cluster.etcdctl(&["put", "other", &large]).is_some() {}
    assert_found(&wrong(&machine), Severity::Error, "NOSPACE", "alarm disarm");
}

#[test]
fn a_rekey_that_was_stopped_is_told_and_goes_on_as_the_remedy_says() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "half");
    for profile in ["default", "work"] {
        of(&one, profile).set("minimax", secret("mm-1")).unwrap();
    }
    let other = Machine::new(&cluster, "other", "half").with_key_of(&one);
    let mark = cluster.etcdctl(&["get", "--print-value-only", "half/:seal"]).unwrap();
    let new = SealKeySource::file(cluster.machine("keys").join("new.key"));
    one.builder().rekey(&new).unwrap();
    let rekeyed = cluster.etcdctl(&["get", "--print-value-only", "half/:seal"]).unwrap();
    let error = of(&other, "work").current("minimax").unwrap_err();
    let remedy = error.remedy().to_owned();
    assert!(remedy.contains("the one that ran it") && remedy.contains(rekeyed.trim()), "{error}: {remedy}");
    // As one that was killed leaves it: some profiles have the new key, and those that come get the old one.
    cluster.etcdctl(&["put", "half/:seal", mark.trim()]).unwrap();
    of(&other, "fresh").set("minimax", secret("mm-2")).unwrap();
    let error = of(&other, "work").current("minimax").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Sealed);
    assert!(error.remedy().contains("run it again"), "{error}: {}", error.remedy());
    let found = wrong(&other);
    assert_found(&found, Severity::Error, "default, work with", "goes on where it was stopped");
    assert_found(&found, Severity::Error, "is sealed with the key", "run it again");
    assert_eq!(one.builder().rekey(&new).unwrap().len(), 1);
    std::fs::copy(cluster.machine("keys").join("new.key"), one.key()).unwrap();
    assert_eq!(wrong(&one), []);
    assert_eq!(of(&one, "fresh").current("minimax").unwrap().expose_secret(), "mm-2");
}

#[test]
fn what_somebody_else_put_over_a_profile_is_told_from_every_profile() {
    let Some(cluster) = Cluster::start(1) else { return };
    let one = Machine::new(&cluster, "one", "theirs");
    for profile in ["default", "work"] {
        of(&one, profile).set("minimax", secret("mm-1")).unwrap();
    }
    for (profile, count) in [("work", 1), ("default", 2)] {
        cluster.etcdctl(&["put", &format!("theirs/profiles/{profile}"), "hello"]).unwrap();
        let found = wrong(&one);
        assert_found(&found, Severity::Error, &format!("profile {profile} can't be read"), "credlatch recover");
        assert_eq!(found.len(), count, "{found:#?}");
    }
}

#[test]
fn a_machine_without_the_key_is_told_to_copy_it_and_not_to_bring_it_back() {
    let Some(cluster) = Cluster::start(1) else { return };
    Machine::new(&cluster, "one", "keyless").open().set("minimax", secret("mm-1")).unwrap();
    let other = Machine::new(&cluster, "other", "keyless");
    let error = other.open().current("minimax").unwrap_err();
    assert!(error.remedy().contains("copy it to there from the machine that made it"), "{}", error.remedy());
    assert_found(&wrong(&other), Severity::Error, "seal.key", "from the machine that made it");
}
