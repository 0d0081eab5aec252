//! Who owns the files, and what others may do to them.

use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};

use super::metadata_if_any;
use crate::docfile::content;
use crate::docfile::disk::{Disk, FileType, Metadata};
use crate::docfile::errors::{lockable, private, quoted, unreadable};
use crate::docfile::paths::Paths;

/// Something about a file's owner, permissions or names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// What it is, and what to do.
    pub error: StoreError,
    /// What it means.
    pub harm: Harm,
}

/// What an exposure means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// The store refuses to work like this.
    Refused,
    /// Others could put files of their own here.
    Replaceable,
    /// Others see names, and no contents.
    Visible,
}

/// Everything that is wrong with owners, permissions and names.
pub(super) fn exposures<D: Disk>(disk: &D, paths: &Paths, home: Option<&Path>) -> Vec<Exposure> {
    let refused = |error| Exposure { error, harm: Harm::Refused };
    let mut found = Vec::new();
    found.extend(home.and_then(|home| of_home(disk, home)));
    found.extend(paths.check_folder(disk).err().map(refused));
    found.extend(of_file(disk, &paths.document, content::check).map(refused));
    found.extend(of_lock(disk, &paths.lock).map(refused));
    found.extend(paths.check_claims(disk).err().map(refused));
    found
}

fn of_file<D: Disk>(
    disk: &D,
    path: &Path,
    check: impl FnOnce(&Path, &Metadata, u32) -> Result<(), StoreError>,
) -> Option<StoreError> {
    // That a file can't be looked at is told by the load, or by the look at the lock.
    let metadata = metadata_if_any(disk, path).ok()??;
    check(path, &metadata, disk.user()).err()
}

/// A link there is told by the look at the lock, which follows none: what it leads to is nobody's lock file.
fn of_lock<D: Disk>(disk: &D, path: &Path) -> Option<StoreError> {
    let is_link = disk.link(path).ok()?.is_some();
    let check = |path: &Path, metadata: &Metadata, user| {
        lockable(path, metadata)?;
        private(path, metadata, user, 0o077)
    };
    if is_link { None } else { of_file(disk, path, check) }
}

/// The home holds nothing but the directory of profiles, which is private itself; so what matters here is who could put
/// another one in its place.
fn of_home<D: Disk>(disk: &D, home: &Path) -> Option<Exposure> {
    let metadata = match metadata_if_any(disk, home) {
        Ok(metadata) => metadata?,
        Err(error) => return Some(Exposure { error, harm: Harm::Refused }),
    };
    if metadata.kind != FileType::Folder {
        return Some(Exposure { error: unreadable(home, "it is not a directory"), harm: Harm::Refused });
    }
    // Root may do as it likes in any case.
    let is_foreign = metadata.owner != disk.user() && metadata.owner != 0;
    if is_foreign || metadata.mode & 0o022 != 0 {
        let error = private(home, &metadata, if metadata.owner == 0 { 0 } else { disk.user() }, 0o022).err()?;
        return Some(Exposure { error, harm: Harm::Replaceable });
    }
    let what = format!("{} may be looked into by other users (mode {:04o})", home.display(), metadata.mode);
    let remedy = format!("nothing in it is open to them; to close it: chmod 700 {}", quoted(home));
    let error = StoreError::new(StoreErrorKind::Unsafe, what, remedy);
    (metadata.mode & 0o055 != 0).then_some(Exposure { error, harm: Harm::Visible })
}
