//! The contract of stores, over a real cluster.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use credlatch::conformance::{Clause, Suite};
use credlatch::etcd::Etcd;
use credlatch::store::StoreHome;

use crate::cluster::Cluster;

/// Where the store is: for the processes that the suite starts.
const URL: &str = "CONFORMANCE_ETCD";
const HOME: &str = "CONFORMANCE_ETCD_HOME";

/// What the suite can't bring about by a call, and what a store elsewhere has no space for: it is tried by other tests.
const NOT_ASKED: [Clause; 5] =
    [Clause::ReservationHolds, Clause::NotSaved, Clause::UnknownSettles, Clause::Troubles, Clause::CopyIsTold];

fn suite(url: &str, home: &Path) -> Suite<'static> {
    let (url, home): (String, PathBuf) = (url.to_owned(), home.to_owned());
    let (of_processes, home_of_processes) = (url.clone(), home.clone());
    let open = move || {
        let home = Etcd::new(&url).unwrap().at_home(&home).unwrap().of_any_commits();
        Arc::new(home) as Arc<dyn StoreHome>
    };
    Suite::new(open).largest(1 << 20).processes(move || {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["--exact", "shipped::a_process_that_the_suite_starts", "--nocapture", "--test-threads=1"]);
        command.env(URL, &of_processes).env(HOME, &home_of_processes);
        command
    })
}

/// What the suite's processes do; by itself it does nothing.
#[test]
fn a_process_that_the_suite_starts() {
    let (Ok(url), Ok(home)) = (std::env::var(URL), std::env::var(HOME)) else { return };
    assert!(suite(&url, Path::new(&home)).serve());
}

#[test]
fn a_store_in_etcd_keeps_the_contract() {
    for members in [1, 3] {
        let Some(cluster) = Cluster::start(members) else { return };
        let report = suite(&cluster.url("conformance"), &cluster.machine("one")).run();
        assert!(report.is_kept(), "{members} members: {report}");
        assert_eq!(report.not_asked(), NOT_ASKED, "{report}");
    }
}
