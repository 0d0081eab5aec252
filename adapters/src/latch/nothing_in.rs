//! A directory with nothing in it, to which programs are sent that would find credentials in another.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};

/// Below a home. It stays, because children outlive whoever starts them, and all of them may share it.
const NAME: &str = "empty";

/// Without a home: by convention nothing is ever there.
const NOWHERE: &str = "/nonexistent";

/// What stands where the directory belongs.
enum Seen {
    Nothing,
    /// It is the user's and empty, and nobody else may write to it.
    Sound,
    /// Others may write to it, and nobody has. Its owner can close it.
    Open(Error),
    /// It can't be used.
    Wrong(Error),
}

/// The directory of this home, made if there is none and closed if others may write to it. Nobody else may put anything into
/// it, or lead it elsewhere: what is there would reach every child.
pub(super) fn nothing_in(home: Option<&Path>) -> Result<PathBuf, Error> {
    let Some(home) = home else { return Ok(NOWHERE.into()) };
    let folder = home.join(NAME);
    match inspect(&folder) {
        Seen::Sound => return Ok(folder),
        // Where it can't be made, as in a store that is read only, a name behind which nothing is does as well.
        Seen::Nothing if make(&folder).is_err() && fs::symlink_metadata(&folder).is_err() => return Ok(folder),
        Seen::Nothing => {}
        Seen::Open(error) => close(&folder).map_err(|_| error)?,
        Seen::Wrong(error) => return Err(error),
    }
    // Somebody may have been there meanwhile.
    match inspect(&folder) {
        Seen::Sound | Seen::Nothing => Ok(folder),
        Seen::Open(error) | Seen::Wrong(error) => Err(error),
    }
}

/// What is wrong with the directory of this home, if anything is.
#[cfg(all(feature = "doctor", unix))]
pub(crate) fn problem(home: &Path) -> Option<Error> {
    match inspect(&home.join(NAME)) {
        Seen::Nothing | Seen::Sound => None,
        Seen::Open(error) | Seen::Wrong(error) => Some(error),
    }
}

fn inspect(folder: &Path) -> Seen {
    let shown = folder.display();
    let wrong = |what: String, remedy: &str| Seen::Wrong(Error::new(ErrorKind::Other, what, remedy));
    let unreadable =
        |error: io::Error| wrong(format!("{shown} can't be looked into: {}", error.kind()), "move away what is there");
    // A link is looked at and not followed: whoever owns it decides where it leads.
    let meta = match fs::symlink_metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Seen::Nothing,
        Err(error) => return unreadable(error),
        Ok(meta) => meta,
    };
    if !meta.is_dir() {
        let kind = if meta.is_symlink() { "a symbolic link" } else { "no directory" };
        let what = format!("{shown} is {kind}, where a directory with nothing in it belongs");
        return wrong(what, "move it away; `credlatch run` makes the directory");
    }
    if !is_ours(&meta) {
        let what = format!(
            "{shown} belongs to another user, who may put something into it that programs take for their login"
        );
        return wrong(what, "move it away; `credlatch run` makes it anew");
    }
    match fs::read_dir(folder).map(|mut inside| inside.next().is_none()) {
        Err(error) => unreadable(error),
        Ok(false) => {
            let what = format!("{shown} has something in it, which programs would take for their login");
            wrong(what, "look at what it is, and move it away")
        }
        Ok(true) if is_open(&meta) => {
            let what =
                format!("other users may write to {shown}, and programs would take what is there for their login");
            Seen::Open(Error::new(ErrorKind::Other, what, "the next `credlatch run` closes it; or: chmod 500 on it"))
        }
        Ok(true) => Seen::Sound,
    }
}

#[cfg(all(feature = "file", unix))]
fn is_ours(meta: &Metadata) -> bool {
    let owner = std::os::unix::fs::MetadataExt::uid(meta);
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}

#[cfg(unix)]
fn is_open(meta: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(meta) & 0o022 != 0
}

#[cfg(unix)]
fn make(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().mode(0o500).create(folder)
}

#[cfg(unix)]
fn close(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o500))
}

// Elsewhere no home is on disk.
#[cfg(not(all(feature = "file", unix)))]
fn is_ours(_: &Metadata) -> bool {
    true
}

#[cfg(not(unix))]
fn is_open(_: &Metadata) -> bool {
    false
}

#[cfg(not(unix))]
fn make(folder: &Path) -> io::Result<()> {
    fs::create_dir(folder)
}

#[cfg(not(unix))]
fn close(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};

    use super::*;

    fn refused(home: &Path, words: &str) {
        let error = nothing_in(Some(home)).unwrap_err();
        assert!(error.to_string().contains(words) && !error.remedy().is_empty(), "{error}");
    }

    #[test]
    fn it_is_empty_or_there_is_no_plan() {
        let home = tempfile::tempdir().unwrap();
        let folder = nothing_in(Some(home.path())).unwrap();
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        assert_eq!(nothing_in(Some(home.path())).unwrap(), folder);
        assert!(!nothing_in(None).unwrap().exists());
        fs::remove_dir(&folder).unwrap();
        fs::create_dir_all(folder.join("configs")).unwrap();
        refused(home.path(), "has something in it");
    }

    #[test]
    fn it_is_a_directory_of_the_users_own_that_leads_nowhere_else() {
        let home = tempfile::tempdir().unwrap();
        let (folder, other) = (home.path().join(NAME), home.path().join("other"));
        make(&other).unwrap();
        for target in [other.as_path(), Path::new("nowhere")] {
            symlink(target, &folder).unwrap();
            refused(home.path(), "is a symbolic link");
            fs::remove_file(&folder).unwrap();
        }
        fs::write(&folder, "").unwrap();
        refused(home.path(), "is no directory");
        fs::remove_file(&folder).unwrap();
        make(&folder).unwrap();
        // Only root can give it away.
        if chown(&folder, Some(54_321), None).is_ok() {
            refused(home.path(), "belongs to another user");
        }
    }

    #[test]
    fn one_that_others_may_write_to_is_closed_while_it_is_empty() {
        let home = tempfile::tempdir().unwrap();
        let folder = nothing_in(Some(home.path())).unwrap();
        let set = |mode| fs::set_permissions(&folder, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o777, 0o1777, 0o720, 0o702] {
            set(mode);
            assert_eq!(nothing_in(Some(home.path())).unwrap(), folder);
            assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o7777, 0o500, "{mode:o}");
        }
        set(0o777);
        fs::write(folder.join("x"), "").unwrap();
        refused(home.path(), "has something in it");
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o777,
            "what is wrong is left as it is"
        );
    }
}
