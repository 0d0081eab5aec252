//! What a user's own file says of keys: for each, by its id, where it comes from. It lies outside of every store, because it may name
//! a command, and whoever brings a store must not say what is run.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use credlatch_core::port::{StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};

use super::source::SealKeySource;
use crate::codec::KeyId;
use crate::{private_file, trusted};

/// The file.
#[derive(Debug, Default)]
pub(super) struct KnownSources(pub(super) Option<PathBuf>);

#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
struct Content {
    version: u64,
    keys: BTreeMap<String, SealKeySource>,
    /// The key of each home, so that a key that no home has any more is forgotten.
    #[serde(default)]
    homes: BTreeMap<String, String>,
}

const VERSION: u64 = 1;

impl KnownSources {
    /// Where this key comes from, if somebody has said so.
    pub(super) fn source(&self, key: KeyId) -> Result<Option<SealKeySource>, StoreError> {
        Ok(self.read()?.keys.remove(&key.to_string()))
    }

    /// Remembers where a key comes from. Without a file nothing is remembered, and whoever comes next says it again.
    pub(super) fn note(&self, key: KeyId, source: &SealKeySource) -> Result<(), StoreError> {
        self.change(|content| {
            content.keys.insert(key.to_string(), source.clone());
        })
    }

    /// Remembers that all of a home is sealed with this key. The one that it had before is forgotten, unless another home has it.
    pub(super) fn note_home(&self, home: &Path, key: KeyId) -> Result<(), StoreError> {
        // A home whose name is no text is not remembered, and costs no more than a place that is kept for nothing.
        let Some(home) = home.to_str() else { return Ok(()) };
        self.change(|content| {
            let before = content.homes.insert(home.to_owned(), key.to_string());
            if let Some(before) = before.filter(|before| !content.homes.values().any(|key| key == before)) {
                content.keys.remove(&before);
            }
        })
    }

    fn change(&self, how: impl FnOnce(&mut Content)) -> Result<(), StoreError> {
        let Some(file) = &self.0 else { return Ok(()) };
        let failed = |error| cannot_note(file, &error);
        let _alone = alone(file).map_err(failed)?;
        let before = self.read()?;
        let mut content = before.clone();
        content.version = VERSION;
        how(&mut content);
        if content == before {
            return Ok(());
        }
        let bytes = serde_json::to_vec_pretty(&content).unwrap_or_default();
        private_file::replace(file, &bytes).map_err(failed)
    }

    /// Keeps others out who would make a key in the same key store: a file that is there is never replaced, and an entry is.
    pub(super) fn alone_to_make(&self, source: &SealKeySource) -> Result<Option<File>, StoreError> {
        if !matches!(source, SealKeySource::KeyStore(_)) {
            return Ok(None);
        }
        let Some(file) = &self.0 else {
            let what =
                format!("no key is made in a key store without the file of {}", crate::outside::SEAL_KEYS.variable);
            let remedy =
                "name one there, so that two who make a key wait for each other; or put a key into the key store";
            return Err(StoreError::new(StoreErrorKind::Failed, what, remedy));
        };
        alone(file).map(Some).map_err(|error| cannot_note(file, &error))
    }

    fn read(&self) -> Result<Content, StoreError> {
        let Some(file) = &self.0 else { return Ok(Content::default()) };
        let refuse = |what: String, remedy: String| {
            StoreError::new(StoreErrorKind::Sealed, format!("where the seal's key is can't be told: {what}"), remedy)
        };
        let text = trusted::read(file).map_err(|why| refuse(why.what, why.remedy))?;
        let Some(text) = text else { return Ok(Content::default()) };
        let content = serde_json::from_str::<Content>(&text).ok().filter(|content| content.version == VERSION);
        content.ok_or_else(|| {
            let what = format!("{} is not what credlatch wrote", file.display());
            refuse(what, "restore it; or remove it, and name the key once more".to_owned())
        })
    }
}

fn cannot_note(file: &Path, error: &io::Error) -> StoreError {
    let what = format!("where the seal's key is can't be noted in {}: {error}", file.display());
    let remedy = format!("make the file writable, or name another in {}", crate::outside::SEAL_KEYS.variable);
    StoreError::new(StoreErrorKind::Failed, what, remedy)
}

/// Keeps other writers out until it is dropped: each adds to what the others have noted.
fn alone(file: &Path) -> io::Result<File> {
    if let Some(folder) = file.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let lock = file.with_extension("lock");
    let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(lock)?;
    fs4::FileExt::lock(&lock)?;
    Ok(lock)
}
