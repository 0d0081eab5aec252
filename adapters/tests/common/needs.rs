//! What a test needs of its machine. Where that is missing the test says so and passes, unless
//! `CREDLATCH_REQUIRE_PEERS=1` makes it a failure.

use std::io::Write;

/// Says what is missing, past the capture of the test runner, so that whoever runs the tests sees it.
///
/// # Panics
/// If nothing may be missing here.
pub(crate) fn missing(what: &str) {
    let is_required = std::env::var_os("CREDLATCH_REQUIRE_PEERS").is_some_and(|value| value == "1");
    assert!(!is_required, "CREDLATCH_REQUIRE_PEERS=1, and missing: {what}");
    let _ = writeln!(std::io::stderr(), "skipped: {what}");
}

/// What was looked for, or a word that it is missing.
#[allow(dead_code, reason = "some tests need no more than root")]
pub(crate) fn found<T>(sought: Option<T>, what: &str) -> Option<T> {
    if sought.is_none() {
        missing(what);
    }
    sought
}

/// Whether this is root, with a word about what can't be tried where it isn't.
#[allow(dead_code, reason = "some tests need no root")]
pub(crate) fn is_root(what: &str) -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        missing(&format!("only root {what}"));
    }
    is_root
}
