//! A store of its own for each test, and the command on it.

#[path = "../../../tests/common/folders.rs"]
mod folders;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A temporary home.
pub(crate) struct Home {
    folder: TempDir,
}

/// What the command said, and how it ended.
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: folders::tempdir() }
    }

    /// A folder beside the store, for files of the test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The store's directory.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    /// The document of the default profile.
    pub(crate) fn document(&self) -> PathBuf {
        self.path().join("profiles/default.json")
    }

    /// The command with nothing in its environment but what it needs to find programs and this home.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_credlatch"));
        command.args(args).env_clear().env("PATH", "/usr/bin:/bin").env("CREDLATCH_HOME", self.path());
        command.env("CREDLATCH_CLAIMS", self.folder.path().join("claims"));
        command.env("CREDLATCH_FINGERPRINT_KEY", self.folder.path().join("fingerprint-key"));
        command.env("HOME", self.folder.path().join("nobody")).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn say(&self, args: &[&str]) -> Said {
        said(&mut self.command(args))
    }

    /// The same with something on standard input.
    pub(crate) fn feed(&self, args: &[&str], input: impl AsRef<[u8]>) -> Said {
        let child = self.start_fed(args, input);
        Said::from(child.wait_with_output().unwrap())
    }

    pub(crate) fn start_fed(&self, args: &[&str], input: impl AsRef<[u8]>) -> Child {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().unwrap();
        // Whoever refuses early doesn't read all of it.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        child
    }

    /// Stores a key that must be taken.
    pub(crate) fn set(&self, provider: &str, key: &str) {
        assert_eq!(self.feed(&["set", provider], key).status, 0);
    }

    pub(crate) fn status(&self) -> Value {
        self.say(&["status", "--json"]).json()
    }
}

impl Said {
    /// The answer of a command that ended well.
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.status, 0, "{}", self.err);
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// Checks how it failed: the status, a word of the message, and that something to do is said. Nothing was answered.
    #[track_caller]
    pub(crate) fn failed(&self, status: i32, word: &str) {
        assert_eq!(self.status, status, "{}{}", self.out, self.err);
        assert_eq!(self.out, "");
        assert!(self.err.contains(word), "{word:?} is not in: {}", self.err);
        assert!(self.err.lines().count() >= 2, "nothing to do is said: {}", self.err);
        assert!(self.err.starts_with("credlatch: ") && self.err.ends_with('\n'), "{}", self.err);
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("it ended by a signal"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    Said::from(command.output().unwrap())
}

/// How many entries a provider has in an answer of `status --json`.
pub(crate) fn count(status: &Value, provider: &str) -> usize {
    let rows = status["providers"].as_array().unwrap().iter().filter(|row| row["id"] == provider);
    rows.map(|row| row["entries"].as_array().unwrap().len()).sum()
}
