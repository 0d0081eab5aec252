//! The calls that a machine answers, as the operating system has them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch::file::disk::{FileId, FileType, Hold, Metadata, Open};
use rustix::io::Errno;

use super::disk::{Change, FileSystem, Ino, Node};
use super::fault::{Call, Fault};
use super::machine::{Inner, Machine};

/// An open file.
pub(crate) struct Handle {
    machine: Arc<Machine>,
    pub(crate) path: PathBuf,
    pub(crate) ino: Ino,
    pub(crate) number: u64,
    /// Whether it was opened to write.
    pub(crate) writes: bool,
}

impl Drop for Handle {
    fn drop(&mut self) {
        release(&mut self.machine.inner().locks, self.ino, self.number);
    }
}

fn release(locks: &mut BTreeMap<Ino, Vec<(u64, Hold)>>, ino: Ino, number: u64) {
    if let Some(held) = locks.get_mut(&ino) {
        held.retain(|(holder, _)| *holder != number);
    }
}

impl Machine {
    pub(crate) fn open(self: &Arc<Self>, path: &Path, how: Open) -> io::Result<Handle> {
        let mut inner = self.call(if matches!(how, Open::New | Open::Ensure) { Call::Make } else { Call::Open })?;
        let found = inner.world.files.find(if how == Open::Linked { inner.world.behind(path) } else { path });
        let (ino, made) = match (found, how) {
            (Ok(_), Open::New) => return Err(Errno::EXIST.into()),
            (Ok(ino), _) => (ino, false),
            (Err(error), Open::Read | Open::Linked | Open::Write) => return Err(error),
            (Err(_), Open::New | Open::Ensure) => {
                let slot = inner.world.files.slot(path)?;
                let ino = inner.world.files.make(Node::file([]));
                inner.world.files.change(Change::Name { slot, node: Some(ino) });
                (ino, true)
            }
        };
        inner.handles += 1;
        let number = inner.handles;
        drop(inner);
        if made {
            self.mark(|| format!("make {}", path.display()));
        }
        Ok(Handle {
            machine: Arc::clone(self),
            path: path.to_owned(),
            ino,
            number,
            writes: !matches!(how, Open::Read | Open::Linked),
        })
    }

    pub(crate) fn read_at(&self, file: &Handle, into: &mut [u8], at: u64) -> io::Result<usize> {
        let inner = self.call(Call::Read)?;
        let Some(Node::File { bytes, .. }) = inner.world.files.nodes.get(&file.ino) else {
            return Err(Errno::ISDIR.into());
        };
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
        let read = into.len().min(bytes.len() - from);
        into[..read].copy_from_slice(&bytes[from..from + read]);
        Ok(read)
    }

    pub(crate) fn write_at(&self, file: &Handle, bytes: &[u8], at: u64) -> io::Result<()> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let change = |bytes: &[u8]| Change::Write { file: file.ino, at, bytes: Arc::new(bytes.to_vec()) };
        match self.call(Call::Write) {
            Ok(mut inner) => inner.world.files.change(change(bytes)),
            Err(error) => {
                // A short write leaves the first part behind, in whole words.
                if self.half_done() {
                    self.inner().world.files.change(change(&bytes[..bytes.len() / 16 * 8]));
                }
                return Err(error);
            }
        }
        self.mark(|| format!("write {} bytes to {} at {at}", bytes.len(), file.path.display()));
        Ok(())
    }

    pub(crate) fn set_length(&self, file: &Handle, length: u64, grow_only: bool) -> io::Result<()> {
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let mut inner = self.call(Call::Length)?;
        let Some(Node::File { bytes, .. }) = inner.world.files.nodes.get(&file.ino) else {
            return Err(Errno::ISDIR.into());
        };
        let length = if grow_only { length.max(bytes.len()) } else { length };
        if length != bytes.len() {
            inner.world.files.change(Change::Length { file: file.ino, length });
            drop(inner);
            self.mark(|| format!("set the length of {}", file.path.display()));
        }
        Ok(())
    }

    pub(crate) fn sync(&self, file: &Handle) -> io::Result<()> {
        self.call(Call::Sync)?.world.files.sync(file.ino);
        self.mark(|| format!("sync {}", file.path.display()));
        Ok(())
    }

    pub(crate) fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.call(Call::SyncFolder)?;
        let folder = inner.world.files.find(path)?;
        inner.world.files.sync_folder(folder);
        drop(inner);
        self.mark(|| format!("sync the directory {}", path.display()));
        Ok(())
    }

    pub(crate) fn try_lock(&self, file: &Handle, how: Hold) -> io::Result<bool> {
        let mut inner = self.call(Call::Lock)?;
        let held = inner.locks.entry(file.ino).or_default();
        let is_free =
            held.iter().all(|(holder, held)| *holder == file.number || (how == Hold::Shared && *held == Hold::Shared));
        if is_free {
            held.retain(|(holder, _)| *holder != file.number);
            held.push((file.number, how));
        }
        Ok(is_free)
    }

    /// Takes a lock away from whoever holds it.
    pub(crate) fn release(&self, ino: Ino, number: u64) {
        release(&mut self.inner().locks, ino, number);
    }

    pub(crate) fn unlock(&self, file: &Handle) -> io::Result<()> {
        release(&mut self.call(Call::Unlock)?.locks, file.ino, file.number);
        Ok(())
    }

    pub(crate) fn metadata(&self, file: &Handle) -> io::Result<Metadata> {
        Ok(metadata(&self.call(Call::Metadata)?.world.files, file.ino))
    }

    pub(crate) fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        let files = &self.call(Call::MetadataAt)?.world.files;
        Ok(metadata(files, files.find(path)?))
    }

    /// No symbolic link leads to a document here.
    pub(crate) fn link(&self, _path: &Path) -> io::Result<Option<PathBuf>> {
        self.call(Call::Link).map(|_| None)
    }

    pub(crate) fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        let world = &self.call(Call::Resolve)?.world;
        let path = world.behind(path);
        world.files.find(path).map(|_| path.to_owned())
    }

    pub(crate) fn keep_access(&self, file: &Handle, of: &Handle) -> io::Result<()> {
        let mut inner = self.call(Call::Access)?;
        let Some(Node::File { mode, .. }) = inner.world.files.nodes.get(&of.ino) else {
            return Err(Errno::ISDIR.into());
        };
        let change = Change::Mode { file: file.ino, mode: *mode };
        inner.world.files.change(change);
        drop(inner);
        self.mark(|| format!("set the permissions of {}", file.path.display()));
        Ok(())
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let rename = |inner: &mut Inner| -> io::Result<()> {
            let node = inner.world.files.find(from)?;
            let (from, to) = (inner.world.files.slot(from)?, inner.world.files.slot(to)?);
            inner.world.files.change(Change::Rename { from, to, node });
            Ok(())
        };
        match self.call(Call::Rename) {
            Ok(mut inner) => rename(&mut inner)?,
            Err(error) => {
                // A network file system may rename and report that it didn't.
                if self.half_done() {
                    rename(&mut self.inner())?;
                    self.mark(|| "a renaming that is said to have failed".to_owned());
                }
                return Err(error);
            }
        }
        self.mark(|| format!("rename {} to {}", from.display(), to.display()));
        Ok(())
    }

    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.call(Call::Remove)?;
        inner.world.files.find(path)?;
        let slot = inner.world.files.slot(path)?;
        inner.world.files.change(Change::Name { slot, node: None });
        drop(inner);
        self.mark(|| format!("remove {}", path.display()));
        Ok(())
    }

    pub(crate) fn make_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.call(Call::MakeFolder)?;
        if inner.world.files.find(path).is_ok() {
            return Err(Errno::EXIST.into());
        }
        let slot = inner.world.files.slot(path)?;
        let node = inner.world.files.make(Node::Folder(BTreeMap::new()));
        inner.world.files.change(Change::Name { slot, node: Some(node) });
        drop(inner);
        self.mark(|| format!("make the directory {}", path.display()));
        Ok(())
    }

    pub(crate) fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let files = &self.call(Call::List)?.world.files;
        match files.nodes.get(&files.find(path)?) {
            Some(Node::Folder(names)) => Ok(names.keys().cloned().collect()),
            _ => Err(Errno::NOTDIR.into()),
        }
    }

    pub(crate) fn file_system(&self) -> io::Result<Option<&'static str>> {
        self.call(Call::FileSystem).map(|_| None)
    }

    /// Whether the call that just failed is to leave something behind.
    fn half_done(&self) -> bool {
        self.inner().fault.as_ref().is_some_and(Fault::leaves_traces)
    }
}

/// Clocks of file systems are coarse: here they stand still, so nobody can tell by them that a file changed.
fn metadata(files: &FileSystem, ino: Ino) -> Metadata {
    let (kind, size, mode) = match files.nodes.get(&ino) {
        Some(Node::File { bytes, mode }) => (FileType::File, bytes.len() as u64, *mode),
        Some(Node::Folder(_)) => (FileType::Folder, 0, 0o700),
        None => panic!("{ino} is gone"),
    };
    Metadata {
        file_id: FileId { dev: 1, ino },
        kind,
        size,
        names: files.names_of(ino) as u64,
        owner: 1000,
        mode,
        written_ns: 0,
        changed_ns: 0,
        born_ns: None,
    }
}
