//! Reading a document as a whole: what it may be, and whose.

use std::io;
use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use zeroize::Zeroizing;

use super::disk::{Disk, FileType, Metadata, Open};
use super::errors::{io_error, private, unreadable};
use crate::codec::MAX_BYTES;

/// A file that was read.
pub struct Content {
    pub bytes: Zeroizing<Vec<u8>>,
    /// What the file was when it was opened.
    pub metadata: Metadata,
}

/// What a file that holds secrets says; none if there is no such file. Refuses one that is empty, not private, not a plain
/// file, or too large.
pub fn read_bytes<D: Disk>(disk: &D, path: &Path) -> Result<Option<Content>, StoreError> {
    read_opened(disk, path, disk.open(path, Open::Read))
}

/// The same for what came of opening it.
pub fn read_opened<D: Disk>(disk: &D, path: &Path, opened: io::Result<D::File>) -> Result<Option<Content>, StoreError> {
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(denied(disk, path).unwrap_or_else(|| io_error("open", path, &error))),
    };
    let metadata = disk.metadata(&file).map_err(|error| io_error("look at", path, &error))?;
    check(path, &metadata, disk.user())?;
    let size = usize::try_from(metadata.size).map_err(|_| unreadable(path, "it is too large for this machine"))?;
    // One byte more than there should be, to notice a file that grows while it is read.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let read = disk.read_at(&file, &mut bytes, 0).map_err(|error| io_error("read", path, &error))?;
    if read != size {
        return Err(StoreError::new(
            StoreErrorKind::Unreadable,
            format!(
                "{} can't be read: somebody is writing into it; its size changed while it was read",
                path.display()
            ),
            "try again when the program that writes to it is done; credlatch itself only replaces it as a whole",
        ));
    }
    bytes.truncate(size);
    Ok(Some(Content { bytes, metadata }))
}

/// Why this user may not open it, if it is because of another one.
fn denied<D: Disk>(disk: &D, path: &Path) -> Option<StoreError> {
    let metadata = disk.metadata_at(path).ok()?;
    let why = private(path, &metadata, disk.user(), 0).err()?;
    Some(StoreError { kind: StoreErrorKind::Denied, ..why })
}

/// Refuses what can't be a profile's document, or isn't private.
pub fn check(path: &Path, metadata: &Metadata, user: u32) -> Result<(), StoreError> {
    match metadata.kind {
        FileType::File => {}
        FileType::Folder => return Err(unreadable(path, "it is a directory")),
        FileType::Other => return Err(unreadable(path, "it is not a plain file")),
    }
    private(path, metadata, user, 0o077)?;
    if metadata.names > 1 {
        return Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!("{} has {} names (hard links); a commit would replace only one", path.display(), metadata.names),
            "remove the other names, or use a symbolic link",
        ));
    }
    match metadata.size {
        0 => Err(unreadable(path, "it is empty")),
        size if size > MAX_BYTES => Err(unreadable(path, &format!("it is larger than {MAX_BYTES} bytes"))),
        _ => Ok(()),
    }
}
