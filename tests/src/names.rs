//! The names of the repository's tests, so that a document that names one can be held to it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The names of all test functions.
///
/// # Errors
/// A folder or a file can't be read.
pub fn tests() -> io::Result<BTreeSet<String>> {
    let mut found = Vec::new();
    files(&root(), &mut found)?;
    let mut names = BTreeSet::new();
    for file in found {
        let text = fs::read_to_string(file)?;
        for (at, _) in text.match_indices("fn ") {
            let rest = &text[at + 3..];
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            // A function takes arguments; a test takes none.
            if rest[end..].starts_with("()") {
                names.insert(rest[..end].to_owned());
            }
        }
    }
    Ok(names)
}

/// The Rust files of a folder.
///
/// # Errors
/// It can't be read.
pub fn files(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != "node_modules" && !name.starts_with('.') {
                files(&path, found)?;
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    Ok(())
}
