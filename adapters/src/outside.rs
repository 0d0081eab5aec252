//! The files of a user that lie outside of every store, and where each is: what is rolled back, copied or taken together with
//! a store would say nothing of it.

use std::fs;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

use crate::error::{Error, ErrorKind};
use crate::table::no_tilde;
use crate::whole::whole;

/// One of them.
#[derive(Debug)]
pub(crate) struct Outside {
    /// The variable that names it; empty, there is none.
    pub(crate) variable: &'static str,
    /// Its name in the user's directory for state.
    name: &'static str,
    /// What it is, for people.
    what: &'static str,
}

/// What refresh tokens did.
pub(crate) const CLAIMS: Outside = Outside { variable: "CREDLATCH_CLAIMS", name: "claims", what: "the file of claims" };
/// Where the keys of seals come from.
#[cfg(feature = "seal")]
pub(crate) const SEAL_KEYS: Outside =
    Outside { variable: "CREDLATCH_SEAL_KEYS", name: "seal-keys", what: "the file of the seal's keys" };
/// The key of what outlives its secret.
pub(crate) const KEY: Outside =
    Outside { variable: "CREDLATCH_FINGERPRINT_KEY", name: "fingerprint-key", what: "the file of the fingerprint key" };

impl Outside {
    /// The file that a program names; else the one that the variable names; else `credlatch/NAME` in the directory for state,
    /// such as `~/.local/state`. None where the name is empty, or there is no home.
    ///
    /// A relative path in a variable is refused: it would mean another file in each directory that a program is started in.
    pub(crate) fn find(&self, named: Option<PathBuf>) -> Result<Option<PathBuf>, Error> {
        let is_named = named.is_some();
        let inherited = || std::env::var_os(self.variable).map(PathBuf::from);
        let Some(path) = named.or_else(inherited) else { return Ok(self.usual()) };
        no_tilde(&path, if is_named { self.what } else { self.variable })?;
        if path.as_os_str().is_empty() {
            return Ok(None);
        }
        if !is_named && !path.is_absolute() {
            let what =
                format!("{} is not an absolute path, so it would mean another file in each directory", self.variable);
            return Err(Error::new(
                ErrorKind::Usage,
                what,
                "write the whole path, beginning with /; or leave it empty, for none",
            ));
        }
        Ok(Some(whole(path)))
    }

    fn usual(&self) -> Option<PathBuf> {
        let strategy = etcetera::choose_base_strategy().ok()?;
        let folder = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
        folder.is_absolute().then(|| folder.join("credlatch").join(self.name))
    }

    /// Why there is no such file, where none was found.
    pub(crate) fn why_none(&self) -> String {
        if std::env::var_os(self.variable).is_some_and(|named| named.is_empty()) {
            format!("{} is empty, which means none", self.variable)
        } else if self.usual().is_some() {
            "the program that opened the store wants none".to_owned()
        } else {
            "there is no home directory to keep it in".to_owned()
        }
    }
}

/// The directory of the store, if the file is in it: the home, or where the document is once links are followed.
pub(crate) fn own_directory<'a>(file: &Path, home: &'a Path, folder: &'a Path) -> Option<&'a Path> {
    [home, folder].into_iter().find(|store| is_in_home(file, store))
}

/// Whether the file is in this directory, or would be, once links are followed.
pub(crate) fn is_in_home(file: &Path, home: &Path) -> bool {
    let real = file.ancestors().find_map(|there| fs::canonicalize(there).ok());
    real.is_some_and(|real| fs::canonicalize(home).is_ok_and(|home| real.starts_with(home)))
}
