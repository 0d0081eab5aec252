//! Sealing a home, taking the seals off, and changing their key.

use std::path::{Path, PathBuf};

use credlatch_core::engine::TransactError;
use credlatch_core::name::ProfileName;

use super::Builder;
use super::place::home_of;
use crate::codec::KeyId;
use crate::error::{Error, ErrorKind};
use crate::latch::profiles::listed;
use crate::outside::is_in_home;
use crate::seal::{SealKeySource, marker};

impl Builder {
    /// Seals each profile of the home, and those that come, with the key from there; a file that isn't there yet is made. Remembers
    /// where the key comes from, in this user's directory for state, so that it need not be said again on this machine. Returns the
    /// profiles that were sealed by this.
    ///
    /// A process that is at work on a login is waited for, as long as the builder's patience. What was stored before lies in blocks of
    /// the disk that are free now, and in backups, in plain text: rotate what must not be found there.
    ///
    /// # Errors
    /// The home is sealed with another key ([`Builder::rekey`]); the key can't be read, or would lie in the home; the store is none
    /// in a directory; some process is at work on a login. What was sealed until then stays sealed, and the same call goes on.
    pub fn seal(&self, source: SealKeySource) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.of_home()?;
        let keys = builder.find_keys_of_seals()?;
        let source = outside(source.whole()?, &home)?;
        let key = keys.make(&source)?;
        if let Some(other) = marker::read(&home)?.filter(|other| *other != key) {
            let what = format!("{} is sealed with another key, {other}, and not with {key}", home.display());
            return Err(Error::new(ErrorKind::Sealed, what, "to change the key, run `credlatch rekey`"));
        }
        keys.know(key, &source)?;
        builder.reseal_home(&home, Some(key))
    }

    /// Takes the seals off: each profile is plain text again. Returns the profiles that were sealed until now.
    ///
    /// # Errors
    /// As [`Builder::seal`].
    pub fn unseal(&self) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.of_home()?;
        builder.reseal_home(&home, None)
    }

    /// Seals each profile of the home with another key. Once it is done the old key opens only what lies in backups and free blocks
    /// of the disk: destroy it, and nobody can open that any more. Returns the profiles whose key was changed.
    ///
    /// # Errors
    /// As [`Builder::seal`]; with an error some profiles may have the new key and some the old one, and the same call goes on.
    pub fn rekey(&self, source: SealKeySource) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.of_home()?;
        let keys = builder.find_keys_of_seals()?;
        let source = outside(source.whole()?, &home)?;
        let key = keys.make(&source)?;
        if marker::read(&home)?.is_none() {
            let what = format!("{} is not sealed", home.display());
            return Err(Error::new(ErrorKind::Sealed, what, "seal it: `credlatch seal`"));
        }
        keys.know(key, &source)?;
        builder.reseal_home(&home, Some(key))
    }

    /// The same with a home, if it is a store in a directory.
    fn of_home(&self) -> Result<(Self, PathBuf), Error> {
        if self.states.is_some() || self.stores.is_some() || self.memory.is_some() {
            let what = "only a store in a directory is sealed by itself";
            return Err(Error::new(
                ErrorKind::Usage,
                what,
                "give a store of the program's own its key with `Builder::seal_key`; another program's file has no seals",
            ));
        }
        let home = crate::whole::whole(home_of(self.home.clone())?);
        Ok((self.clone().home(&home).settled()?, home))
    }

    /// Commits each profile once more, and says with which key new ones are sealed; those that came meanwhile are committed after that.
    fn reseal_home(&self, home: &Path, key: Option<KeyId>) -> Result<Vec<ProfileName>, Error> {
        let mut changed = self.reseal(home, key)?;
        marker::write(home, key)?;
        changed.extend(self.reseal(home, key)?);
        Ok(changed)
    }

    /// Commits each profile once more, under this key.
    fn reseal(&self, home: &Path, key: Option<KeyId>) -> Result<Vec<ProfileName>, Error> {
        let mut changed = Vec::new();
        for profile in listed(home)? {
            let builder = self.clone().profile(profile.clone());
            // What dead actors have left is settled first: it was written down under the old key.
            builder.clone().open()?.engine().transact(&[])?;
            if builder.file_store(home)?.reseal(key, self.patience_ms).map_err(TransactError::from)? {
                changed.push(profile);
            }
        }
        Ok(changed)
    }
}

/// The source, unless it is a file that would be taken away together with what it opens.
fn outside(source: SealKeySource, home: &Path) -> Result<SealKeySource, Error> {
    let SealKeySource::File(file) = &source else { return Ok(source) };
    if is_in_home(file, home) {
        let what = format!("the key would lie in {}, beside what it seals", home.display());
        return Err(Error::new(ErrorKind::Usage, what, "name a file that backups of the store don't take along"));
    }
    Ok(source)
}
