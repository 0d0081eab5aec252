//! Where a profile's files are: all beside the document itself, wherever links lead to it, so that two names of one
//! document share one lock.

use std::io;
use std::path::{Path, PathBuf};

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::Nonce;

use super::disk::{Disk, FileType, Metadata};
use super::errors::{io_error, no_link, others, private, quoted, unreadable};

/// Links that are followed to a document; as many as Linux follows.
const MAX_LINKS: usize = 40;

/// The files of one profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    pub document: PathBuf,
    pub lock: PathBuf,
    pub claims: PathBuf,
    pub folder: PathBuf,
    /// What their names begin with.
    stem: String,
    /// Whether links led here: then the directory is somebody's choice, and others may look at its names.
    linked: bool,
}

impl Paths {
    /// Follows links from the name of a document to the document.
    pub fn resolve<D: Disk>(disk: &D, entry: &Path) -> Result<Self, StoreError> {
        let mut document = entry.to_owned();
        for _ in 0..=MAX_LINKS {
            let link = disk.link(&document).map_err(|error| io_error("follow", &document, &error))?;
            let Some(target) = link else { return Ok(Self::beside(document, entry)) };
            document.pop();
            document.push(target);
        }
        Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!("{} is a symbolic link that leads to no end", entry.display()),
            "remove the link",
        ))
    }

    /// The same for a document that another tool keeps: that tool locks beside the name and not beside what the name leads
    /// to, and others may look at the names in its directory.
    pub fn resolve_foreign<D: Disk>(disk: &D, entry: &Path) -> Result<Self, StoreError> {
        let mut paths = Self::resolve(disk, entry)?;
        paths.lock = entry.with_extension("lock");
        paths.linked = true;
        Ok(paths)
    }

    /// The files beside a document's name, whatever that leads to.
    pub fn unlinked(entry: &Path) -> Self {
        Self::beside(entry.to_owned(), entry)
    }

    fn beside(document: PathBuf, entry: &Path) -> Self {
        let name = document.file_name().unwrap_or_default().to_string_lossy();
        let stem = name.strip_suffix(".json").unwrap_or(&name).to_owned();
        let folder = document.parent().map(Path::to_owned).unwrap_or_default();
        Self {
            lock: folder.join(format!("{stem}.lock")),
            claims: folder.join(format!("{stem}.claims")),
            linked: document != entry,
            document,
            folder,
            stem,
        }
    }

    /// The sign of life of that name.
    pub fn claim(&self, name: Nonce) -> PathBuf {
        self.claims.join(name.to_string())
    }

    /// The unfinished document that belongs to the sign of life of that name.
    pub fn draft(&self, name: Nonce) -> PathBuf {
        self.folder.join(format!(".{}-{name}.tmp", self.stem))
    }

    /// The sign of life that a file of this name in the directory belongs to, if it is an unfinished document of this
    /// profile.
    pub fn sign_of_draft(&self, file: &str) -> Option<Nonce> {
        let name = file.strip_prefix('.')?.strip_prefix(&self.stem)?.strip_prefix('-')?.strip_suffix(".tmp")?;
        Nonce::try_from(name.to_owned()).ok()
    }

    /// Looks whether the directory is there and private. Returns whether it is there.
    pub fn check_folder<D: Disk>(&self, disk: &D) -> Result<bool, StoreError> {
        let metadata = match disk.metadata_at(&self.folder) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(io_error("look at", &self.folder, &error)),
        };
        if metadata.kind != FileType::Folder {
            return Err(unreadable(&self.folder, "it is not a directory"));
        }
        let forbidden = if self.linked { 0o022 } else { 0o077 };
        private(&self.folder, &metadata, disk.user(), forbidden)?;
        Ok(true)
    }

    /// Makes the directory if it isn't there.
    pub fn make_folder<D: Disk>(&self, disk: &D) -> Result<(), StoreError> {
        if !self.check_folder(disk)? {
            self.refuse_root_elsewhere(disk)?;
            make(disk, &self.folder).map_err(|error| io_error("make", &self.folder, &error))?;
        }
        Ok(())
    }

    /// Refuses to make something as root in another user's directory: that user could not read it.
    fn refuse_root_elsewhere<D: Disk>(&self, disk: &D) -> Result<(), StoreError> {
        if disk.user() != 0 {
            return Ok(());
        }
        let there = self.folder.ancestors().skip(1).find_map(|above| Some((above, disk.metadata_at(above).ok()?)));
        match there {
            Some((above, metadata)) if metadata.owner != 0 => {
                let refused = others(above, metadata.owner, 0);
                let made =
                    format!("{}; or, if root is to use it, mkdir -p -m 700 {}", refused.remedy, quoted(&self.folder));
                Err(StoreError { remedy: made, ..refused })
            }
            _ => Ok(()),
        }
    }

    /// Makes the names in the directory and in those above it durable: the lock file's own, and those of directories whose
    /// maker may have died, or be about to go on, before the sync. The first commit relies on all of them.
    pub fn settle_folder<D: Disk>(&self, disk: &D) -> Result<(), StoreError> {
        let mut device = None;
        for folder in self.folder.ancestors() {
            let settled = disk.metadata_at(folder).and_then(|metadata| {
                // What is mounted somewhere, or belongs to somebody else, was not made here.
                if *device.get_or_insert(metadata.file_id.dev) != metadata.file_id.dev {
                    return Ok(false);
                }
                let is_ours = metadata.owner == disk.user();
                match disk.sync_folder(folder) {
                    Err(error) if !is_ours && error.kind() == io::ErrorKind::PermissionDenied => Ok(false),
                    synced => synced.map(|()| is_ours),
                }
            });
            if !settled.map_err(|error| io_error("make sure of the names in", folder, &error))? {
                break;
            }
        }
        Ok(())
    }

    /// Looks whether the directory of the signs of life is there, and is this user's alone. Returns what it is; none if it isn't there.
    pub fn check_claims<D: Disk>(&self, disk: &D) -> Result<Option<Metadata>, StoreError> {
        let path = &self.claims;
        no_link(disk, path)?;
        let metadata = match disk.metadata_at(path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io_error("look at", path, &error)),
        };
        if metadata.kind != FileType::Folder {
            return Err(unreadable(path, "it is not a directory"));
        }
        private(path, &metadata, disk.user(), 0o077)?;
        Ok(Some(metadata))
    }

    /// Makes the directory of the signs of life if it isn't there; the one that it is in is.
    pub fn make_claims<D: Disk>(&self, disk: &D) -> Result<(), StoreError> {
        if self.check_claims(disk)?.is_none() {
            made(disk.make_folder(&self.claims)).map_err(|error| io_error("make", &self.claims, &error))?;
            self.check_claims(disk)?;
        }
        Ok(())
    }
}

/// Makes a directory and those above it; each new name is made durable, or a power cut could take the whole store.
fn make<D: Disk>(disk: &D, folder: &Path) -> io::Result<()> {
    let Some(above) = folder.parent() else { return Ok(()) };
    match disk.make_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(disk, above)?;
            made(disk.make_folder(folder))?;
        }
        other => made(other)?,
    }
    disk.sync_folder(above)
}

fn made(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    }
}
