//! The document as a file: opened, looked at and read as a whole. Its form is the codec's.

use std::io;
use std::path::Path;

use credlatch_core::port::{StoreError, StoreErrorKind};
use credlatch_core::state::State;
use zeroize::Zeroizing;

use super::disk::{Disk, Facts, Kind, Open};
use super::trouble::{aside, private, trouble, unreadable};
use crate::codec::{self, Flaw, MAX_BYTES, Parsed};
pub(super) use crate::codec::{Head, VERSION, form, write};

/// A document as it was read.
pub(super) struct Document {
    pub(super) state: State,
    pub(super) id: u64,
    pub(super) head: Head,
    /// What the file was when it was opened.
    pub(super) facts: Facts,
}

/// Reads a document as a whole; none if there is no such file.
pub(super) fn read<D: Disk>(disk: &D, path: &Path) -> Result<Option<Document>, StoreError> {
    let Some(Content { bytes, facts }) = read_bytes(disk, path)? else { return Ok(None) };
    let Parsed { head, id, state } = codec::parse(&bytes).map_err(|flaw| flawed(flaw, path))?;
    Ok(Some(Document { state, id, head, facts }))
}

/// A file that was read.
pub(crate) struct Content {
    pub(crate) bytes: Zeroizing<Vec<u8>>,
    /// What the file was when it was opened.
    pub(crate) facts: Facts,
}

/// What a file that holds secrets says; none if there is no such file. Refuses one that is empty, not private, not a plain
/// file, or too large.
pub(crate) fn read_bytes<D: Disk>(disk: &D, path: &Path) -> Result<Option<Content>, StoreError> {
    let file = match disk.open(path, Open::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(denied(disk, path).unwrap_or_else(|| trouble("open", path, &error))),
    };
    let facts = disk.facts(&file).map_err(|error| trouble("look at", path, &error))?;
    check(path, &facts, disk.user())?;
    let size = usize::try_from(facts.size).map_err(|_| unreadable(path, "it is too large for this machine"))?;
    // One byte more than there should be, to notice a file that grows while it is read.
    let mut bytes = Zeroizing::new(vec![0; size + 1]);
    let read = disk.read_at(&file, &mut bytes, 0).map_err(|error| trouble("read", path, &error))?;
    if read != size {
        return Err(unreadable(path, "somebody is writing into it; its size changed while it was read"));
    }
    bytes.truncate(size);
    Ok(Some(Content { bytes, facts }))
}

/// Why this user may not open it, if it is because of another one.
fn denied<D: Disk>(disk: &D, path: &Path) -> Option<StoreError> {
    let facts = disk.look(path).ok()?;
    let why = private(path, &facts, disk.user(), 0).err()?;
    Some(StoreError { kind: StoreErrorKind::Denied, ..why })
}

/// Refuses what can't be a profile's document, or isn't private.
pub(super) fn check(path: &Path, facts: &Facts, user: u32) -> Result<(), StoreError> {
    match facts.kind {
        Kind::File => {}
        Kind::Folder => return Err(unreadable(path, "it is a directory")),
        Kind::Other => return Err(unreadable(path, "it is not a plain file")),
    }
    private(path, facts, user, 0o077)?;
    if facts.names > 1 {
        return Err(StoreError::new(
            StoreErrorKind::Unsafe,
            format!("{} has {} names (hard links); a commit would replace only one", path.display(), facts.names),
            "remove the other names, or use a symbolic link",
        ));
    }
    match facts.size {
        0 => Err(unreadable(path, "it is empty")),
        size if size > MAX_BYTES => Err(unreadable(path, &format!("it is larger than {MAX_BYTES} bytes"))),
        _ => Ok(()),
    }
}

/// Parses a document as a load does, and writes it as a commit does.
pub(super) fn rewrite(bytes: &[u8]) -> Result<(State, Zeroizing<Vec<u8>>), StoreError> {
    let path = Path::new("profiles/default.json");
    let Parsed { head, id, state: profile } = codec::parse(bytes).map_err(|flaw| flawed(flaw, path))?;
    let written = write(&head, id, &profile);
    let written = written.map_err(|error| trouble("write", path, &error))?;
    Ok((profile, written.ok_or_else(|| unreadable(path, "it is too large"))?))
}

fn flawed(flaw: Flaw, path: &Path) -> StoreError {
    flaw.of(path.display(), || format!("mend it, or move it away and start anew: {}", aside(path)))
}
