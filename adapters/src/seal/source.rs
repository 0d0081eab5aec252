//! Where a key comes from. It is chosen once, and nothing else is tried where it isn't there.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use credlatch_core::port::{StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::key::SealKey;
use crate::error::{Error, ErrorKind};
use crate::key_file;
use crate::table::no_tilde;
use crate::trusted::{self, Distrust};
use crate::whole::whole;

/// The variable that names the file of a key.
pub(super) const FILE_VARIABLE: &str = "CREDLATCH_SEAL_KEY_FILE";
/// The variable with the command that prints a key.
pub(super) const COMMAND_VARIABLE: &str = "CREDLATCH_SEAL_KEY_COMMAND";
/// The variable by which a service finds its credentials (systemd.exec(5)).
pub(super) const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// What a command that prints a key inherits: if it asks us for a sealed store, it would be started again, and so on.
const ASKED: &str = "CREDLATCH_SEAL_KEY_ASKED";
/// More than any command prints that prints a key, in bytes.
const MOST_BYTES: usize = 1024;
/// The name of the key among a service's credentials.
const CREDENTIAL: &str = "credlatch-seal-key";

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
}

impl fmt::Display for SealKeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) => write!(f, "the file {}", file.display()),
            // A command may have a password in it.
            Self::Command(_) => f.write_str("the command that prints it"),
            Self::Credential => write!(f, "the service's credential {CREDENTIAL}"),
        }
    }
}

impl SealKeySource {
    /// A file.
    pub fn file(path: impl AsRef<Path>) -> Self {
        Self::File(path.as_ref().to_owned())
    }

    /// The one that `CREDLATCH_SEAL_KEY_FILE` or `CREDLATCH_SEAL_KEY_COMMAND` names, or the service's credential if it has one; none if
    /// there is none of them.
    ///
    /// # Errors
    /// Both are set, or one is no whole path or no text.
    pub fn from_env() -> Result<Option<Self>, Error> {
        let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        match (named(FILE_VARIABLE), named(COMMAND_VARIABLE)) {
            (Some(_), Some(_)) => Err(Error::new(
                ErrorKind::Usage,
                format!("{FILE_VARIABLE} and {COMMAND_VARIABLE} both say where the seal's key is"),
                "leave one of them out",
            )),
            (Some(file), None) => {
                let file = PathBuf::from(file);
                no_tilde(&file, FILE_VARIABLE)?;
                if file.is_absolute() {
                    return Ok(Some(Self::File(file)));
                }
                let what =
                    format!("{FILE_VARIABLE} is not an absolute path, so it would mean another file in each directory");
                Err(Error::new(ErrorKind::Usage, what, "write the whole path, beginning with /"))
            }
            (None, Some(command)) => match command.into_string() {
                Ok(command) => Ok(Some(Self::Command(command))),
                Err(_) => Err(Error::new(
                    ErrorKind::Usage,
                    format!("{COMMAND_VARIABLE} is not text"),
                    "write a command that a shell runs",
                )),
            },
            (None, None) => Ok(credential().filter(|file| is_there(file)).map(|_| Self::Credential)),
        }
    }

    /// The same from wherever this process is, so that it means the same elsewhere.
    pub(crate) fn whole(self) -> Result<Self, Error> {
        Ok(match self {
            Self::File(file) => {
                no_tilde(&file, "the file of the seal's key")?;
                Self::File(whole(file))
            }
            other => other,
        })
    }

    /// The key itself.
    pub(super) fn key(&self) -> Result<SealKey, StoreError> {
        let bytes = match self {
            Self::File(file) => of_file(file)?,
            Self::Command(command) => of_command(command)?,
            Self::Credential => of_service()?,
        };
        Ok(SealKey::new(bytes))
    }

    /// Makes the key, if it is to be in a file and there is none. Returns whether it did.
    pub(crate) fn make_if_missing(&self) -> Result<bool, StoreError> {
        let Self::File(file) = self else { return Ok(false) };
        if fs::symlink_metadata(file).is_ok() {
            return Ok(false);
        }
        key_file::make(file).map(|()| true).map_err(|error| {
            let what = format!("no key can be made in {}: {error}", file.display());
            StoreError::new(StoreErrorKind::Failed, what, "name a file that can be written")
        })
    }
}

type KeyBytes = Zeroizing<[u8; key_file::KEY_BYTES]>;

fn sealed(what: impl Into<String>, remedy: impl Into<String>) -> StoreError {
    StoreError::new(StoreErrorKind::Sealed, what, remedy)
}

/// Why what lies in a file is not used.
fn distrusted(file: &Path, why: Distrust) -> StoreError {
    sealed(format!("the seal's key in {} is not used: {}", file.display(), why.what), why.remedy)
}

fn missing(file: &Path, remedy: impl Into<String>) -> StoreError {
    sealed(format!("the seal's key is not at hand: there is no file {}", file.display()), remedy)
}

fn of_file(file: &Path) -> Result<KeyBytes, StoreError> {
    let read = key_file::read(file, "restore it from your copy of the key").map_err(|why| distrusted(file, why))?;
    read.ok_or_else(|| missing(file, "bring the file back, or mount what it is on; nothing was changed"))
}

fn of_command(command: &str) -> Result<KeyBytes, StoreError> {
    let said = run(command).map_err(|why| {
        let remedy = "run it by hand, and mend what it says; it prints 64 hexadecimal digits";
        sealed(format!("the command for the seal's key {why}"), remedy)
    })?;
    key_file::parse(&said).ok_or_else(|| {
        let remedy = "it prints 64 hexadecimal digits, and nothing else, on its standard output";
        sealed("what the command for the seal's key prints is no key", remedy)
    })
}

fn of_service() -> Result<KeyBytes, StoreError> {
    let remedy = format!(
        "give the service `LoadCredential={CREDENTIAL}:FILE` (systemd.exec(5)), or name another place for the key"
    );
    let Some(file) = credential() else {
        return Err(sealed(format!("the seal's key is not at hand: {CREDENTIALS_DIRECTORY} is not set"), remedy));
    };
    let text = trusted::read(&file).map_err(|why| distrusted(&file, why))?;
    let Some(text) = text else { return Err(missing(&file, remedy)) };
    key_file::parse(&text).ok_or_else(|| sealed(format!("{} holds no key", file.display()), remedy))
}

fn credential() -> Option<PathBuf> {
    let folder = std::env::var_os(CREDENTIALS_DIRECTORY).map(PathBuf::from)?;
    folder.is_absolute().then(|| folder.join(CREDENTIAL))
}

/// Whether something is there, whether or not it can be read: what can't is an error, and not another source.
fn is_there(file: &Path) -> bool {
    let seen = fs::symlink_metadata(file);
    seen.err().is_none_or(|error| !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory))
}

/// What a command prints. It gets no input, and what it says of trouble goes where this process' errors go.
fn run(command: &str) -> Result<Zeroizing<String>, String> {
    if std::env::var_os(ASKED).is_some() {
        return Err("asks credlatch for a store that is sealed with the same key".to_owned());
    }
    let mut shell = Command::new("/bin/sh");
    shell.arg("-c").arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).env(ASKED, "1");
    let mut child = shell.spawn().map_err(|error| format!("can't be run: {error}"))?;
    let mut said = Zeroizing::new(Vec::with_capacity(MOST_BYTES + 1));
    let out = child.stdout.take().map(|out| out.take(MOST_BYTES as u64 + 1).read_to_end(&mut said));
    if said.len() > MOST_BYTES {
        let _ = child.kill();
    }
    let status = child.wait().map_err(|error| format!("can't be waited for: {error}"))?;
    if said.len() > MOST_BYTES {
        return Err("prints more than a key".to_owned());
    }
    if let Some(Err(error)) = out {
        return Err(format!("can't be read: {error}"));
    }
    if !status.success() {
        return Err(format!("failed: {status}"));
    }
    std::str::from_utf8(&said).map(|said| Zeroizing::new(said.to_owned())).map_err(|_| "printed no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_s_words_are_no_part_of_an_error() {
        let source = SealKeySource::Command("echo not-a-key-but-secret; exit 3".to_owned());
        let error = source.key().unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Sealed);
        assert_eq!(error.what, "the command for the seal's key failed: exit status: 3");
        for much in ["yes", "yes | head -c 2000; exit 0"] {
            let error = SealKeySource::Command(much.to_owned()).key().unwrap_err();
            assert_eq!(error.what, "the command for the seal's key prints more than a key");
        }
        let source = SealKeySource::Command("echo not-a-key-but-secret".to_owned());
        assert!(!format!("{:?} {source}", source.key().unwrap_err()).contains("secret"));
    }

    #[test]
    fn a_key_is_made_once_and_only_for_its_user() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let source = SealKeySource::file(folder.path().join("seal.key"));
        assert_eq!(source.key().unwrap_err().kind, StoreErrorKind::Sealed);
        source.make_if_missing().unwrap();
        let id = source.key().unwrap().id();
        source.make_if_missing().unwrap();
        assert_eq!(source.key().unwrap().id(), id);
        let SealKeySource::File(file) = &source else { unreachable!() };
        fs::set_permissions(file, fs::Permissions::from_mode(0o644)).unwrap();
        let error = source.key().unwrap_err();
        assert!(error.what.contains("others may read"), "{}", error.what);
    }
}
