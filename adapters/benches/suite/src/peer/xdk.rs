//! xdk-rs: its token store, as it is read once and as it is read anew.

use std::path::{Path, PathBuf};

use xdk::store::TokenStore;

use crate::Failure;

/// A store that was read once.
pub struct Xdk {
    path: PathBuf,
    store: TokenStore,
}

impl Xdk {
    /// Makes one with a token.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let mut store = TokenStore::new_with_path(&path.to_string_lossy());
        store.add_app("suite", "client", "")?;
        store.save_bearer_token("access-0")?;
        Ok(Self { path: path.to_owned(), store })
    }

    /// What it knew when it was read: it never learns what others write.
    pub fn read(&self) -> Option<String> {
        token(&self.store)
    }

    /// What the file says now.
    pub fn read_anew(&self) -> Option<String> {
        token(&TokenStore::new_with_path(&self.path.to_string_lossy()))
    }

    /// Stores a token.
    pub fn write(&mut self, token: &str) -> Result<(), Failure> {
        Ok(self.store.save_bearer_token(token)?)
    }
}

fn token(store: &TokenStore) -> Option<String> {
    store.get_bearer_token()?.bearer.clone()
}
