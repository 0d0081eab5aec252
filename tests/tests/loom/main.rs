//! Loom explores the orders of the turns of small scenarios: as processes with an engine each, and as threads of one.
//!
//! What each test says it explores is always explored. With `CREDLATCH_LOOM=100000` each scenario is explored as deep as so
//! many executions allow, and the tests print how deep that was.
#![cfg(feature = "loom")]

mod apart;
mod crowds;
mod deaths;
mod groups;
mod limits;
mod pairs;

use credlatch_tests::run::deepen::Tally;

/// The counts are the result, so they are said where the test harness doesn't swallow them.
fn say(what: &str, tally: &Tally) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{what}: {tally}");
}
