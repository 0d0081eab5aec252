//! Directories for files that a test makes itself: as closed as where people work, whatever the umask is under which the
//! tests run. A provider file that everybody may write to, for one, would rightly not be read.

use rustix::fs::Mode;
use tempfile::TempDir;

/// One that disappears with its test.
pub(crate) fn tempdir() -> TempDir {
    usual_umask();
    tempfile::tempdir().unwrap()
}

/// It is the whole process's, and the same for each test.
pub(crate) fn usual_umask() {
    rustix::process::umask(Mode::from_raw_mode(0o022));
}
