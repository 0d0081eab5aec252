//! Where a key comes from. It is chosen once, and nothing else is tried where it isn't there.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::port::{StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::command;
use super::key::SealKey;
use super::key_store::KeyStore;
#[cfg(feature = "etcd")]
use crate::codec::KeyId;
use crate::error::{Error, ErrorKind};
use crate::key_file;
use crate::table::no_tilde;
use crate::trusted::{self, Distrust};
use crate::whole::whole;

/// The variable that names the file of a key.
pub(super) const FILE_VARIABLE: &str = "CREDLATCH_SEAL_KEY_FILE";
/// The variable with the command that prints a key.
pub(super) const COMMAND_VARIABLE: &str = "CREDLATCH_SEAL_KEY_COMMAND";
/// The variable that names the entry of the system's key store.
pub(super) const STORE_VARIABLE: &str = "CREDLATCH_SEAL_KEY_STORE";
/// The variable by which a service finds its credentials (systemd.exec(5)).
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// What the key is called among others: a service's credentials, and the entries of a key store.
pub(super) const KEY_NAME: &str = "credlatch-seal-key";

/// Where the key is that a store is sealed with: 32 bytes, as 64 hexadecimal digits.
///
/// ```
/// use credlatch::SealKeySource;
///
/// assert_eq!(SealKeySource::file("/etc/credlatch/seal.key").to_string(), "the file /etc/credlatch/seal.key");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SealKeySource {
    /// A file that this user alone may read.
    File(PathBuf),
    /// What a command prints; a shell runs it, once in each process that needs the key.
    Command(String),
    /// `credlatch-seal-key` in the directory that `CREDENTIALS_DIRECTORY` names, as systemd hands it to a service.
    Credential,
    /// The entry of this name in the system's key store, of the service `credlatch-seal-key`. It is read by a program with the feature
    /// `keyring` that brings the store: `Builder::key_store`, or keyring-core's default.
    KeyStore(String),
}

impl fmt::Display for SealKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            // A command may have a password in it.
            Self::Command(_) => f.write_str("the command that prints it"),
            Self::Credential => write!(f, "the service's credential {KEY_NAME}"),
            Self::KeyStore(name) => write!(f, "the entry `{name}` of the system's key store"),
        }
    }
}

impl SealKeySource {
    /// A file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_owned())
    }

    /// The one that `CREDLATCH_SEAL_KEY_FILE`, `CREDLATCH_SEAL_KEY_COMMAND` or `CREDLATCH_SEAL_KEY_STORE` names, or the service's
    /// credential if it has one; none if there is none of them.
    ///
    /// # Errors
    /// Two of them are set, or one is no whole path or no text.
    pub fn from_env() -> Result<Option<Self>, Error> {
        let set = |variable| Some((variable, std::env::var_os(variable).filter(|value| !value.is_empty())?));
        let mut named = [FILE_VARIABLE, COMMAND_VARIABLE, STORE_VARIABLE].into_iter().filter_map(set);
        let Some((variable, value)) = named.next() else {
            return Ok(credential().filter(|file| is_there(file)).map(|_| Self::Credential));
        };
        if let Some((other, _)) = named.next() {
            let what = format!("{variable} and {other} both say where the seal's key is");
            return Err(Error::new(ErrorKind::Usage, what, "leave one of them out"));
        }
        Self::named(variable, value).map(Some)
    }

    /// What one of the variables names.
    fn named(variable: &str, value: OsString) -> Result<Self, Error> {
        if variable != FILE_VARIABLE {
            let text = value.into_string().map_err(|_| {
                Error::new(ErrorKind::Usage, format!("{variable} is not text"), "write what it is to be as text")
            })?;
            if variable == COMMAND_VARIABLE && command::is_of_one_directory(&text) {
                let what =
                    format!("{variable} begins with a relative path, so it would be another command in each directory");
                return Err(Error::new(ErrorKind::Usage, what, "write the whole path, beginning with /"));
            }
            return Ok(if variable == COMMAND_VARIABLE { Self::Command(text) } else { Self::KeyStore(text) });
        }
        let file = PathBuf::from(value);
        no_tilde(&file, variable)?;
        if file.is_absolute() {
            return Ok(Self::File(file));
        }
        let what = format!("{variable} is not an absolute path, so it would mean another file in each directory");
        Err(Error::new(ErrorKind::Usage, what, "write the whole path, beginning with /"))
    }

    /// The same from wherever this process is, so that it means the same elsewhere. What a command's arguments say is the command's.
    ///
    /// # Errors
    /// A `~` stands there that no shell has replaced.
    #[doc(hidden)]
    pub fn whole(self) -> Result<Self, Error> {
        Ok(match self {
            Self::File(file) => {
                no_tilde(&file, "the file of the seal's key")?;
                Self::File(whole(file))
            }
            Self::Command(command) => Self::Command(command::from_anywhere(command)),
            other => other,
        })
    }

    /// The key itself.
    pub(super) fn key(&self, store: &KeyStore) -> Result<SealKey, StoreError> {
        let bytes = match self {
            Self::File(file) => of_file(file)?,
            Self::Command(command) => command::key(command)?,
            Self::Credential => of_service()?,
            Self::KeyStore(name) => store.key(name)?,
        };
        Ok(SealKey::new(bytes))
    }

    /// The id of the key.
    #[cfg(feature = "etcd")]
    pub(crate) fn id(&self, key_store: &KeyStore) -> Result<KeyId, StoreError> {
        Ok(self.key(key_store)?.id())
    }

    /// Makes the key, if it is to be in a file or a key store and there is none. Returns whether it did. The caller keeps others who would
    /// make one out.
    pub(crate) fn make_if_missing(&self, store: &KeyStore) -> Result<bool, StoreError> {
        let file = match self {
            Self::File(file) => file,
            Self::KeyStore(name) => return store.make_if_missing(name),
            Self::Command(_) | Self::Credential => return Ok(false),
        };
        key_file::sweep(file);
        if fs::symlink_metadata(file).is_ok() {
            return Ok(false);
        }
        key_file::make(file).map(|()| true).map_err(|error| {
            let what = format!("no key can be made in {}: {error}", file.display());
            StoreError::new(StoreErrorKind::Failed, what, "name a file that can be written")
        })
    }
}

pub(super) type KeyBytes = Zeroizing<[u8; key_file::KEY_BYTES]>;

pub(super) fn sealed(what: impl Into<String>, remedy: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Sealed, what, remedy)
}

/// Why what lies in a file is not used.
fn distrusted(file: &Path, why: Distrust) -> StoreError {
    sealed(format!("the seal's key in {} is not used: {}", file.display(), why.what), why.remedy)
}

/// That the key isn't there, and where it should be.
pub(super) fn missing(place: impl fmt::Display, remedy: impl Into<String>) -> StoreError {
    sealed(format!("the seal's key is not at hand: {place}"), remedy)
}

pub(super) fn no_file(file: &Path, remedy: impl Into<String>) -> StoreError {
    missing(format_args!("there is no file {}", file.display()), remedy)
}

fn of_file(file: &Path) -> Result<KeyBytes, StoreError> {
    let read = key_file::read(file, "restore it from your copy of the key").map_err(|why| distrusted(file, why))?;
    read.ok_or_else(|| no_file(file, "bring the file back, or mount what it is on; nothing was changed"))
}

fn of_service() -> Result<KeyBytes, StoreError> {
    let remedy = format!(
        "give the service `LoadCredential={KEY_NAME}:FILE` (systemd.exec(5)), or name another place for the key"
    );
    let Some(file) = credential() else {
        return Err(missing(format_args!("{CREDENTIALS_DIRECTORY} is not set"), remedy));
    };
    let text = trusted::read(&file).map_err(|why| distrusted(&file, why))?;
    let Some(text) = text else { return Err(no_file(&file, remedy)) };
    key_file::parse(&text).ok_or_else(|| sealed(format!("{} holds no key", file.display()), remedy))
}

fn credential() -> Option<PathBuf> {
    let folder = std::env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from)?;
    folder.is_absolute().then(|| folder.join(KEY_NAME))
}

/// Whether something is there, whether or not it can be read: what can't is an error, and not another source.
pub(super) fn is_there(file: &Path) -> bool {
    let seen = fs::symlink_metadata(file);
    seen.err().is_none_or(|error| !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_only_for_its_user() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (store, source) = (KeyStore::default(), SealKeySource::file(folder.path().join("seal.key")));
        assert_eq!(source.key(&store).unwrap_err().kind, StoreErrorKind::Sealed);
        source.make_if_missing(&store).unwrap();
        let id = source.key(&store).unwrap().id();
        source.make_if_missing(&store).unwrap();
        assert_eq!(source.key(&store).unwrap().id(), id);
        let SealKeySource::File(file) = &source else { unreachable!() };
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = source.key(&store).unwrap_err();
        assert!(error.what.contains("others may read"), "{}", error.what);
    }
}
