//! A `.env` file as a source of credentials. To take credentials out of one, see [`prepare`](super::prepare).

use std::fmt;
use std::path::{Path, PathBuf};

use credlatch_core::dotenv::{self, DotenvError, Parsed};
use credlatch_core::name::ProviderId;
use credlatch_core::provider::Table;
use credlatch_core::state::Source;

use super::environment::{is_meant, skip_shared, take, wanted};
use super::whole;
use crate::files::{Files, RealDisk};
use crate::found::{Imported, Why};
use crate::plain_file::{self, Unreadable};

/// Why a `.env` file can't be read or rewritten: what happened to what, and what to do. It holds no part of any value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DotenvFileError {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong.
    pub kind: DotenvFileErrorKind,
}

/// What is wrong with a `.env` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DotenvFileErrorKind {
    /// It is there and can't be read.
    #[error("{0}")]
    Unreadable(#[from] Unreadable),
    /// It can be read, and not understood well enough to be rewritten.
    #[error("can't be rewritten: {0}")]
    NotDotenv(#[from] DotenvError),
    /// Its path has characters that a store can't hold.
    #[error("has a path that is not text")]
    PathNotText,
    /// Replacing it would leave its other names with the old content.
    #[error("has {0} names (hard links), and only one of them would be rewritten")]
    HardLinked(u64),
    /// Somebody else is rewriting it.
    #[error("is being rewritten by another process")]
    Busy,
    /// Its file system has no locks.
    #[error("can't be locked: {0}")]
    NotLocked(std::io::ErrorKind),
    /// The new file can't have the owner and the permissions of the old one.
    #[error("belongs to somebody else, and a new file would not")]
    OwnerLost,
    /// The new file can't be written beside it.
    #[error("can't be rewritten: {0}")]
    NotWritten(std::io::ErrorKind),
    /// It was rewritten, but it isn't certain that this outlives a power cut.
    #[error("was rewritten, but the disk did not confirm it: {0}")]
    NotConfirmed(std::io::ErrorKind),
    /// It was rewritten, and what was removed is there again.
    #[error("has {0} again: another program wrote it back")]
    CameBack(String),
}

impl DotenvFileError {
    pub(super) fn new(path: &Path, kind: impl Into<DotenvFileErrorKind>) -> Self {
        Self { path: path.to_owned(), kind: kind.into() }
    }

    /// What to do.
    pub fn remedy(&self) -> &'static str {
        match self.kind {
            DotenvFileErrorKind::Unreadable(why) => why.remedy(),
            DotenvFileErrorKind::NotDotenv(_) => "mend that place by hand, then try again",
            DotenvFileErrorKind::PathNotText => "move the file to a path of plain characters",
            DotenvFileErrorKind::HardLinked(_) => "make it a file of its own, or edit it by hand",
            DotenvFileErrorKind::Busy => "try again",
            DotenvFileErrorKind::NotLocked(_) => "edit it by hand, or move it to a local file system",
            DotenvFileErrorKind::OwnerLost => "run this as the owner of the file, or edit it by hand",
            DotenvFileErrorKind::NotWritten(_) => "make room and let this user write to its folder, then try again",
            DotenvFileErrorKind::NotConfirmed(_) => "run the same command again",
            DotenvFileErrorKind::CameBack(_) => {
                "close the program that writes the file, then run the same command again"
            }
        }
    }
}

impl fmt::Display for DotenvFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.kind)
    }
}

impl std::error::Error for DotenvFileError {}

/// Reads what a file says, as far as every program reads it alike; `None` if it is absent.
///
/// # Errors
/// It is there and can't be read.
pub fn read(path: &Path) -> Result<Option<Parsed>, DotenvFileError> {
    read_on(&RealDisk, path)
}

pub(super) fn read_on(disk: &impl Files, path: &Path) -> Result<Option<Parsed>, DotenvFileError> {
    let wrong = |kind: DotenvFileErrorKind| DotenvFileError::new(path, kind);
    let Some((file, metadata)) = whole::open(disk, path).map_err(|why| wrong(why.into()))? else { return Ok(None) };
    let text = whole::text(disk, &file, &metadata).map_err(|why| wrong(why.into()))?;
    Ok(Some(dotenv::parse(&text)))
}

/// Finds the credentials in a file, as [`import_env`](super::import_env) does in an environment. `None` if it is absent.
///
/// Of a variable that is set more than once the last line counts, as in the programs that read such files; the others are
/// named as passed over. So are lines that aren't understood, and a variable that one of them may set last.
///
/// # Errors
/// It is there and can't be read.
pub fn import(path: &Path, table: &Table, only: Option<&ProviderId>) -> Result<Option<Imported>, DotenvFileError> {
    let Some(Parsed { assignments: lines, unread }) = read(path)? else { return Ok(None) };
    let named = resolved(&RealDisk, path)?.unwrap_or_else(|| path.to_owned());
    let named = named.to_str().ok_or_else(|| DotenvFileError::new(path, DotenvFileErrorKind::PathNotText))?;
    let mut imported = Imported::default();
    for provider in wanted(table, only) {
        for name in provider.credential_names().filter(|name| is_meant(table, provider, name, only)) {
            let of_name = || lines.iter().filter(|line| line.key == name);
            let Some(last) = of_name().next_back() else { continue };
            for line in of_name().filter(|line| line.value != last.value && !line.value.is_empty()) {
                imported.skip(format!("{name} on line {}", line.line), Why::SetAgain(last.line));
            }
            let mut shadows = unread.iter().filter(|unread| unread.names(name) && unread.lines.last > last.line);
            if let Some(shadow) = shadows.next_back() {
                imported.skip(name, Why::Overshadowed(shadow.lines.line));
                continue;
            }
            let source = Source::Dotenv { path: named.to_owned(), variable: name.to_owned() };
            take(&mut imported, table, provider, name, &last.value, source);
        }
    }
    if only.is_none() {
        let set = lines.iter().filter(|line| !line.value.trim().is_empty());
        skip_shared(&mut imported, table, set.map(|line| line.key.as_str()));
    }
    for lines in unread.iter().map(|unread| unread.lines) {
        imported.skip(lines.place(), Why::NotRead(lines.why));
    }
    Ok(Some(imported))
}

/// The file itself, whatever symbolic links lead to it; `None` if there is none.
pub(super) fn resolved(disk: &impl Files, path: &Path) -> Result<Option<PathBuf>, DotenvFileError> {
    match disk.resolve(path) {
        Ok(path) => Ok(Some(path)),
        Err(error) if plain_file::is_absent(&error) => Ok(None),
        Err(error) => Err(DotenvFileError::new(path, plain_file::unreadable(&error))),
    }
}
