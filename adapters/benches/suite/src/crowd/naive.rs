//! The writer that one would write otherwise: flock, read, change, a new file, fsync, rename, fsync of the directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Map, Value, json};

use super::{ISSUER, key};

/// Stores one key.
pub fn set(home: &Path, number: usize) -> io::Result<()> {
    change(home, |rows| {
        drop(rows.insert(format!("w{number}"), json!({ "key": key(number), "source": "set", "version": 1 })))
    })
}

/// Stores another key under one name.
pub fn replace(home: &Path, number: usize) -> io::Result<()> {
    change(home, |rows| {
        drop(rows.insert("w0".into(), json!({ "key": key(number), "source": "set", "version": number })))
    })
}

/// Gets a token that is good, as one of many who find that it has ended.
pub fn refresh(home: &Path) -> io::Result<()> {
    change(home, |rows| {
        if rows.get("access").is_none_or(|access| access != "access-2") {
            thread::sleep(ISSUER);
            rows.insert("access".into(), "access-2".into());
            rows.insert("refresh".into(), "refresh-2".into());
        }
    })
}

/// How many keys are stored.
pub fn count(home: &Path) -> io::Result<usize> {
    Ok(read(&document(home))?.len())
}

fn change(home: &Path, change: impl FnOnce(&mut Map<String, Value>)) -> io::Result<()> {
    let path = document(home);
    let lock =
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path.with_extension("lock"))?;
    fs4::FileExt::lock(&lock)?;
    let mut rows = read(&path)?;
    let before = rows.clone();
    change(&mut rows);
    if rows == before {
        return Ok(());
    }
    let draft = path.with_extension("tmp");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&serde_json::to_vec(&rows)?)?;
    file.sync_all()?;
    fs::rename(&draft, &path)?;
    File::open(home)?.sync_all()
}

fn read(path: &Path) -> io::Result<Map<String, Value>> {
    match fs::read(path) {
        Ok(bytes) => Ok(serde_json::from_slice(&bytes)?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Map::new()),
        Err(error) => Err(error),
    }
}

/// The file.
pub fn document(home: &Path) -> PathBuf {
    home.join("keys.json")
}
