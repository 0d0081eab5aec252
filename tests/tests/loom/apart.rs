//! A process for each test. Loom maps a stack for every thread of every order, and threads of one process that map memory wait
//! for each other, where processes don't.

use std::env;
use std::process::{Command, Stdio};

/// Marks the process of a test's own.
const APART: &str = "CREDLATCH_LOOM_APART";

/// Runs a test in a process of its own: starts this program once more for the calling test alone, and in there, explores. What
/// it says there comes through.
///
/// # Panics
/// If it failed there, with what was printed.
pub(crate) fn in_own_process(explore: impl FnOnce()) {
    let thread = std::thread::current();
    // Libtest calls a test's thread by the test's name, or runs it on the first one, and then nobody runs beside it.
    let Some(test) = thread.name().filter(|name| *name != "main" && env::var_os(APART).is_none()) else {
        return explore();
    };
    let mut own = Command::new(env::current_exe().expect("this program has a path"));
    own.args(["--exact", test, "--test-threads=1"]).env(APART, "1").stderr(Stdio::inherit());
    let output = own.output().expect("this program can be started");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && printed.contains("1 passed"), "{test}, in a process of its own:\n{printed}");
}
