//! How the stores that a builder opens are sealed.

use std::path::Path;
#[cfg(all(feature = "seal", unix))]
use std::path::PathBuf;
#[cfg(all(feature = "seal", unix))]
use std::sync::Arc;

use super::Builder;
use crate::error::Error;
#[cfg(all(feature = "seal", unix))]
use crate::error::ErrorKind;
#[cfg(all(feature = "seal", unix))]
use crate::outside::is_in_home;
use crate::seal::Sealing;
#[cfg(all(feature = "seal", unix))]
use crate::seal::{Keys, SealKeySource};

#[cfg(all(feature = "seal", unix))]
impl Builder {
    /// Where the key is that this program seals with: each of its commits is sealed with that key, and what is sealed with another
    /// is refused. Without this it is what `CREDLATCH_SEAL_KEY_FILE`, `CREDLATCH_SEAL_KEY_COMMAND` or `CREDLATCH_SEAL_KEY_STORE` names,
    /// or a service's credential `credlatch-seal-key`; and where nothing says so, what was said when the store was sealed ([`Builder::seal`]).
    ///
    /// Stores in memory and in another program's file are never sealed.
    ///
    /// ```
    /// use credlatch::{ErrorKind, Latch, SealKeySource, Secret};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// # let folder = tempfile::tempdir().unwrap();
    /// # let (home, keys) = (folder.path().join("store"), folder.path().join("keys"));
    /// let key = SealKeySource::file(keys.join("seal.key"));
    /// let latch = Latch::builder().home(&home).open()?;
    /// latch.set("minimax", Secret::try_from("mm-1")?)?;
    /// Latch::builder().home(&home).seal(&key)?;
    ///
    /// let latch = Latch::builder().home(&home).seal_key(key).open()?;
    /// assert_eq!(latch.current("minimax")?.expose_secret(), "mm-1");
    /// std::fs::remove_file(keys.join("seal.key")).unwrap();
    /// let without = Latch::builder().home(&home).seal_key(SealKeySource::file(keys.join("seal.key"))).open()?;
    /// assert_eq!(without.current("minimax").unwrap_err().kind(), ErrorKind::Sealed);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn seal_key(mut self, source: SealKeySource) -> Self {
        self.seal_key = Some(source);
        self
    }

    /// The file that remembers where keys come from, for this user on this machine. Without this it is what `CREDLATCH_SEAL_KEYS`
    /// names, or `credlatch/seal-keys` in the user's directory for state, such as `~/.local/state`. Empty, there is none.
    #[must_use]
    pub fn seal_keys(mut self, file: impl Into<PathBuf>) -> Self {
        self.seal_sources = Some(file.into());
        self
    }

    /// The key store in which [`SealKeySource::KeyStore`] names an entry, as one of the crates for keyring-core makes it. Without this it is
    /// the one that the program made keyring-core's default. It is asked when a key is first needed, and may ask the user then.
    #[cfg(feature = "keyring")]
    #[must_use]
    pub fn key_store(mut self, store: Arc<keyring_core::CredentialStore>) -> Self {
        self.key_store = crate::seal::KeyStore::given(store);
        self
    }

    /// The keys, found once.
    pub(super) fn find_keys_of_seals(&self) -> Result<Arc<Keys>, Error> {
        if let Some(keys) = &self.keys_of_seals {
            return Ok(Arc::clone(keys));
        }
        #[cfg(feature = "etcd")]
        let is_shared = self.is_in_etcd();
        #[cfg(not(feature = "etcd"))]
        let is_shared = false;
        let (told, sources, key_store) = (self.seal_key.clone(), self.seal_sources.clone(), self.key_store.clone());
        Keys::find(told, sources, self.home.as_deref(), key_store, is_shared)
    }

    /// The same with the keys found, so that all profiles that it opens have the same.
    pub(super) fn with_keys_of_seals(mut self) -> Result<Self, Error> {
        self.keys_of_seals = Some(self.find_keys_of_seals()?);
        Ok(self)
    }

    /// How the store of this profile is sealed; `home` is the directory of profiles, if it is in one.
    pub(in crate::latch) fn sealing(&self, home: Option<&Path>) -> Result<Sealing, Error> {
        let keys = self.find_keys_of_seals()?;
        if let Some((file, home)) = keys.chosen_file().zip(home) {
            must_be_outside(file, home)?;
        }
        Ok(Sealing::new(keys, self.profile.as_str(), home).treating(self.plain_text))
    }

    /// The variable by which another process of ours is told of the same key; none where nobody was told.
    pub(super) fn context_of_seals(&self) -> Option<(&'static str, String)> {
        #[cfg(feature = "etcd")]
        if self.is_key_of_home() {
            return None;
        }
        self.keys_of_seals.as_ref()?.context()
    }

    /// The variable by which it finds where the other keys are.
    pub(super) fn context_of_known_seals(&self) -> Option<(&'static str, String)> {
        Some(self.keys_of_seals.as_ref()?.context_outside())
    }
}

/// Refuses a key that would be taken away together with what it opens.
#[cfg(all(feature = "seal", unix))]
pub(super) fn must_be_outside(file: &Path, home: &Path) -> Result<(), Error> {
    if !is_in_home(file, home) {
        return Ok(());
    }
    let what = format!("the seal's key would lie in {}, beside what it seals", home.display());
    Err(Error::new(ErrorKind::Usage, what, "name a file that backups of the store don't take along"))
}

#[cfg(not(all(feature = "seal", unix)))]
impl Builder {
    /// How the store of this profile is sealed: not at all.
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
    pub(in crate::latch) fn sealing(&self, _home: Option<&Path>) -> Result<Sealing, Error> {
        Ok(Sealing::none(self.profile.as_str()))
    }

    /// The same: there are no keys.
    #[cfg(all(feature = "file", unix))]
    #[expect(clippy::unnecessary_wraps, reason = "with the feature it may fail")]
    pub(super) fn with_keys_of_seals(self) -> Result<Self, Error> {
        Ok(self)
    }

    /// The variable by which another process of ours is told of the same key: none.
    #[cfg(all(feature = "file", unix))]
    #[expect(clippy::unused_self, reason = "with the feature it looks there")]
    pub(super) fn context_of_seals(&self) -> Option<(&'static str, String)> {
        None
    }

    /// The variable by which it finds where the other keys are: none.
    #[cfg(all(feature = "file", unix))]
    #[expect(clippy::unused_self, reason = "with the feature it looks there")]
    pub(super) fn context_of_known_seals(&self) -> Option<(&'static str, String)> {
        None
    }
}
