//! Hermes' `auth.json` as a store: on real files, with real processes, and with a program in another language that keeps
//! Hermes' discipline.
#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "what was counted, and what was skipped, belongs into the test's output")]

mod borrowed;
mod crowd;
#[path = "../../../tests/common/folders.rs"]
mod folders;
mod helper;
mod killed;
#[path = "../../../tests/common/needs.rs"]
mod needs;
mod peer;
mod rotation;
mod sharing;
mod store;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use credlatch::{Builder, Label, Latch, Secret};
use credlatch_hermes::BuilderExt as _;
use serde_json::Value;
use tempfile::TempDir;

/// A document as Hermes writes it, with much that nobody here knows.
const HERMES: &str = r#"{
  "version": 1,
  "providers": {"openai-codex": {"note": "gr\u00fc\u00dfe", "n": 1.50}},
  "active_provider": "openai-codex",
  "credential_pool": {
    "anthropic": [
      {"id": "aaa111", "label": "work", "auth_type": "api_key", "priority": 0, "source": "manual",
       "access_token": "sk-ant-api03-one-0123456789", "request_count": 7, "unknown": ["x", null, 1e3]}
    ],
    "openai-codex": [
      {"id": "codex-oauth-0123456789ab", "label": "me", "auth_type": "oauth", "priority": 0, "source": "device_code",
       "access_token": "at-codex-1", "refresh_token": "rt-codex-1", "expires_at_ms": 4000000000000}
    ]
  },
  "of_a_newer_hermes": {"deep": [{"er": true}]}
}
"#;

/// A home of Hermes that disappears with its test.
struct Home(TempDir);

impl Home {
    fn new() -> Self {
        Self::in_folder(folders::tempdir())
    }

    /// In memory, where the platform has such a file system: for thousands of commits that needn't outlive a power cut.
    fn in_memory() -> Self {
        folders::usual_umask();
        Self::in_folder(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    fn in_folder(folder: TempDir) -> Self {
        let home = Self(folder);
        home.write(HERMES);
        home
    }

    fn folder(&self) -> &Path {
        self.0.path()
    }

    fn file(&self) -> PathBuf {
        self.folder().join("auth.json")
    }

    fn write(&self, text: &str) {
        fs::write(self.file(), text).unwrap();
        fs::set_permissions(self.file(), fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn builder(&self) -> Builder {
        Latch::builder().hermes(self.file())
    }

    fn latch(&self) -> Latch {
        self.builder().open().unwrap()
    }

    fn json(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    /// The names beside the document.
    fn files(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }
}

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// What a provider's entries are called.
fn labels(latch: &Latch, provider: &str) -> Vec<String> {
    let status = latch.status().unwrap();
    let slot = status.state.slot(provider);
    slot.map(|slot| slot.entries.iter().map(|entry| entry.label.to_string()).collect()).unwrap_or_default()
}
