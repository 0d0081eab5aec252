//! Where a store and the user's files outside of it are.

use std::path::Path;
#[cfg(all(feature = "file", unix))]
use std::path::PathBuf;
#[cfg(all(feature = "file", unix))]
use std::sync::Arc;

#[cfg(all(feature = "file", unix))]
use credlatch_core::provider::Table;

#[cfg(all(feature = "file", unix))]
use super::Builder;
use crate::error::{Error, ErrorKind};
#[cfg(all(feature = "file", unix))]
use crate::outside::{CLAIMS, KEY};
#[cfg(all(feature = "file", unix))]
use crate::states::{Document, Means, StateStore};
#[cfg(all(feature = "file", unix))]
use crate::table;

#[cfg(all(feature = "file", unix))]
impl Builder {
    /// Lets reads of a store in a directory see other processes' commits in memory that is mapped, and make no system call;
    /// false unless said. A read then costs little more than of a store in memory, and sees as much as without this.
    ///
    /// Whoever cuts the store's lock file down, which nothing of ours does, ends each process that reads so (SIGBUS). On a file
    /// system that is shared over a network or served by a process mapped memory may be old: there each read is an error of the kind
    /// [`ErrorKind::Unreadable`], with [`Builder::trust_file_system`] too. Other stores have nothing to map, and leave this aside.
    #[must_use]
    pub fn mapped_reads(mut self, maps: bool) -> Self {
        self.maps_word = maps;
        self
    }

    /// Makes a copied, restored or rolled back store this place's own, because a person said that this copy is to live on.
    /// Presents nothing. Until then its logins are not rotated, because the original may hold the same refresh tokens; each
    /// of them is also freed by a new login for it. Of a store that was being moved to another one this ends the move, whatever the other
    /// says: whoever calls it has looked there.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn adopt_copy(&self) -> Result<(), Error> {
        if let Some(stores) = &self.stores {
            return self.adopt_in(stores);
        }
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd.described {
            return self.adopt_in_etcd(etcd);
        }
        let settled = self.clone().settled()?;
        let adopted = match settled.state_store(&self.all_rows()?)? {
            Some(store) => store.adopt_copy(self.patience_ms),
            None => settled.file_store(&home_of(self.home.clone())?)?.adopt_copy(self.patience_ms),
        };
        Ok(adopted.map_err(credlatch_core::engine::TransactError::from)?)
    }

    /// Finds the files that lie outside of the store; from then on an empty path is the word for none.
    pub(super) fn settled(mut self) -> Result<Self, Error> {
        self.claims = Some(CLAIMS.find(self.claims)?.unwrap_or_default());
        self.fingerprint_key = Some(KEY.find(self.fingerprint_key)?.unwrap_or_default());
        self.with_keys_of_seals()
    }

    /// The store in this home.
    pub(in crate::latch) fn file_store(&self, home: &Path) -> Result<crate::file::FileStore, Error> {
        let store = crate::file::FileStore::new(home, &self.profile).trusting_file_system(self.trusts_file_system);
        let store = store.mapping_word(self.maps_word).remembering(self.claims_file()).keyed_by(self.key_file());
        Ok(store.sealing(self.sealing(Some(home))?))
    }

    /// The directory of the store, once it was opened, if it is one.
    #[cfg(feature = "env")]
    pub(in crate::latch) fn directory(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// What people call the store, if it is none in this directory though there is one.
    #[cfg(any(feature = "env", feature = "doctor"))]
    #[cfg_attr(not(feature = "etcd"), expect(clippy::unused_self, reason = "without etcd there is none"))]
    pub(in crate::latch) fn elsewhere(&self) -> Option<String> {
        #[cfg(feature = "etcd")]
        return self.etcd.described.as_ref().map(ToString::to_string);
        #[cfg(not(feature = "etcd"))]
        None
    }

    pub(super) fn claims_file(&self) -> Option<PathBuf> {
        self.claims.clone().filter(|file| !file.as_os_str().is_empty())
    }

    fn key_file(&self) -> Option<PathBuf> {
        self.fingerprint_key.clone().filter(|file| !file.as_os_str().is_empty())
    }

    /// The store of states, if it is one in a document of its own.
    pub(in crate::latch) fn state_store(&self, table: &Arc<Table>) -> Result<Option<Box<dyn StateStore>>, Error> {
        let Some(Document { path, what, open, .. }) = &self.states else { return Ok(None) };
        table::no_tilde(path, what)?;
        let means = Means {
            table: Arc::clone(table),
            trusts_file_system: self.trusts_file_system,
            claims: self.claims_file(),
            fingerprint_key: self.key_file(),
        };
        Ok(Some(open(path, means)?))
    }

    /// Where it lies what a person agreed to: in the home, for a document of another program and for a store of the program's
    /// own in the usual one. A latch that keeps nothing has none.
    pub(super) fn words(&self) -> Option<PathBuf> {
        let is_elsewhere = self.states.is_some() || self.stores.is_some();
        let usual = || is_elsewhere.then(|| crate::default_home().ok()).flatten();
        self.home.clone().or_else(usual)
    }
}

/// The home that was named, or the usual one.
#[cfg(all(feature = "file", unix))]
pub(super) fn home_of(named: Option<PathBuf>) -> Result<PathBuf, Error> {
    let home = named.map_or_else(crate::default_home, Ok)?;
    table::no_tilde(&home, "the home")?;
    Ok(home)
}

/// The directory for stores on this platform, such as `~/.local/share/credlatch`.
///
/// # Errors
/// The user has no home directory: [`ErrorKind::Usage`].
pub fn default_home() -> Result<std::path::PathBuf, Error> {
    use etcetera::BaseStrategy;
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Error::new(
            ErrorKind::Usage,
            "there is no home directory to keep credentials in",
            "set CREDLATCH_HOME, or give --home DIR",
        )
    })?;
    let home = strategy.data_dir().join("credlatch");
    if !home.is_absolute() {
        let what = "the user's home directory, as HOME names it, is not an absolute path";
        return Err(Error::new(ErrorKind::Usage, what, "mend HOME, set CREDLATCH_HOME, or give --home DIR"));
    }
    if strategy.home_dir() == Path::new("/") && !strategy.data_dir().is_dir() && !is_root() {
        let what = "HOME is /, which is no directory of this user's to keep credentials in";
        return Err(Error::new(ErrorKind::Usage, what, "set HOME or CREDLATCH_HOME, or give --home DIR"));
    }
    Ok(home)
}

/// Whether this user may make directories anywhere.
fn is_root() -> bool {
    #[cfg(unix)]
    let is_root = rustix::process::geteuid().is_root();
    #[cfg(not(unix))]
    let is_root = false;
    is_root
}

#[cfg(all(test, feature = "file", unix))]
mod tests {
    use super::*;

    #[test]
    fn who_wants_no_file_outside_of_the_store_gets_none_however_often_it_is_asked_for() {
        let none = Builder::default().claims("").fingerprint_key("");
        let settled = none.settled().unwrap().settled().unwrap();
        assert_eq!((settled.claims_file(), settled.key_file()), (None, None));
        let named = Builder::default().claims("/some/claims").fingerprint_key("/some/key").settled().unwrap();
        assert_eq!(named.claims_file(), Some("/some/claims".into()));
        assert_eq!(named.key_file(), Some("/some/key".into()));
    }
}
