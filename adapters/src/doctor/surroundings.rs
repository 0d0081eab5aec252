//! What lies around a program: read once, as a value, so that an examination can be made of any.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

/// An environment, and the directory in which a `.env` file would be. `Debug` names variables and shows no value.
#[derive(Clone, Default)]
pub struct Surroundings {
    /// The variables.
    pub vars: Vec<(OsString, OsString)>,
    /// The working directory; none where no `.env` is to be looked for.
    pub folder: Option<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self { vars: std::env::vars_os().collect(), folder: std::env::current_dir().ok() }
    }

    /// The value of a variable.
    pub(super) fn var(&self, name: &str) -> Option<OsString> {
        self.vars.iter().find(|(own, _)| own == OsStr::new(name)).map(|(_, value)| value.clone())
    }
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.vars.iter().map(|(name, _)| name).collect();
        f.debug_struct("Surroundings").field("vars", &names).field("folder", &self.folder).finish()
    }
}
