//! What several tests need.

#[path = "../tests/common/folders.rs"]
pub(crate) mod folders;
#[path = "../tests/common/needs.rs"]
pub(crate) mod needs;

use std::process::Command;

use credlatch_core::provider::{BUILT_IN_JSON, Table, TableFile};

/// The table that ships.
pub(crate) fn table() -> Table {
    let file: TableFile = serde_json::from_str(BUILT_IN_JSON).unwrap();
    Table::new(file.providers).unwrap().with_field()
}

/// One test of this binary, to be run in a process of its own.
pub(crate) fn rerun(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command
}

/// Runs it, and makes sure that it was found and passed. Returns what it printed.
pub(crate) fn passes(mut command: Command) -> String {
    let output = command.output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && printed.contains("1 passed"), "{output:?}");
    printed
}
