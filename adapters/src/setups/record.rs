//! What was written into other programs' files, as it is remembered in the home: `setups.json`.
//!
//! It holds no text of those files, which may have secrets in them: lines are known by their place in the backup and by a
//! digest. So what was written is found again in a file that was changed since, and taken out, if it stands there once.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use credlatch_core::fingerprint::digest;
use credlatch_core::secret::Fingerprint;
use rustix::fs::FlockOperation;
use serde::{Deserialize, Serialize};

use super::place::Program;
use crate::error::{Error, ErrorKind};
use crate::{private_file, trusted};

/// The file's name in the home.
const NAME: &str = "setups.json";
/// The form that this version writes.
const VERSION: u64 = 1;
/// Nobody has more files to set up; whoever has is told.
const MOST: usize = 64;

/// All that is remembered, and the lock under which it is changed.
#[derive(Debug)]
pub struct Setups {
    file: PathBuf,
    /// What was written, a file each.
    pub records: Vec<Record>,
    /// Held until this is dropped.
    _lock: Option<File>,
}

/// What was written into one file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// For which program.
    pub program: Program,
    /// The file.
    pub file: PathBuf,
    /// Directories that were made for it, the outermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<PathBuf>,
    /// Where the file's text from before is; none if there was no file.
    pub backup: Option<PathBuf>,
    /// That text's digest.
    pub before: Option<Fingerprint>,
    /// The digest of the text that was written.
    pub after: Fingerprint,
    /// What changed from the one to the other.
    pub hunks: Vec<Hunk>,
}

/// Lines that took the place of others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// How many lines of the text from before stand above.
    pub at: usize,
    /// How many of them were taken out.
    pub removed: usize,
    /// How many were put in.
    pub added: usize,
    /// The digest of those.
    pub digest: Fingerprint,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u64,
    setups: Vec<Record>,
}

impl Setups {
    /// What is remembered in a home, to look at.
    ///
    /// # Errors
    /// The file can't be read or understood.
    pub fn read(home: &Path) -> Result<Self, Error> {
        let file = home.join(NAME);
        let refuse = |what: String, remedy: &str| Err(Error::new(ErrorKind::Unreadable, what, remedy));
        let path = file.display();
        let document = match trusted::read(&file) {
            Ok(None) => Document { version: VERSION, setups: Vec::new() },
            Ok(Some(text)) => match serde_json::from_str::<Document>(&text) {
                Ok(document) if document.version == VERSION => document,
                Ok(_) => return refuse(format!("{path} was written by a newer version"), "use that version"),
                Err(_) => {
                    let remedy =
                        "remove it; what `credlatch setup` wrote stays, and its backups are beside those files";
                    return refuse(format!("{path} can't be read"), remedy);
                }
            },
            Err(distrust) => return refuse(distrust.what, &distrust.remedy),
        };
        Ok(Self { file, records: document.setups, _lock: None })
    }

    /// The same to change, which nobody else does meanwhile.
    ///
    /// # Errors
    /// As [`Setups::read`]; or somebody else changes it, or the home can't be made.
    pub fn lock(home: &Path) -> Result<Self, Error> {
        let failed = |error: &io::Error| {
            let what = format!("{} can't be made or locked: {error}", home.display());
            Error::new(ErrorKind::Other, what, "look at the directory and its file system, then try again")
        };
        DirBuilder::new().recursive(true).mode(0o700).create(home).map_err(|error| failed(&error))?;
        let lock = File::open(home).map_err(|error| failed(&error))?;
        match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { _lock: Some(lock), ..Self::read(home)? }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::new(
                ErrorKind::Busy,
                "another `credlatch setup` is changing files",
                "nothing was changed; try again when it has ended",
            )),
            Err(error) => Err(failed(&error.into())),
        }
    }

    /// Remembers one in the place of an earlier one of the same file.
    pub fn put(&mut self, record: Record) {
        self.forget(&record.file);
        self.records.push(record);
    }

    /// Forgets what was written into a file.
    pub fn forget(&mut self, file: &Path) {
        self.records.retain(|record| record.file != file);
    }

    /// Writes all of it down.
    ///
    /// # Errors
    /// There is too much, or the file can't be written.
    pub fn save(&self) -> Result<(), Error> {
        let path = self.file.display();
        if self.records.len() > MOST {
            let what = format!("{path} would hold more than {MOST} files");
            return Err(Error::new(
                ErrorKind::Usage,
                what,
                "take some of them back with `credlatch setup PROGRAM --undo`",
            ));
        }
        let document = Document { version: VERSION, setups: self.records.clone() };
        let written = serde_json::to_vec_pretty(&document).map_err(io::Error::from);
        written.and_then(|bytes| private_file::replace(&self.file, &bytes)).map_err(|error| {
            let what = format!("{path} could not be written: {error}");
            Error::new(ErrorKind::Other, what, "look at the directory and its file system, then try again")
        })
    }
}

impl Record {
    /// Whether all that was put in stands in this text, each part once.
    pub fn is_in(&self, text: &str) -> bool {
        let lines = lines(text);
        digest(&[text]) == self.after || self.hunks.iter().all(|hunk| hunk.added == 0 || hunk.place(&lines).is_some())
    }
}

impl Hunk {
    /// The first of the lines that were put in, if they stand in this text, and nowhere twice.
    pub fn place(&self, lines: &[&str]) -> Option<usize> {
        if self.added == 0 {
            return None;
        }
        let windows = lines.windows(self.added).enumerate();
        let mut found = windows.filter(|(_, window)| digest(&[&window.concat()]) == self.digest).map(|(at, _)| at);
        found.next().filter(|_| found.next().is_none())
    }
}

/// The lines of a text, each with its end.
pub fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}
