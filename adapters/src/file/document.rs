//! The document as a file: opened, looked at and read as a whole. Its form is the codec's.

use std::path::Path;

use credlatch_core::port::StoreError;
use credlatch_core::state::State;
use zeroize::Zeroizing;

use crate::codec::{self, Flaw, Parsed};
pub(super) use crate::codec::{Head, VERSION, form, write};
use crate::docfile::content::{Content, read_bytes};
use crate::docfile::disk::{Disk, Metadata};
use crate::docfile::errors::{aside, io_error, unreadable};

/// A document as it was read.
pub(super) struct Document {
    pub(super) state: State,
    pub(super) id: u64,
    pub(super) head: Head,
    /// What the file was when it was opened.
    pub(super) metadata: Metadata,
}

/// Reads a document as a whole; none if there is no such file.
pub(super) fn read<D: Disk>(disk: &D, path: &Path) -> Result<Option<Document>, StoreError> {
    let Some(Content { bytes, metadata }) = read_bytes(disk, path)? else { return Ok(None) };
    let Parsed { head, id, state } = codec::parse(&bytes).map_err(|flaw| flawed(flaw, path))?;
    Ok(Some(Document { state, id, head, metadata }))
}

/// Parses a document as a load does, and writes it as a commit does.
pub(super) fn rewrite(bytes: &[u8]) -> Result<(State, Zeroizing<Vec<u8>>), StoreError> {
    let path = Path::new("profiles/default.json");
    let Parsed { head, id, state: profile } = codec::parse(bytes).map_err(|flaw| flawed(flaw, path))?;
    let written = write(&head, id, &profile);
    let written = written.map_err(|error| io_error("write", path, &error))?;
    Ok((profile, written.ok_or_else(|| unreadable(path, "it is too large"))?))
}

fn flawed(flaw: Flaw, path: &Path) -> StoreError {
    flaw.into_error(path.display(), || format!("mend it, or move it away and start anew: {}", aside(path)))
}
