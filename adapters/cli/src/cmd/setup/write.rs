//! Putting a file in place as a whole: whoever reads it, after a crash too, finds what was there before or all of what is new.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use credlatch::plain_file;

use super::change::{Change, Seen};
use crate::end::{Done, End};

/// Makes the directories in which a file is to be, for this user alone, and says which were missing: the outermost first.
pub(super) fn make_folders(file: &Path) -> Done<Vec<PathBuf>> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let mut made: Vec<PathBuf> = file.ancestors().skip(1).take_while(missing).map(Path::to_owned).collect();
    made.reverse();
    let Some(folder) = made.last() else { return Ok(made) };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| failed(folder, "be made", &error))?;
    Ok(made)
}

/// Replaces a file, if it is still what was looked at. Its permissions and its group stay.
pub(super) fn replace(change: &Change) -> Done {
    let Seen { path, mode, .. } = &change.seen;
    let Some(after) = &change.after else { return remove(&change.seen) };
    let draft = draft(path, ".new");
    let put = || -> io::Result<File> {
        let mut file = fresh(&draft)?;
        file.write_all(after.as_bytes())?;
        if let Ok(meta) = fs::metadata(path) {
            fchown(&file, None, Some(meta.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(mode.unwrap_or(change.mode)))?;
        file.sync_all()?;
        Ok(file)
    };
    let placed = put().map_err(|error| failed(path, "be rewritten", &error)).and_then(|_| {
        still(&change.seen)?;
        fs::rename(&draft, path).and_then(|()| sync_folder(path)).map_err(|error| failed(path, "be replaced", &error))
    });
    if placed.is_err() {
        let _ = fs::remove_file(&draft);
    }
    placed
}

/// Keeps the text from before beside the file, readable for nobody who couldn't read the file. One that holds another text
/// is replaced only if it is `known`, that is, if what it holds is remembered.
pub(super) fn keep(seen: &Seen, text: &str, backup: &Path, known: bool) -> Done {
    let there = plain_file::read(backup).map_err(|why| backup_in_the_way(backup, &why.to_string()))?;
    if there.as_ref().is_some_and(|there| there.as_str() == text) {
        return Ok(());
    }
    if there.is_some() && !known {
        return Err(backup_in_the_way(backup, "is there already, from an earlier time"));
    }
    let draft = draft(backup, ".new");
    let put = || -> io::Result<()> {
        let mut file = fresh(&draft)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(seen.mode.unwrap_or(0o600) & 0o777))?;
        file.sync_all()?;
        fs::rename(&draft, backup)?;
        sync_folder(backup)
    };
    put().map_err(|error| {
        let _ = fs::remove_file(&draft);
        failed(backup, "be written", &error)
    })
}

/// The name of a file's backup.
pub(super) fn backup_of(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".before-credlatch");
    file.with_file_name(name)
}

/// Removes a file, if it is still what was looked at.
fn remove(seen: &Seen) -> Done {
    still(seen)?;
    match fs::remove_file(&seen.path) {
        Ok(()) => sync_folder(&seen.path).map_err(|error| failed(&seen.path, "be removed", &error)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed(&seen.path, "be removed", &error)),
    }
}

/// Refuses if somebody changed the file since it was looked at.
fn still(seen: &Seen) -> Done {
    let now = plain_file::read(&seen.path).map_err(|why| seen.refused(&why.to_string(), why.remedy()))?;
    if now == seen.text { Ok(()) } else { Err(seen.refused("was changed by another program meanwhile", "try again")) }
}

fn fresh(draft: &Path) -> io::Result<File> {
    // One that died of us left it; whoever changes files holds the lock.
    let _ = fs::remove_file(draft);
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)
}

fn draft(file: &Path, end: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(file.file_name().unwrap_or_default());
    name.push(".credlatch");
    name.push(end);
    file.with_file_name(name)
}

fn sync_folder(file: &Path) -> io::Result<()> {
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn backup_in_the_way(backup: &Path, what: &str) -> End {
    let what = format!("{} {what}, and the file as it is would be kept there", backup.display());
    End::other(what, "nothing was changed; move it somewhere else, then try again")
}

fn failed(path: &Path, what: &str, error: &io::Error) -> End {
    let what = format!("{} could not {what}: {error}", path.display());
    End::other(what, "look at the directory and its file system, then try again")
}

/// Whether a file holds exactly this text.
pub(super) fn holds(file: &Path, text: Option<&zeroize::Zeroizing<String>>) -> bool {
    plain_file::read(file).is_ok_and(|there| there.as_ref() == text)
}
