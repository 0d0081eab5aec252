//! What a home says of seals: with which key its new profiles are sealed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::port::{StoreError, StoreErrorKind};
use serde::{Deserialize, Serialize};

use crate::codec::KeyId;
use crate::plain_file::{self, Unreadable};
use crate::private_file;

#[derive(Serialize, Deserialize)]
struct Marker {
    version: u64,
    key: KeyId,
}

const VERSION: u64 = 1;

fn path(home: &Path) -> PathBuf {
    home.join("seal.json")
}

/// The key of new profiles; none if they are not sealed.
pub(crate) fn read(home: &Path) -> Result<Option<KeyId>, StoreError> {
    let path = path(home);
    let refuse = |why: String| {
        let what = format!("{} {why}, so whether this home is sealed isn't known", path.display());
        StoreError::new(
            StoreErrorKind::Unreadable,
            what,
            "remove it, and run `credlatch seal` again, or `credlatch unseal`",
        )
    };
    let text = match plain_file::read(&path) {
        Err(Unreadable::Failed(io::ErrorKind::NotADirectory)) => {
            let what = format!("{} is not a directory, so it can't be a home", home.display());
            return Err(StoreError::new(
                StoreErrorKind::Unreadable,
                what,
                "name a directory, or one that is to be made",
            ));
        }
        Err(Unreadable::Denied) => {
            let what = format!("this user may not look into {}", home.display());
            let remedy = "run as the user who owns it, or give it back to yourself with `chown`";
            return Err(StoreError::new(StoreErrorKind::Denied, what, remedy));
        }
        read => read.map_err(|why| refuse(why.to_string()))?,
    };
    let Some(text) = text else { return Ok(None) };
    let marker = serde_json::from_str::<Marker>(&text).ok().filter(|marker| marker.version == VERSION);
    marker.map(|marker| Some(marker.key)).ok_or_else(|| refuse("is not what credlatch wrote".to_owned()))
}

/// Whether nothing is stored in a home yet. One that can't be looked into may have something.
pub(crate) fn is_new(home: &Path) -> bool {
    let is_document = |entry: io::Result<fs::DirEntry>| {
        entry.map_or(true, |entry| entry.path().extension().is_some_and(|end| end == "json"))
    };
    match fs::read_dir(home.join("profiles")) {
        Ok(mut entries) => !entries.any(is_document),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// From now on new profiles are sealed with this key, or not at all.
pub(crate) fn write(home: &Path, key: Option<KeyId>) -> Result<(), StoreError> {
    let path = path(home);
    let written = match key {
        Some(key) => {
            let bytes = serde_json::to_vec(&Marker { version: VERSION, key }).unwrap_or_default();
            private_file::replace(&path, &bytes)
        }
        None => match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    };
    written.map_err(|error| failed("write", &path, &error))
}

fn failed(what: &str, path: &Path, error: &io::Error) -> StoreError {
    StoreError::new(
        StoreErrorKind::Failed,
        format!("could not {what} {}: {error}", path.display()),
        "look at its permissions, and at the disk",
    )
}
