//! Programs that a test makes and then starts.

use std::path::Path;
use std::process::Command;

/// Copies a program by another process. What this one writes is open for writing in whatever another test starts at that
/// moment, and can't be executed until that has become its program.
pub(crate) fn copy_program(from: &Path, to: &Path) {
    assert!(Command::new("cp").arg(from).arg(to).status().unwrap().success(), "{} was not copied", from.display());
}
