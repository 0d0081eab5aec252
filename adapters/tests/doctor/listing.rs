//! Everything below a directory: names, kinds, permissions, owners, times and bytes. Two equal listings mean that nobody
//! wrote in between.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    path: PathBuf,
    mode: u32,
    owner: u32,
    inode: u64,
    names: u64,
    /// In nanoseconds; that of the last change can't be set by a program.
    written: (i64, i64),
    changed: (i64, i64),
    bytes: Vec<u8>,
}

pub(crate) fn listing(folder: &Path) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
        lines.push(Line {
            mode: metadata.mode(),
            owner: metadata.uid(),
            inode: metadata.ino(),
            names: metadata.nlink(),
            written: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            bytes: if metadata.is_file() { fs::read(&path).unwrap() } else { Vec::new() },
            path,
        });
    }
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    lines
}
