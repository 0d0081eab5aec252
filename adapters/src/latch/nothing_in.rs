//! A directory with nothing in it, to which programs are sent that would find credentials in another.

use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};

/// Below a home. It stays, because children outlive whoever starts them, and all of them may share it.
const NAME: &str = "empty";

/// Without a home: by convention nothing is ever there.
const NOWHERE: &str = "/nonexistent";

/// The directory of this home, made if there is none. Nobody may put anything into it: what is there would reach every
/// child.
pub(super) fn nothing_in(home: Option<&Path>) -> Result<PathBuf, Error> {
    let Some(home) = home else { return Ok(NOWHERE.into()) };
    let folder = home.join(NAME);
    match std::fs::read_dir(&folder).map(|mut inside| inside.next().is_none()) {
        Ok(true) => Ok(folder),
        Ok(false) => {
            let what = format!("{} has something in it, which programs would take for their login", folder.display());
            Err(Error::new(ErrorKind::Other, what, "look at what it is, and move it away"))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Where it can't be made, as in a store that is read only, a name behind which nothing is does as well.
            let _ = make(&folder);
            Ok(folder)
        }
        Err(error) => {
            let what = format!("{} can't be looked into: {}", folder.display(), error.kind());
            Err(Error::new(ErrorKind::Other, what, "move away what is there"))
        }
    }
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().mode(0o500).create(folder)
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    std::fs::create_dir(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_empty_or_there_is_no_plan() {
        let home = tempfile::tempdir().unwrap();
        let folder = nothing_in(Some(home.path())).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(nothing_in(Some(home.path())).unwrap(), folder);
        assert!(!nothing_in(None).unwrap().exists());
        std::fs::remove_dir(&folder).unwrap();
        std::fs::create_dir_all(folder.join("configs")).unwrap();
        let error = nothing_in(Some(home.path())).unwrap_err();
        assert!(error.to_string().contains("has something in it"), "{error}");
    }
}
