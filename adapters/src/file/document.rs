//! The document as a file: opened, looked at and read as a whole. Its form is the codec's.

use std::io;
use std::path::Path;

use credlatch_core::port::StoreError;
use credlatch_core::state::State;
use zeroize::Zeroizing;

use crate::codec::{DocumentName, Parsed};
pub(super) use crate::codec::{Head, VERSION, form};
use crate::docfile::content::{self, Content};
use crate::docfile::disk::{Disk, Metadata, Open};
use crate::docfile::errors::{aside, unreadable};
use crate::seal::Sealing;
use crate::zeroizing;

/// A document as it was read.
pub(super) struct Document {
    pub(super) state: State,
    pub(super) id: u64,
    pub(super) head: Head,
    /// What the file was when it was opened.
    pub(super) metadata: Metadata,
}

/// Reads a document as a whole; none if there is no such file.
pub(super) fn read<D: Disk>(disk: &D, path: &Path, sealing: &Sealing) -> Result<Option<Document>, StoreError> {
    read_opened(disk, path, disk.open(path, Open::Read), sealing)
}

/// The same for what came of opening it.
pub(super) fn read_opened<D: Disk>(
    disk: &D,
    path: &Path,
    opened: io::Result<D::File>,
    sealing: &Sealing,
) -> Result<Option<Document>, StoreError> {
    let Some(Content { bytes, metadata }) = content::read_opened(disk, path, opened)? else { return Ok(None) };
    let parsed = parse(&bytes, path, sealing);
    zeroizing::wipe(bytes);
    let Parsed { head, id, state } = parsed?;
    Ok(Some(Document { state, id, head, metadata }))
}

/// A document's bytes. None if there would be too many.
pub(super) fn write(
    head: &Head,
    id: u64,
    state: &State,
    path: &Path,
    sealing: &Sealing,
) -> Result<Option<Zeroizing<Vec<u8>>>, StoreError> {
    sealing.write(head, id, state, profile(path), &path.display())
}

/// Parses a document as a load does, and writes it as a commit does.
pub(super) fn rewrite(bytes: &[u8]) -> Result<(State, Zeroizing<Vec<u8>>), StoreError> {
    let (path, sealing) = (Path::new("profiles/default.json"), Sealing::none("default"));
    let Parsed { head, id, state } = parse(bytes, path, &sealing)?;
    let written = write(&head, id, &state, path, &sealing)?;
    Ok((state, written.ok_or_else(|| unreadable(path, "it is too large"))?))
}

fn parse(bytes: &[u8], path: &Path, sealing: &Sealing) -> Result<Parsed, StoreError> {
    let remedy = || format!("mend it, or move it away and start anew: {}", aside(path));
    sealing.parse(bytes, &DocumentName { profile: profile(path), shown: &path.display(), remedy: &remedy })
}

/// The profile that a document is sealed as: the name of its file, once links were followed.
fn profile(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
}
