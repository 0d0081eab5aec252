//! Reading a `.env` file: whole, bounded, and into memory that is wiped.

use std::path::Path;

use zeroize::Zeroizing;

use crate::files::{FileType, Files, Metadata, Open};
use crate::plain_file::{MAX_FILE_BYTES, Unreadable, decoded, is_absent, unreadable};

/// An open file, and what it was when it was opened.
type OpenFile<D> = (<D as Files>::File, Metadata);

/// Opens a plain file for reading; `None` if nothing is there.
pub(super) fn open<D: Files>(disk: &D, path: &Path) -> Result<Option<OpenFile<D>>, Unreadable> {
    let file = match disk.open(path, Open::Linked) {
        Ok(file) => file,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let metadata = disk.metadata(&file).map_err(|error| unreadable(&error))?;
    match metadata.kind {
        FileType::File => Ok(Some((file, metadata))),
        FileType::Folder => Err(Unreadable::Folder),
        FileType::Other => Err(Unreadable::NotAFile),
    }
}

/// The whole text of an open file.
pub(super) fn text<D: Files>(disk: &D, file: &D::File, metadata: &Metadata) -> Result<Zeroizing<String>, Unreadable> {
    let size = usize::try_from(metadata.size).ok().filter(|_| metadata.size <= MAX_FILE_BYTES);
    let size = size.ok_or(Unreadable::TooLarge)?;
    // One byte more than there should be, to notice a file that grows while it is read.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let read = disk.read_at(file, &mut bytes, 0).map_err(|error| unreadable(&error))?;
    if read > size {
        return Err(Unreadable::Growing);
    }
    bytes.truncate(read);
    decoded(bytes)
}
