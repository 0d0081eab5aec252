//! The profiles of one home.

use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::name::ProfileName;

use super::{Builder, Latch};
use crate::error::{Error, ErrorKind};

/// A directory of profiles. What happens in one profile can't reach another.
#[derive(Clone, Debug)]
pub struct Profiles {
    home: PathBuf,
}

impl Profiles {
    /// The profiles in this directory; [`default_home`](crate::default_home) is the usual one. Nothing is created.
    ///
    /// # Errors
    /// The home is no directory.
    pub fn open(home: impl AsRef<Path>) -> Result<Self, Error> {
        let home = home.as_ref().to_owned();
        if home.exists() && !home.is_dir() {
            let what = format!("{} is not a directory", home.display());
            return Err(Error::new(ErrorKind::Unreadable, what, "give another home"));
        }
        Ok(Self { home })
    }

    /// One of them; it need not exist yet.
    ///
    /// # Errors
    /// The name can't be a profile's.
    pub fn profile(&self, name: &str) -> Result<Latch, Error> {
        Builder::default().home(&self.home).profile(ProfileName::new(name)?).open()
    }

    /// Those that exist, by name.
    ///
    /// # Errors
    /// The directory can't be read.
    pub fn list(&self) -> Result<Vec<ProfileName>, Error> {
        let folder = self.home.join("profiles");
        let unreadable = |error: io::Error| {
            let what = format!("could not list {}: {error}", folder.display());
            Error::new(ErrorKind::Unreadable, what, "look who owns it, and what is at that path")
        };
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(unreadable)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let file = entry.map_err(unreadable)?.file_name();
            let stem = file.to_str().and_then(|name| name.strip_suffix(".json"));
            // Drafts and what people put here have names that no profile can have.
            names.extend(stem.and_then(|stem| ProfileName::new(stem).ok()));
        }
        names.sort();
        Ok(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use credlatch_core::secret::Secret;

    #[test]
    fn a_profile_is_listed_once_it_holds_something() {
        let home = tempfile::tempdir().unwrap();
        let profiles = Profiles::open(home.path().join("none yet")).unwrap();
        assert!(profiles.list().unwrap().is_empty());
        for name in ["work", "alice"] {
            profiles.profile(name).unwrap().set("minimax", Secret::try_from("mm-key-1").unwrap()).unwrap();
        }
        let names: Vec<String> = profiles.list().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(names, ["alice", "work"]);
    }
}
