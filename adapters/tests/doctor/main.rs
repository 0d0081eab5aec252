//! `Latch::doctor` on real files, with real processes: each situation is made, and what is said of it is read.
#![cfg(all(feature = "doctor", unix))]
#![expect(clippy::print_stdout, reason = "what was skipped belongs into the test's output")]

#[path = "../common/folders.rs"]
mod folders;
mod guide;
mod listing;
#[path = "../common/needs.rs"]
mod needs;
mod outside;
mod part;
mod pools;
#[path = "../common/programs.rs"]
mod programs;
mod quiet;
mod store;

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use credlatch::doctor::{Diagnosis, EntryReport, Finding, Severity, Surroundings};
use credlatch::{Label, Latch, Secret, Tokens};
use tempfile::TempDir;

/// A home that disappears with its test.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn new() -> Self {
        Self(folders::tempdir())
    }

    /// A directory beside the store, for files of the test.
    pub(crate) fn beside(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }

    pub(crate) fn profiles(&self) -> PathBuf {
        self.path().join("profiles")
    }

    pub(crate) fn document(&self) -> PathBuf {
        self.profiles().join("default.json")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.profiles().join("default.lock")
    }

    pub(crate) fn latch(&self) -> Latch {
        Latch::builder().home(self.path()).open().unwrap()
    }

    /// With a key of minimax.
    pub(crate) fn with_key(self) -> Self {
        self.latch().set("minimax", secret("mm-key-1")).unwrap();
        self
    }

    /// With a login of Codex that lasts so many seconds.
    pub(crate) fn with_login(self, lifetime_secs: u64) -> Self {
        let _ = self.latch().set_tokens("openai-codex", &Label::default(), tokens(0, lifetime_secs)).unwrap();
        self
    }

    pub(crate) fn doctor(&self) -> Diagnosis {
        self.latch().doctor(&Surroundings::default())
    }

    /// The same in an environment, and with the directory beside the store as the working directory.
    pub(crate) fn doctor_in(&self, vars: &[(&str, &str)]) -> Diagnosis {
        let vars = vars.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        self.latch().doctor(&Surroundings { vars, folder: Some(self.beside().to_owned()) })
    }
}

pub(crate) fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

pub(crate) fn tokens(number: usize, lifetime_secs: u64) -> Tokens {
    Tokens::new(secret(&format!("access-{number}")))
        .with_refresh(secret(&format!("refresh-{number}")))
        .expiring_in(Duration::from_secs(lifetime_secs))
}

pub(crate) fn chmod(path: impl AsRef<Path>, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The one finding that has all these words, of that severity. What asks for a remedy has one.
#[track_caller]
pub(crate) fn found<'a>(diagnosis: &'a Diagnosis, severity: Severity, words: &[&str]) -> &'a Finding {
    let has = |finding: &&Finding| words.iter().all(|word| finding.what.contains(word));
    let all: Vec<_> = diagnosis.findings.iter().filter(has).collect();
    let [one] = all[..] else { panic!("{words:?} is in {} of: {:#?}", all.len(), diagnosis.findings) };
    assert_eq!(one.severity, severity, "{one:?}");
    assert!(severity < Severity::Warning || !one.remedy.is_empty(), "nothing to do is said: {one:?}");
    one
}

/// What is wrong, as texts.
pub(crate) fn wrong(diagnosis: &Diagnosis) -> Vec<&str> {
    let graver = diagnosis.findings.iter().filter(|finding| finding.severity >= Severity::Warning);
    graver.map(|finding| finding.what.as_str()).collect()
}

#[track_caller]
pub(crate) fn sound(diagnosis: &Diagnosis) {
    assert_eq!(wrong(diagnosis), Vec::<&str>::new());
    assert!(diagnosis.is_sound());
}

#[track_caller]
pub(crate) fn entry<'a>(diagnosis: &'a Diagnosis, label: &str) -> &'a EntryReport {
    let mut entries = diagnosis.providers.iter().flat_map(|provider| &provider.entries);
    entries.find(|entry| entry.label.as_str() == label).unwrap_or_else(|| panic!("{:#?}", diagnosis.providers))
}
