//! Taking variables out of a `.env` file, in steps, so that it can be one act with the commit of a store.
//!
//! 1. [`prepare`] locks the file, writes what is to stay beside it and syncs that. If this fails nothing has changed, and
//!    the whole clear fails.
//! 2. The caller commits to the store, with [`Prepared::meant`] in the commit.
//! 3. [`Prepared::commit`] puts the new file in place and syncs the folder; [`Renamed::confirm`] looks whether it worked.
//!
//! After a crash between 2 and 3, [`redo`] does what was meant and no more: it removes a line only if its value still has
//! the fingerprint that was recorded, so a newer value stays.
//!
//! A symbolic link is followed and stays; owner, group and permissions are kept; access control lists and extended
//! attributes are not.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use credlatch_core::dotenv::{self, Assignment, DotenvError};
use credlatch_core::extra::Extra;
use credlatch_core::fingerprint::digest;
use credlatch_core::rewrite::Rewrite;
use credlatch_core::secret::Fingerprint;
use zeroize::Zeroizing;

use super::dotenv_file::{self, DotenvFileError, DotenvFileErrorKind};
use super::replace::{self, Held, Successor};
use crate::files::{Files, RealDisk};

/// How long to wait for somebody else who is rewriting the file, where nothing else is asked for.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// How often a file that changes under our hands is prepared anew.
const TRIES: usize = 5;

/// A rewrite that is ready and has changed nothing yet. Dropping it leaves everything as it was.
#[must_use = "nothing is removed before it is committed"]
pub struct Prepared(Ready<RealDisk>);

/// The same on a disk of the caller's choice.
#[doc(hidden)]
#[must_use = "nothing is removed before it is committed"]
pub struct Ready<D: Files + Clone> {
    held: Held<D>,
    successor: Successor<D>,
    meant: Rewrite,
    disk: D,
}

/// A rewrite that is in place.
#[must_use = "only `confirm` tells that it stayed"]
#[derive(Debug)]
pub struct Renamed {
    meant: Rewrite,
}

/// Prepares to take these variables out of a file, every line of them. `None` if there is nothing to take out, or no file.
///
/// # Errors
/// The file can't be read, understood or rewritten; nothing was changed.
pub fn prepare(path: &Path, variables: &[&str], patience: Duration) -> Result<Option<Prepared>, DotenvFileError> {
    Ok(prepare_on(&RealDisk, path, variables, patience)?.map(Prepared))
}

/// The same on a disk of the caller's choice.
///
/// # Errors
/// As [`prepare`].
#[doc(hidden)]
pub fn prepare_on<D: Files + Clone>(
    disk: &D,
    path: &Path,
    variables: &[&str],
    patience: Duration,
) -> Result<Option<Ready<D>>, DotenvFileError> {
    Ok(edit(disk, path, variables, patience, &|_| true)?.ready)
}

/// Does what was meant, as far as it is still there. Doing it again changes nothing. Also removes what a crash left.
///
/// # Errors
/// The file can't be read, understood or rewritten.
pub fn redo(meant: &Rewrite, patience: Duration) -> Result<(), DotenvFileError> {
    redo_on(&RealDisk, meant, patience)
}

/// The same on a disk of the caller's choice.
///
/// # Errors
/// As [`redo`].
#[doc(hidden)]
pub fn redo_on<D: Files + Clone>(disk: &D, meant: &Rewrite, patience: Duration) -> Result<(), DotenvFileError> {
    settle(disk, meant, patience)?.confirm_on(disk)
}

impl Prepared {
    /// What goes: to be recorded in the commit that this belongs to.
    pub fn meant(&self) -> &Rewrite {
        self.0.meant()
    }

    /// Puts the new file in place. If the old one was edited since, the edit is kept, and of it goes only what was meant.
    ///
    /// # Errors
    /// The rename failed, and nothing has changed; or its folder can't be synced, and a power cut may bring the old file
    /// back. In both cases [`redo`] is due.
    pub fn commit(self) -> Result<Renamed, DotenvFileError> {
        self.0.commit()
    }
}

impl<D: Files + Clone> Ready<D> {
    /// What goes.
    pub fn meant(&self) -> &Rewrite {
        &self.meant
    }

    /// Puts the new file in place.
    ///
    /// # Errors
    /// As [`Prepared::commit`].
    pub fn commit(self) -> Result<Renamed, DotenvFileError> {
        let (disk, meant, path) = (self.disk.clone(), self.meant.clone(), self.held.path.clone());
        if self.rename()? { finish(&disk, meant, &path) } else { settle(&disk, &meant, PATIENCE) }
    }

    /// Returns whether it was done; if not, the file is no longer the one that was read.
    fn rename(self) -> Result<bool, DotenvFileError> {
        let Self { held, successor, .. } = self;
        if !held.is_unchanged() {
            return Ok(false);
        }
        match successor.replace(&held.path) {
            Ok(()) => Ok(true),
            Err(error) if crate::plain_file::is_absent(&error) => Ok(false),
            Err(error) => Err(DotenvFileError::new(&held.path, DotenvFileErrorKind::NotWritten(error.kind()))),
        }
    }
}

impl fmt::Debug for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prepared").field("meant", &self.0.meant).finish_non_exhaustive()
    }
}

impl Renamed {
    /// What went.
    pub fn meant(&self) -> &Rewrite {
        &self.meant
    }

    /// Reads the file again and looks that nothing of it is there.
    ///
    /// # Errors
    /// The file can't be read, or another program wrote the old content back.
    pub fn confirm(self) -> Result<(), DotenvFileError> {
        self.confirm_on(&RealDisk)
    }

    /// The same on a disk of the caller's choice.
    ///
    /// # Errors
    /// As [`Renamed::confirm`].
    #[doc(hidden)]
    pub fn confirm_on(self, disk: &impl Files) -> Result<(), DotenvFileError> {
        let path = Path::new(&self.meant.path);
        let read = dotenv_file::read_on(disk, path)?.unwrap_or_default();
        match read.assignments.iter().find(|line| has(&self.meant, line)) {
            Some(line) => Err(DotenvFileError::new(path, DotenvFileErrorKind::CameBack(line.key.clone()))),
            None => Ok(()),
        }
    }
}

fn has(meant: &Rewrite, line: &Assignment) -> bool {
    meant.variables.iter().any(|(key, print)| *key == line.key && *print == print_of(line))
}

fn settle<D: Files + Clone>(disk: &D, meant: &Rewrite, patience: Duration) -> Result<Renamed, DotenvFileError> {
    let path = PathBuf::from(&meant.path);
    let keys: Vec<&str> = meant.variables.iter().map(|(key, _)| key.as_str()).collect();
    for _ in 0..TRIES {
        let Edit { path, ready } = edit(disk, &path, &keys, patience, &|line| has(meant, line))?;
        if ready.map_or(Ok(true), Ready::rename)? {
            return finish(disk, meant.clone(), &path);
        }
    }
    Err(DotenvFileError::new(&path, DotenvFileErrorKind::Busy))
}

fn finish(disk: &impl Files, meant: Rewrite, path: &Path) -> Result<Renamed, DotenvFileError> {
    replace::sync_folder(disk, path)?;
    Ok(Renamed { meant })
}

/// What there is to do to a file.
struct Edit<D: Files + Clone> {
    /// The file itself: a link may lead to it now that wasn't there when a rewrite was meant.
    path: PathBuf,
    /// None if there is nothing to take out, or no file.
    ready: Option<Ready<D>>,
}

fn edit<D: Files + Clone>(
    disk: &D,
    path: &Path,
    keys: &[&str],
    patience: Duration,
    goes: &dyn Fn(&Assignment) -> bool,
) -> Result<Edit<D>, DotenvFileError> {
    let Some(held) = replace::hold(disk, path, patience)? else {
        replace::sweep(disk, path);
        return Ok(Edit { path: path.to_owned(), ready: None });
    };
    replace::sweep(disk, &held.path);
    let wrong = |kind: DotenvFileErrorKind| DotenvFileError::new(path, kind);
    let text = held.text()?;
    let Some(Split { kept, gone }) = split(&text, keys, goes).map_err(|why| wrong(why.into()))? else {
        return Ok(Edit { path: held.path, ready: None });
    };
    if held.names() > 1 {
        return Err(wrong(DotenvFileErrorKind::HardLinked(held.names())));
    }
    let named = held.path.to_str().ok_or_else(|| wrong(DotenvFileErrorKind::PathNotText))?.to_owned();
    let successor = Successor::write(&held, &kept)?;
    let meant = Rewrite { path: named, variables: gone, extra: Extra::default() };
    Ok(Edit { path: held.path.clone(), ready: Some(Ready { held, successor, meant, disk: disk.clone() }) })
}

/// A text without some of its lines, and those lines by name and fingerprint.
struct Split {
    kept: Zeroizing<String>,
    gone: Vec<(String, Fingerprint)>,
}

fn split(text: &str, keys: &[&str], goes: &dyn Fn(&Assignment) -> bool) -> Result<Option<Split>, DotenvError> {
    // The core's rewrite refuses what it can't be sure of, such as a variable that is set in the middle of a line.
    dotenv::rewrite(text, keys, &[])?;
    let lines = dotenv::parse(text).assignments;
    let going: Vec<_> = lines.iter().filter(|line| keys.contains(&line.key.as_str()) && goes(line)).collect();
    if going.is_empty() {
        return Ok(None);
    }
    let mut kept = Zeroizing::new(String::with_capacity(text.len()));
    for (at, line) in text.split_inclusive('\n').enumerate() {
        if !going.iter().any(|gone| gone.line == at + 1) {
            kept.push_str(line);
        }
    }
    let gone = going.iter().map(|line| (line.key.clone(), print_of(line))).collect();
    Ok(Some(Split { kept, gone }))
}

/// The fingerprint of a value: that of the secret it is, and of anything else the same digest.
fn print_of(line: &Assignment) -> Fingerprint {
    digest(&[line.value.trim()])
}
