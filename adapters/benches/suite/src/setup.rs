//! How much is measured, and where.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::{Arguments, Failure};

/// What every part is told.
pub struct Setup {
    /// Whether it is only a little of everything.
    pub is_quick: bool,
    /// How often what takes nanoseconds is measured.
    pub rounds: usize,
    /// How often what takes a disk is measured.
    pub slow_rounds: usize,
    /// How often each crowd starts.
    pub crowd_rounds: usize,
    /// How many processes a crowd has.
    pub crowds: Vec<usize>,
    /// How many profiles are open.
    pub profiles: Vec<usize>,
    /// A directory on a disk.
    pub disk: PathBuf,
    /// A directory on a file system that costs nothing.
    pub memory: PathBuf,
    /// The command `credlatch`.
    pub program: PathBuf,
    /// Another build of this suite.
    pub beside: Option<PathBuf>,
    /// The commit that it was built from.
    pub beside_commit: Option<String>,
    /// Where what is built lies: an environment of Python is made there once.
    pub built: PathBuf,
}

impl Setup {
    pub(crate) fn new(arguments: &Arguments) -> Result<Self, Failure> {
        let is_quick = arguments.quick;
        let of = |quick: usize, full: usize| if is_quick { quick } else { full };
        fs::create_dir_all(&arguments.disk)?;
        fs::create_dir_all("target")?;
        Ok(Self {
            is_quick,
            rounds: of(11, 101),
            slow_rounds: of(21, 251),
            crowd_rounds: of(1, 3),
            crowds: if is_quick { vec![50, 100] } else { vec![50, 100, 200, 400] },
            profiles: if is_quick { vec![10, 100, 1_000] } else { vec![10, 100, 1_000, 10_000] },
            disk: fs::canonicalize(&arguments.disk)?,
            memory: arguments.memory.clone(),
            program: arguments.program.clone(),
            beside: arguments.beside.clone(),
            beside_commit: arguments.beside_commit.clone(),
            built: fs::canonicalize("target")?,
        })
    }

    /// A directory on the disk that goes when it is dropped.
    pub fn on_disk(&self) -> Result<TempDir, Failure> {
        Ok(tempfile::Builder::new().prefix("credlatch-suite-").tempdir_in(&self.disk)?)
    }

    /// The same where a disk costs nothing.
    pub fn in_memory(&self) -> Result<TempDir, Failure> {
        Ok(tempfile::Builder::new().prefix("credlatch-suite-").tempdir_in(&self.memory)?)
    }
}
