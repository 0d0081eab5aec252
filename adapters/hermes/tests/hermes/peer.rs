//! The program in another language: `tests/peers/hermes/writer.py`. Without Python these tests pass with a message, unless
//! `CREDLATCH_REQUIRE_PEERS=1` makes that a failure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// Python, and the script it runs.
#[derive(Clone)]
pub(crate) struct Peer(PathBuf);

impl Peer {
    pub(crate) fn find() -> Option<Self> {
        let works = Command::new("python3").args(["-c", "import fcntl"]).stderr(Stdio::null()).status();
        if works.is_ok_and(|status| status.success()) {
            return Some(Self(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/hermes/writer.py")));
        }
        crate::needs::missing("python3");
        None
    }

    /// The command that does this to a file.
    pub(crate) fn command(&self, act: &str, file: &Path, more: &[&str]) -> Command {
        let mut command = Command::new("python3");
        let file: OsString = file.into();
        command.arg(&self.0).arg(act).arg(file).args(more).stdin(Stdio::null()).stdout(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, act: &str, file: &Path, more: &[&str]) -> String {
        let output = self.command(act, file, more).output().unwrap();
        assert!(output.status.success(), "{act} failed");
        String::from_utf8(output.stdout).unwrap()
    }

    /// What Hermes would see of a provider.
    pub(crate) fn rows(&self, file: &Path, provider: &str) -> Vec<Value> {
        serde_json::from_str(&self.run("show", file, &[provider])).unwrap()
    }
}
