//! What went wrong, in words: what happened to which path, and what to do. Never what a file holds.

use std::io;
use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use rustix::io::Errno;

use super::disk::{Disk, FileType, Metadata};

/// An error of the operating system while doing something to a path.
pub fn io_error(doing: &str, path: &Path, error: &io::Error) -> StoreError {
    let (kind, remedy) = classify(error);
    StoreError::new(kind, format!("could not {doing} {}: {error}", path.display()), remedy)
}

fn classify(error: &io::Error) -> (StoreErrorKind, &'static str) {
    use StoreErrorKind as K;
    match Errno::from_io_error(error) {
        Some(Errno::NOSPC) => (K::Full, "free some space on that file system, then try again"),
        Some(Errno::DQUOT) => (K::Full, "your quota on that file system is used up: free some space, then try again"),
        Some(Errno::ROFS) => {
            (K::ReadOnly, "that file system is mounted read-only: use a home on one that can be written")
        }
        Some(Errno::ACCESS) => (
            K::Denied,
            "run as the user who owns it, or give it back to yourself with `chown`; if it is yours, let yourself write there: `chmod u+w`",
        ),
        Some(Errno::PERM) => (K::Denied, "look at its attributes with `lsattr`: it may be marked immutable"),
        Some(Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP) => {
            (K::Unsafe, "that file system can't do it (NFS without its lock service?): use a home on a local one")
        }
        Some(Errno::NOENT) => {
            (K::Failed, "look whether each directory on the way there is there: a link may lead nowhere")
        }
        Some(Errno::LOOP) => (K::Unsafe, "a symbolic link stands where a plain file belongs: remove it"),
        Some(Errno::NXIO) => (K::Unsafe, "it is not a plain file: move it away"),
        Some(Errno::NOTDIR | Errno::ISDIR | Errno::NAMETOOLONG) => (K::Unreadable, "look what is at that path"),
        Some(Errno::STALE | Errno::HOSTDOWN | Errno::TIMEDOUT | Errno::NOTCONN) => {
            (K::Unreachable, "the file system's server does not answer: look at the mount")
        }
        Some(Errno::MFILE) => {
            (K::Failed, "this process may open no more files: raise its limit (`ulimit -n`), then try again")
        }
        Some(Errno::NFILE) => {
            (K::Failed, "this machine has no more open files to give: end what holds many, then try again")
        }
        Some(Errno::FBIG) => {
            (K::Failed, "this process may write no larger file: raise its limit (`ulimit -f`), then try again")
        }
        _ => (K::Failed, "look at the file system (`dmesg`, `df`), then try again"),
    }
}

/// A document that is there and can't be used. It is left as it is.
pub fn unreadable(path: &Path, why: &str) -> StoreError {
    StoreError::new(
        StoreErrorKind::Unreadable,
        format!("{} can't be read as a profile: {why}", path.display()),
        format!("mend it, or move it away and start anew: {}", aside(path)),
    )
}

/// The command that moves a file away and replaces nothing.
pub fn aside(path: &Path) -> String {
    let mut aside = path.as_os_str().to_owned();
    aside.push(".broken");
    format!("mv -n -- {} {}", quoted(path), quoted(Path::new(&aside)))
}

/// Refuses a lock file that is none: a pipe, a device or a directory. Its permissions are no concern then.
pub fn lockable(path: &Path, metadata: &Metadata) -> Result<(), StoreError> {
    if metadata.kind == FileType::File {
        return Ok(());
    }
    let what = format!("{} is not a plain file, so it can't be locked", path.display());
    Err(StoreError::new(StoreErrorKind::Unsafe, what, format!("move it away: {}", aside(path))))
}

/// Refuses a symbolic link where a directory of the store's own belongs: what is done there would be done elsewhere.
pub fn no_link<D: Disk>(disk: &D, path: &Path) -> Result<(), StoreError> {
    let link = disk.link(path).map_err(|error| io_error("look at", path, &error))?;
    let Some(target) = link else { return Ok(()) };
    let what = format!("{} is a symbolic link (to {}) where a directory belongs", path.display(), target.display());
    Err(StoreError::new(StoreErrorKind::Unsafe, what, format!("remove the link: rm -- {}", quoted(path))))
}

/// A path as a shell takes it.
pub fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Refuses a file or directory that another user owns, or may use as `forbidden` permission bits say.
pub fn private(path: &Path, metadata: &Metadata, user: u32, forbidden: u32) -> Result<(), StoreError> {
    if metadata.owner != user {
        return Err(others(path, metadata.owner, user));
    }
    if metadata.mode & forbidden != 0 {
        let safe = metadata.mode & 0o7700;
        let what = format!("{} is open to other users (mode {:04o})", path.display(), metadata.mode);
        return Err(StoreError::new(StoreErrorKind::Unsafe, what, format!("chmod {safe:03o} {}", quoted(path))));
    }
    Ok(())
}

/// That something belongs to another user.
pub fn others(path: &Path, owner: u32, user: u32) -> StoreError {
    let (how, remedy) = whose(path, owner, user);
    let what = format!("{} belongs to user {owner}, not to user {user}{how}", path.display());
    StoreError::new(StoreErrorKind::Unsafe, what, remedy)
}

fn whose(path: &Path, owner: u32, user: u32) -> (&'static str, String) {
    match (owner, user) {
        (_, 0) => (
            " who runs this, as happens with `docker exec` or `sudo` without a user",
            format!("run it as that user: `docker exec --user {owner}`, or `sudo -u '#{owner}'`"),
        ),
        (0, _) => (
            ": root made it, as happens with `docker exec` or `sudo`",
            format!("give it back: sudo chown -R {user} {}", quoted(path)),
        ),
        _ => ("", format!("use a home of your own, or take this one over: sudo chown -R {user} {}", quoted(path))),
    }
}
