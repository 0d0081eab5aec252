//! What dead acts left behind, and copies that people or editors put beside the document.

use std::path::{Path, PathBuf};

use credlatch_core::state::{Nonce, State};

use crate::docfile::disk::{Disk, FileType, Hold, Open};
use crate::docfile::paths::Paths;

/// A file that is not part of the store as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leftover {
    /// The sign of life of an act that has ended. A later commit removes it.
    Sign(PathBuf),
    /// A document that was never finished. A later commit removes it.
    Draft(PathBuf),
    /// A copy of the document under another name: it may hold secrets, and nothing here ever removes it.
    Copy {
        /// Where.
        path: PathBuf,
        /// Whether other users may read it.
        is_open: bool,
    },
}

pub(super) fn all<D: Disk>(disk: &D, paths: &Paths, state: Option<&State>) -> Vec<Leftover> {
    let mut found = Vec::new();
    // Without the state nobody can say which signs are still named.
    found.extend(state.into_iter().flat_map(|state| signs(disk, paths, state)));
    let mut names = disk.list(&paths.folder).unwrap_or_default();
    names.sort();
    found.extend(names.iter().filter_map(|name| draft(disk, paths, name)));
    found.extend(names.iter().filter(|name| is_copy(paths, name)).filter_map(|name| copy(disk, &paths.folder, name)));
    found
}

fn signs<D: Disk>(disk: &D, paths: &Paths, state: &State) -> Vec<Leftover> {
    if !matches!(paths.check_claims(disk), Ok(Some(_))) {
        return Vec::new();
    }
    let named: Vec<Nonce> = state.claims().map(|claim| claim.actor.name).collect();
    let there = disk.list(&paths.claims).unwrap_or_default();
    let mut left: Vec<_> = there.into_iter().filter_map(|name| Nonce::try_from(name).ok()).collect();
    left.retain(|name| !named.contains(name) && is_let_go(disk, &paths.claim(*name)));
    left.sort();
    left.into_iter().map(|name| Leftover::Sign(paths.claim(name))).collect()
}

fn draft<D: Disk>(disk: &D, paths: &Paths, file: &str) -> Option<Leftover> {
    let (name, path) = (paths.sign_of_draft(file)?, paths.folder.join(file));
    let is_there = |path: &Path| disk.metadata_at(path).is_ok();
    // One without a sign of life is the commit's that has the lock.
    let guard = Some(paths.claim(name)).filter(|sign| is_there(sign)).unwrap_or_else(|| paths.lock.clone());
    let is_abandoned = !is_there(&guard) || is_let_go(disk, &guard);
    // It may have become the document meanwhile.
    (is_abandoned && is_there(&path)).then_some(Leftover::Draft(path))
}

/// Whether nobody has the file locked. One that can't be asked counts as held.
fn is_let_go<D: Disk>(disk: &D, path: &Path) -> bool {
    let probed = disk.open(path, Open::Read).and_then(|file| {
        let is_free = disk.try_lock(&file, Hold::Shared)?;
        if is_free {
            disk.unlock(&file)?;
        }
        Ok(is_free)
    });
    probed.unwrap_or(false)
}

/// Whether a name is the document's with something around it, as editors and careful people write it, and can't be a file
/// of another profile.
fn is_copy(paths: &Paths, name: &str) -> bool {
    let document = paths.document.file_name().unwrap_or_default().to_string_lossy();
    let rest = name.trim_start_matches(['.', '#']).strip_prefix(&*document);
    let is_a_profiles = [".json", ".lock", ".claims", ".tmp"].iter().any(|end| name.ends_with(end));
    rest.is_some_and(|rest| !rest.is_empty() || name != document) && !is_a_profiles
}

fn copy<D: Disk>(disk: &D, folder: &Path, name: &str) -> Option<Leftover> {
    let path = folder.join(name);
    let metadata =
        disk.metadata_at(&path).ok().filter(|metadata| metadata.kind == FileType::File && metadata.size > 0)?;
    let is_open = metadata.mode & 0o044 != 0 || metadata.owner != disk.user();
    Some(Leftover::Copy { path, is_open })
}
