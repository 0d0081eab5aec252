//! The environment and `.env` files, with real files and real children.

#[cfg(unix)]
mod children;
#[cfg(unix)]
mod crash;
mod rewriting;
mod sources;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use credlatch_core::provider::WireKind;
use credlatch_core::scrub::{ChildCredential, EnvPlan, Inheritance, Shape, Target, Wanted, plan};
use credlatch_core::secret::Secret;
use tempfile::TempDir;

/// A `.env` file in a folder of its own.
struct Place {
    folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn with(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        fs::write(&path, content).unwrap();
        Self { folder, path }
    }

    fn content(&self) -> String {
        fs::read_to_string(&self.path).unwrap()
    }

    /// Everything that lies in the folder, sorted.
    fn names(&self) -> Vec<String> {
        let list = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<_> = list.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn vars(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn plan_for(provider: &str, key: &str, shape: Shape, parent: Vec<(OsString, OsString)>) -> EnvPlan {
    let table = crate::testing::table();
    let credential = ChildCredential { kind: WireKind::ApiKey, secret: Secret::try_from(key).unwrap() };
    let targets = &[Target { provider: table.resolve(provider).unwrap(), credential: Some(&credential), shape }];
    let inheritance = &Inheritance::default();
    plan(parent, &Wanted { table: &table, targets, inheritance, context: &[], empty_folder: None }).unwrap()
}
