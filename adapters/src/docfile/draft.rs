//! Drafts: the file that a commit writes before it takes the document's place. Made early, a draft is also the reservation
//! of a commit that must not fail for lack of space.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::port::{Alive, StoreError};
use credlatch_core::state::Nonce;

use super::claims::{self, FileAlive};
use super::disk::{Disk, Metadata, Open};
use super::errors::io_error;
use super::paths::Paths;
use crate::system::Process;

/// Space is set aside in whole blocks, and some more of them, because the state may grow before it is committed.
const BLOCK: u64 = 4096;
const HEADROOM: u64 = 4 * BLOCK;

/// The space for a document of this size that grows by so many bytes.
pub fn wanted(present: u64, more: u64) -> u64 {
    present.saturating_add(more).next_multiple_of(BLOCK).saturating_add(HEADROOM)
}

/// A draft, with space set aside if it was reserved. Dropping it unused removes it.
///
/// A sign of life goes with a draft, under the same name: so whoever sweeps can tell an abandoned draft from one in use, and
/// finds it without listing a directory that ten thousand profiles may share. One that whoever holds the store's lock has named in
/// the lock file needs none: it is abandoned as soon as somebody else has that lock.
pub struct Draft<D: Disk> {
    disk: Arc<D>,
    paths: Paths,
    file: D::File,
    name: Nonce,
    process: Process,
    sign: Option<FileAlive<D>>,
    /// What the file was once it was written.
    filled: Option<Metadata>,
    is_reserved: bool,
    is_used: bool,
}

impl<D: Disk> Draft<D> {
    /// An empty draft of this process with a sign of life. The caller has looked at the directory of the document.
    pub fn create(disk: &Arc<D>, paths: &Paths, process: Process) -> Result<Self, StoreError> {
        let sign = claims::enlist(disk, paths, process)?;
        let name = sign.actor().name;
        let mut made = Self::named(disk, paths, process, name);
        match &mut made {
            Ok(draft) => draft.sign = Some(sign),
            Err(_) => drop(disk.remove(&paths.claim(name))),
        }
        made
    }

    /// An empty draft of this process, which has the document locked and this name written down.
    pub fn named(disk: &Arc<D>, paths: &Paths, process: Process, name: Nonce) -> Result<Self, StoreError> {
        let path = paths.draft(name);
        let file = disk.open(&path, Open::New).map_err(|error| io_error("make", &path, &error))?;
        let (disk, paths) = (Arc::clone(disk), paths.clone());
        Ok(Self { disk, paths, file, name, process, sign: None, filled: None, is_reserved: false, is_used: false })
    }

    /// A draft with space for the present document and about so many bytes more.
    pub fn reserve(disk: &Arc<D>, paths: &Paths, bytes: usize) -> Result<Self, StoreError> {
        paths.make_folder(&**disk)?;
        let mut draft = Self::create(disk, paths, disk.process())?;
        let present = disk.metadata_at(&paths.document).map_or(0, |metadata| metadata.size);
        match disk.allocate(&draft.file, wanted(present, bytes as u64)) {
            Ok(()) => draft.is_reserved = true,
            Err(error) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(error) => return Err(io_error("set space aside in", &paths.folder, &error)),
        }
        Ok(draft)
    }

    /// Whether the file system did set space aside; some can't.
    pub fn is_reserved(&self) -> bool {
        self.is_reserved
    }

    pub fn is_for(&self, paths: &Paths) -> bool {
        self.paths == *paths && self.is_mine()
    }

    /// Whether a sign of life goes with it.
    pub fn is_signed(&self) -> bool {
        self.sign.is_some()
    }

    pub fn path(&self) -> PathBuf {
        self.paths.draft(self.name)
    }

    /// Writes the draft and makes it durable.
    pub fn fill(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.disk.write_at(&self.file, bytes, 0)?;
        if self.is_reserved {
            self.disk.truncate(&self.file, bytes.len() as u64)?;
        }
        self.disk.sync(&self.file)?;
        self.filled = self.disk.metadata(&self.file).ok();
        Ok(())
    }

    /// Gives the draft the document's name.
    pub fn publish(&mut self, document: &Path) -> io::Result<()> {
        self.disk.rename(&self.path(), document)?;
        self.is_used = true;
        Ok(())
    }

    /// What the draft was once it was written.
    pub fn filled(&self) -> Option<Metadata> {
        self.filled
    }

    /// What the document is now, if it is what this draft was when it was written: whoever doesn't lock may have edited or
    /// replaced it since it has the name.
    pub fn standing(&self, document: &Path) -> Option<Metadata> {
        let now = self.disk.metadata_at(document).ok()?;
        // A renaming changes that time.
        let unmoved = Metadata { changed_ns: self.filled?.changed_ns, ..now };
        (self.filled == Some(unmoved)).then_some(now)
    }

    /// Ends a draft that is the document by now, in the process whose commit that was.
    pub fn end(mut self) {
        self.remove_sign();
    }

    fn remove_sign(&mut self) {
        if let Some(mut sign) = self.sign.take() {
            // No state ever names this sign of life, and it is locked here: nobody can be asking about it.
            let _ = self.disk.remove(&self.paths.claim(self.name));
            sign.end();
        }
    }

    /// Whether this is the process that made it, and not a fork of it.
    fn is_mine(&self) -> bool {
        self.disk.pid() == self.process.pid && self.disk.pid_namespace() == self.process.pid_namespace
    }

    /// Whether the document is this draft, even though its renaming was reported to have failed.
    pub fn became(&self, document: &Path) -> bool {
        claims::is_at(&*self.disk, &self.file, document).unwrap_or(true)
    }
}

impl<D: Disk> Drop for Draft<D> {
    fn drop(&mut self) {
        let is_over = self.is_used && self.sign.is_none();
        if is_over || !self.is_mine() {
            return;
        }
        if !self.is_used {
            // What can't be removed is swept by a later commit.
            let _ = self.disk.remove(&self.path());
        }
        self.remove_sign();
    }
}
