//! Removing what dead acts left behind: signs of life that no claim names, and drafts. Whoever does holds the store's lock.

use std::io;
use std::sync::Arc;

use credlatch_core::port::{Cell, Seam};
use credlatch_core::state::{Nonce, State};

use super::disk::{Disk, Hold, Metadata, Open};
use super::left;
use super::paths::Paths;

/// The age from which a time of change tells of every later change, in milliseconds: the kernel's clock for files has ticks, of 10 ms
/// at most.
const SETTLED_MS: u64 = 1000;

/// One store's sweeper: it lists a directory that it saw empty again only once that has changed.
pub struct Sweeper<D: Disk> {
    /// The directory of the signs of life as it was with nothing in it.
    empty: <D::Seam as Seam>::Published<Option<Metadata>>,
}

impl<D: Disk> Default for Sweeper<D> {
    fn default() -> Self {
        Self { empty: Cell::new(Arc::new(None)) }
    }
}

impl<D: Disk> Sweeper<D> {
    /// Removes what dead acts left behind in the directory that was found to be this. The caller has made `state` the newest commit.
    pub fn sweep(&self, disk: &D, paths: &Paths, state: &State, found: Metadata) {
        if self.empty.read(|empty| **empty == Some(found)) {
            return;
        }
        let changed_ms = u64::try_from(found.changed_ns / 1_000_000).unwrap_or(0);
        let is_settled = changed_ms != 0 && changed_ms.saturating_add(SETTLED_MS) < disk.now().wall_ms;
        if list_and_sweep(disk, paths, state) && is_settled {
            self.empty.write(|empty| *empty = Arc::new(Some(found)));
        }
    }
}

/// Removes what dead acts left behind. The caller has made `state` the newest commit.
pub fn sweep<D: Disk>(disk: &D, paths: &Paths, state: &State) {
    if matches!(paths.check_claims(disk), Ok(Some(_))) {
        list_and_sweep(disk, paths, state);
    }
}

/// The same for those whose document is elsewhere, and names these.
#[cfg(feature = "etcd")]
pub(crate) fn sweep_but<D: Disk>(disk: &D, paths: &Paths, named: &[Nonce]) {
    if matches!(paths.check_claims(disk), Ok(Some(_))) {
        sweep_unnamed(disk, paths, named);
    }
}

/// The same in a directory that was looked at. Returns whether there was nothing in it.
fn list_and_sweep<D: Disk>(disk: &D, paths: &Paths, state: &State) -> bool {
    let named: Vec<Nonce> = state.claims().map(|claim| claim.actor.name).collect();
    sweep_unnamed(disk, paths, &named)
}

fn sweep_unnamed<D: Disk>(disk: &D, paths: &Paths, named: &[Nonce]) -> bool {
    let Ok(left) = disk.list(&paths.claims) else { return false };
    let is_empty = left.is_empty();
    let left = left.into_iter().filter_map(|name| Nonce::try_from(name).ok());
    for name in left.filter(|name| !named.contains(name)) {
        // What can't be removed now is tried again after the next commit.
        let _ = remove_if_dead(disk, paths, name);
    }
    is_empty
}

/// Removes drafts whose signs of life are gone: a power cut may take the one and leave the other. The caller does this once after
/// each start of the machine, because ten thousand profiles may share the directory that is listed.
pub fn sweep_strays<D: Disk>(disk: &D, paths: &Paths) {
    if paths.check_claims(disk).is_err() {
        return;
    }
    for name in disk.list(&paths.folder).unwrap_or_default().iter().filter_map(|file| paths.sign_of_draft(file)) {
        // A draft is made after its sign of life and removed before it. One that never had any is that of whoever has the lock.
        let sign = disk.metadata_at(&paths.claim(name));
        if sign.is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            let _ = disk.remove(&paths.draft(name));
        }
    }
}

/// An actor that has just enlisted is not in any state yet: its lock is what protects it.
fn remove_if_dead<D: Disk>(disk: &D, paths: &Paths, name: Nonce) -> io::Result<()> {
    let path = paths.claim(name);
    let file = disk.open(&path, Open::Write)?;
    if disk.try_lock(&file, Hold::Alone)? {
        match disk.remove(&paths.draft(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {
                left::wipe(disk, &file)?;
                disk.remove(&path)?;
            }
        }
        disk.unlock(&file)?;
    }
    Ok(())
}
