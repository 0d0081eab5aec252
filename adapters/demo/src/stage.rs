//! Where the demonstration plays: a temporary store, and the processes that use it.

use std::cell::Cell;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use credlatch::{Latch, Profile};
use serde_json::Value;
use tempfile::TempDir;

use super::issuer::Issuers;
use super::{part, program};

/// A temporary store. It is removed in the end.
pub(super) struct Stage {
    home: TempDir,
    credlatch: PathBuf,
    /// This program, which has parts for child processes.
    own: PathBuf,
    /// Authorization servers, for the steps that sign in.
    pub(super) issuers: Issuers,
    /// How many logins were lost: ours, and the naive way's.
    pub(super) lost: Cell<(u64, u64)>,
}

/// What is stored for minimax.
pub(super) const MINIMAX_KEY: &str = "sk-cp-demo-3f9a7c51d20e4b86a1c2";
/// What is stored for anthropic.
pub(super) const ANTHROPIC_KEY: &str = "sk-ant-api03-demo-8d15e0b7c94a4f62b3d1";

/// What the demo's processes inherit, as if the person were signed in elsewhere: none of it may be used.
pub(super) const INHERITED: [(&str, &str); 4] = [
    ("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-demo-inherited-71c3"),
    ("ANTHROPIC_API_KEY", "sk-ant-api03-demo-inherited-92ab"),
    ("ANTHROPIC_BASE_URL", "https://gateway.example/anthropic"),
    ("OPENAI_API_KEY", "sk-proj-demo-inherited-5e0d"),
];

impl Stage {
    pub(super) fn set(program: Option<&str>) -> Result<Self, String> {
        let home = tempfile::Builder::new().prefix("credlatch-demo-").tempdir().map_err(|error| error.to_string())?;
        let credlatch = program.map_or_else(program::credlatch, |program| Ok(program.into()))?;
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let issuers = Issuers::start(home.path())?;
        Ok(Self { home, credlatch, own, issuers, lost: Cell::default() })
    }

    /// The folder of the temporary store.
    pub(super) fn home(&self) -> &Path {
        self.home.path()
    }

    /// The process that renews a token of this profile now, if one does.
    pub(super) fn claimant(&self, profile: &str) -> Result<Option<u32>, String> {
        let profile = Profile::new(profile).map_err(|error| error.to_string())?;
        let latch = Latch::builder().home(self.home()).profile(profile).open().map_err(|error| error.to_string())?;
        let status = latch.status().map_err(|error| error.to_string())?;
        Ok(status.state.claims().map(|claim| claim.actor.pid).next())
    }

    /// How a provider's entry in this profile fares, in a word.
    pub(super) fn health(&self, profile: &str, provider: &str) -> Result<Option<String>, String> {
        let text = self.run(&["--profile", profile, "status", "--json"])?;
        let json: Value = serde_json::from_str(&text).map_err(|error| format!("the status did not parse: {error}"))?;
        let row = json["providers"].as_array().into_iter().flatten().find(|row| row["id"] == provider);
        Ok(row.and_then(|row| row["entries"][0]["health"].as_str()).map(str::to_owned))
    }

    /// The words that start a part of this program.
    pub(super) fn part<'a>(&'a self, name: &'a str) -> [&'a str; 3] {
        [self.own.to_str().unwrap_or_default(), part::WORD, name]
    }

    /// `credlatch` with these arguments, on the temporary store and with the inherited keys.
    pub(super) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.credlatch);
        command.args(args);
        self.at_home(command)
    }

    /// A part of this program, on the same store.
    pub(super) fn part_command(&self, name: &str) -> Command {
        let [own, args @ ..] = self.part(name);
        let mut command = Command::new(own);
        command.args(args);
        self.at_home(command)
    }

    fn at_home(&self, mut command: Command) -> Command {
        let path = std::env::var_os("PATH").unwrap_or_default();
        command.env_clear().env("PATH", path).env("CREDLATCH_HOME", self.home.path()).envs(INHERITED);
        command.env("CREDLATCH_PROVIDERS", &self.issuers.providers);
        // What it makes goes with its directory, so it has neither a file of claims nor a key elsewhere.
        command.env("CREDLATCH_CLAIMS", "").env("CREDLATCH_FINGERPRINT_KEY", "");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a part of this program, for a profile.
    pub(super) fn start_part(&self, name: &str, profile: &str) -> Result<Child, String> {
        let mut command = self.part_command(name);
        command.env("CREDLATCH_PROFILE", profile).spawn().map_err(|error| format!("could not start a process: {error}"))
    }

    /// Starts `credlatch`.
    pub(super) fn start(&self, args: &[&str]) -> Result<Child, String> {
        self.command(args).spawn().map_err(|error| format!("could not start a process: {error}"))
    }

    /// Starts it with something to read.
    pub(super) fn feed(&self, args: &[&str], input: &str) -> Result<Child, String> {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().map_err(|error| error.to_string())?;
        let Some(mut stdin) = child.stdin.take() else { return Err("a process has no standard input".to_owned()) };
        stdin.write_all(input.as_bytes()).map_err(|error| error.to_string())?;
        Ok(child)
    }

    /// Waits for its end, which must be a good one, without any of the demo's keys in what it said.
    pub(super) fn end(child: Child) -> Result<String, String> {
        let output = child.wait_with_output().map_err(|error| error.to_string())?;
        let (out, err) = texts(&output);
        let keys = [MINIMAX_KEY, ANTHROPIC_KEY].into_iter().chain(INHERITED.map(|(_, value)| value));
        if keys.into_iter().any(|key| out.contains(key) || err.contains(key)) {
            return Err("a key was printed".to_owned());
        }
        if output.status.success() { Ok(out) } else { Err(format!("{}: {}", output.status, err.trim())) }
    }

    /// Runs it to its good end.
    pub(super) fn run(&self, args: &[&str]) -> Result<String, String> {
        Self::end(self.start(args)?)
    }

    /// What `status --json` says now.
    pub(super) fn status(&self) -> Result<Status, String> {
        let text = self.run(&["status", "--json"])?;
        let json: Value = serde_json::from_str(&text).map_err(|error| format!("the status did not parse: {error}"))?;
        let generation = json["generation"].as_u64().ok_or("the status has no generation")?;
        Ok(Status { generation, json })
    }
}

/// An answer of `status --json`.
pub(super) struct Status {
    pub(super) generation: u64,
    json: Value,
}

impl Status {
    /// How many entries a provider has.
    pub(super) fn count(&self, provider: &str) -> usize {
        let rows = self.json["providers"].as_array().into_iter().flatten();
        rows.filter(|row| row["id"] == provider).filter_map(|row| row["entries"].as_array()).map(Vec::len).sum()
    }
}

/// What a process said on both channels.
pub(super) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
