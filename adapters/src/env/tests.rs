//! The environment and `.env` files, with real files and real children.

#[cfg(unix)]
mod children;
mod sources;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use credlatch_core::provider::Kind;
use credlatch_core::scrub::{ChildCredential, EnvPlan, Shape, Strictness, Wanted, plan};
use credlatch_core::secret::Secret;
use tempfile::TempDir;

/// A `.env` file in a folder of its own.
struct Place {
    _folder: TempDir,
    path: PathBuf,
}

impl Place {
    fn with(content: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".env");
        fs::write(&path, content).unwrap();
        Self { _folder: folder, path }
    }
}

fn vars(pairs: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
    pairs.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect()
}

fn plan_for(provider: &str, key: &str, shape: Shape, parent: Vec<(OsString, OsString)>) -> EnvPlan {
    let table = crate::testing::table();
    let credential = ChildCredential { kind: Kind::ApiKey, secret: Secret::try_from(key).unwrap() };
    let wanted = Wanted {
        table: &table,
        provider: table.resolve(provider).unwrap(),
        credential: Some(&credential),
        shape,
        strictness: &Strictness::Default,
    };
    plan(parent, &wanted).unwrap()
}
