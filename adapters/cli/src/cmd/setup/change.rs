//! A change of one file, as it is planned: what the file holds, and what it is to hold.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use credlatch::plain_file;
use zeroize::Zeroizing;

use crate::end::{Done, End};

/// A program's file as it is now.
pub(super) struct Seen {
    /// The file itself: a symbolic link to it was followed, and stays.
    pub(super) path: PathBuf,
    /// Its text; none if there is no file.
    pub(super) text: Option<Zeroizing<String>>,
    /// Who may do what with it.
    pub(super) mode: Option<u32>,
}

/// What one file is to hold.
pub(super) struct Change {
    pub(super) seen: Seen,
    /// None if the file is to go.
    pub(super) after: Option<Zeroizing<String>>,
    /// The permissions of a file that isn't there yet.
    pub(super) mode: u32,
    /// What was put in is shown as it is: it has no secret, though it may look like one.
    pub(super) ours: Vec<String>,
}

impl Change {
    /// Whether the file holds something else now.
    pub(super) fn is_needed(&self) -> bool {
        self.seen.text != self.after
    }
}

impl Seen {
    /// Looks at a file that is to be rewritten, and refuses one that couldn't be put back as it was.
    pub(super) fn at(path: &Path) -> Done<Self> {
        let absent = |path: PathBuf| Ok(Self { path, text: None, mode: None });
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let meta = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return absent(path),
            Err(error) => return Err(refused(&path, &format!("can't be looked at: {error}"), "look at its directory")),
            Ok(meta) => meta,
        };
        let file = if meta.is_symlink() {
            fs::canonicalize(&path).map_err(|_| {
                refused(&path, "is a symbolic link that leads to nothing", "remove the link, or mend it")
            })?
        } else {
            path
        };
        let wrong = |error: plain_file::Unreadable| refused(&file, &error.to_string(), error.remedy());
        let Some(text) = plain_file::read(&file).map_err(wrong)? else { return absent(file) };
        let meta = fs::metadata(&file).map_err(|error| wrong(plain_file::Unreadable::Failed(error.kind())))?;
        if meta.nlink() > 1 {
            let what = format!("has {} names (hard links), of which only one would be rewritten", meta.nlink());
            return Err(refused(&file, &what, "leave it one name: copy it, and put the copy in its place"));
        }
        if meta.uid() != rustix::process::geteuid().as_raw() {
            return Err(refused(&file, "belongs to another user", "run this as its owner"));
        }
        Ok(Self { path: file, text: Some(text), mode: Some(meta.mode() & 0o7777) })
    }

    /// The text, empty if there is no file.
    pub(super) fn text(&self) -> &str {
        self.text.as_ref().map_or("", |text| text.as_str())
    }

    /// Why this file is left as it is.
    pub(super) fn refused(&self, what: &str, remedy: impl AsRef<str>) -> End {
        refused(&self.path, what, remedy.as_ref())
    }
}

fn refused(path: &Path, what: &str, remedy: &str) -> End {
    End::other(format!("{} {what}", path.display()), format!("nothing was changed; {remedy}"))
}
