//! A URL that names members of two clusters: a change could go to either, so none is made.

use credlatch::etcd::Etcd;
use credlatch::{Error, ErrorKind};

use crate::cluster::Cluster;
use crate::machine::{Machine, secret};

fn both(one: &Cluster, other: &Cluster) -> Etcd {
    Etcd::new(&format!("etcd+http://{},{}/two", one.address(0), other.address(0))).unwrap()
}

#[track_caller]
fn assert_names_both(error: &Error, one: &Cluster, other: &Cluster) {
    let said = error.to_string();
    assert!(said.contains("two clusters"), "{said}: {}", error.remedy());
    assert!(said.contains(&one.address(0)) && said.contains(&other.address(0)), "{said}");
    assert_eq!(error.kind(), ErrorKind::Other);
}

#[test]
fn members_of_two_clusters_are_refused_before_anything_is_changed() {
    let (Some(one), Some(other)) = (Cluster::start(1), Cluster::start(1)) else { return };
    let machine = Machine::at(one.machine("both"), both(&one, &other));
    let latch = machine.open();
    for _ in 0..3 {
        assert_names_both(&latch.set("minimax", secret("mm-1")).unwrap_err(), &one, &other);
    }
    for cluster in [&one, &other] {
        assert_eq!(cluster.etcdctl(&["get", "--prefix", "two/"]).unwrap(), "", "something was changed");
    }
    let found = machine.open().doctor(&credlatch::doctor::Surroundings::default()).findings;
    assert!(found.iter().any(|finding| finding.what.contains("two clusters")), "{found:#?}");
}

#[test]
fn one_that_another_took_the_place_of_is_noticed_when_it_is_asked() {
    let (Some(mut one), Some(mut other)) = (Cluster::start(1), Cluster::start(1)) else { return };
    other.kill(0);
    let latch = Machine::at(one.machine("both"), both(&one, &other)).open();
    latch.set("minimax", secret("mm-1")).unwrap();
    other.run(0);
    other.await_leader();
    one.kill(0);
    let refused = latch.set("minimax", secret("mm-2")).unwrap_err();
    assert_names_both(&refused, &one, &other);
    assert_eq!(other.etcdctl(&["get", "--prefix", "two/"]).unwrap(), "", "it went to the other cluster");
    one.run(0);
    one.await_leader();
    other.kill(0);
    latch.set("minimax", secret("mm-3")).unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-3");
}
