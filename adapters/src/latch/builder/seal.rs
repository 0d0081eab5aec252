//! Sealing a home, taking the seals off, and changing their key.

use std::path::{Path, PathBuf};

use credlatch_core::engine::TransactError;
use credlatch_core::name::ProfileName;
use credlatch_core::port::Store as _;

use super::Builder;
use super::place::home_of;
use super::seal_key::must_be_outside;
use crate::codec::KeyId;
use crate::error::{Error, ErrorKind};
use crate::latch::profiles::{begun, listed};
use crate::seal::{PlainText, SealKeySource, marker};

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
    pub fn seal(&self, source: &SealKeySource) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.of_home()?;
        let marked = marker::read(&home)?;
        // The key of what is sealed already is somewhere, or lost: another one in its place would hide that.
        if marked.is_none() {
            builder.check(&home)?;
        }
        let key = builder.prove(source, &home, marked.is_none())?;
        if let Some(other) = marked.filter(|other| *other != key) {
            let what = format!("{} is sealed with another key, {other}, and not with {key}", home.display());
            return Err(Error::new(ErrorKind::Sealed, what, "to change the key, run `credlatch rekey`"));
        }
        builder.check(&home)?;
        let changed = builder.reseal(&home, Some(key))?;
        builder.mark(&home, key, changed)
    }

    /// Takes the seals off: each profile is plain text again. Returns the profiles that were sealed until now.
    ///
    /// # Errors
    /// As [`Builder::seal`].
    pub fn unseal(&self) -> Result<Vec<ProfileName>, Error> {
        let (builder, home) = self.of_home()?;
        builder.check(&home)?;
        marker::write(&home, None)?;
        builder.reseal(&home, None)
    }

    /// Seals each profile of the home with another key. Once it is done the old key opens only what lies in backups and free blocks
    /// of the disk: destroy it, and nobody can open that any more. Where it is is forgotten, unless another home was sealed with it.
    /// Returns the profiles whose key was changed.
    ///
    /// # Errors
    /// As [`Builder::seal`]; with an error some profiles may have the new key and some the old one, and the same call goes on.
    pub fn rekey(&self, source: &SealKeySource) -> Result<Vec<ProfileName>, Error> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd.described {
            return self.rekey_in_etcd(etcd, source);
        }
        let (builder, home) = self.of_home()?;
        if marker::read(&home)?.is_none() {
            let what = format!("{} is not sealed, so it has no key to change", home.display());
            return Err(Error::new(ErrorKind::Usage, what, "seal it: `credlatch seal`"));
        }
        builder.check(&home)?;
        let key = builder.prove(source, &home, true)?;
        let changed = builder.reseal(&home, Some(key))?;
        builder.mark(&home, key, changed)
    }

    /// Whether what is stored there is sealed: always in etcd, and in a directory once [`Builder::seal`] did so.
    ///
    /// # Errors
    /// The mark of it can't be read.
    pub fn is_sealed(&self) -> Result<bool, Error> {
        #[cfg(feature = "etcd")]
        if self.etcd.described.is_some() {
            return Ok(true);
        }
        if self.states.is_some() || self.stores.is_some() || self.memory.is_some() {
            return Ok(false);
        }
        Ok(marker::read(&crate::whole::whole(home_of(self.home.clone())?))?.is_some())
    }

    /// Where the key is that the home is sealed with, as it was said before on this machine; none if it isn't sealed, or nobody has
    /// said so.
    ///
    /// # Errors
    /// What was said can't be read; or the store is none in a directory.
    pub fn known_seal_key(&self) -> Result<Option<SealKeySource>, Error> {
        let (builder, home) = self.of_home()?;
        let Some(key) = marker::read(&home)? else { return Ok(None) };
        Ok(builder.find_keys_of_seals()?.source(key)?)
    }

    /// The profiles for which [`Builder::seal`] waits now, each with the processes that are at work on it, as far as that can be told.
    #[must_use]
    pub fn at_work(&self) -> Vec<(ProfileName, Vec<u32>)> {
        let Ok((builder, home)) = self.of_home() else { return Vec::new() };
        let at_work = |profile: ProfileName| {
            let pids = builder.clone().profile(profile.clone()).file_store(&home).ok()?.at_work()?;
            Some((profile, pids))
        };
        begun(&home).unwrap_or_default().into_iter().filter_map(at_work).collect()
    }

    /// The same with a home, if it is a store in a directory.
    fn of_home(&self) -> Result<(Self, PathBuf), Error> {
        #[cfg(feature = "etcd")]
        if let Some(etcd) = &self.etcd.described {
            let what = format!("what is in {etcd} is always sealed");
            return Err(Error::new(ErrorKind::Usage, what, "to change its key, run `credlatch rekey`"));
        }
        if self.states.is_some() || self.stores.is_some() || self.memory.is_some() {
            let what = "only a store in a directory is sealed by itself";
            return Err(Error::new(
                ErrorKind::Usage,
                what,
                "give a store of the program's own its key with `Builder::seal_key`; another program's file has no seals",
            ));
        }
        let home = crate::whole::whole(home_of(self.home.clone())?);
        let resealing = Self { plain_text: PlainText::Taken, ..self.clone() };
        Ok((resealing.home(&home).settled()?, home))
    }

    /// The key of this source, which gives it twice; from now on it is known where that is.
    fn prove(&self, source: &SealKeySource, home: &Path, makes: bool) -> Result<KeyId, Error> {
        let source = source.clone().whole()?;
        if let SealKeySource::File(file) = &source {
            must_be_outside(file, home)?;
        }
        let keys = self.find_keys_of_seals()?;
        let key = keys.prove(&source, makes)?;
        keys.know(key, &source)?;
        Ok(key)
    }

    /// Reads each profile, so that nothing is begun that can't be ended.
    fn check(&self, home: &Path) -> Result<(), Error> {
        for profile in listed(home)? {
            self.clone().profile(profile).file_store(home)?.load()?;
        }
        Ok(())
    }

    /// From now on new profiles are sealed with this key; those that came meanwhile are too. Then nothing of the home needs another one.
    fn mark(&self, home: &Path, key: KeyId, mut changed: Vec<ProfileName>) -> Result<Vec<ProfileName>, Error> {
        marker::write(home, Some(key))?;
        changed.extend(self.reseal(home, Some(key))?);
        self.find_keys_of_seals()?.know_home(home, key)?;
        Ok(changed)
    }

    /// Commits each profile once more, under this key. Profiles that somebody is making are waited for, and where one can't be
    /// changed the others are all the same.
    fn reseal(&self, home: &Path, key: Option<KeyId>) -> Result<Vec<ProfileName>, Error> {
        let (mut changed, mut left, mut why) = (Vec::new(), Vec::new(), None);
        for profile in begun(home)? {
            match self.clone().profile(profile.clone()).reseal_one(home, key) {
                Ok(true) => changed.push(profile),
                Ok(false) => {}
                Err(error) => {
                    left.push(profile.to_string());
                    why.get_or_insert(error);
                }
            }
        }
        let Some(why) = why else { return Ok(changed) };
        let what = format!("{why}; not changed: {}", left.join(", "));
        Err(Error::new(why.kind(), what, format!("{}; then do the same again, which goes on", why.remedy())))
    }

    fn reseal_one(&self, home: &Path, key: Option<KeyId>) -> Result<bool, Error> {
        // What dead actors have left is settled first: it was written down under the old key.
        self.clone().open()?.engine().transact(&[])?;
        Ok(self.file_store(home)?.reseal(key, self.patience_ms).map_err(TransactError::from)?)
    }
}
