//! Each call of a rewrite, on the disk of the enumeration.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use fs4::TryLockError;
use rustix::io::Errno;
use zeroize::Zeroizing;

use super::files::{Change, Ino, Node};
use super::sim::{Call, FOLDER, LINK, Opened, Sim, Wrong, name};
use crate::env::disk::Disk;
use crate::plain_file::{self, Facts, Unreadable};

fn failing(after: Option<Errno>) -> io::Result<()> {
    after.map_or(Ok(()), |errno| Err(errno.into()))
}

/// Where a path leads.
fn followed(path: &Path) -> PathBuf {
    if path == Path::new(LINK) { Path::new(FOLDER).join(".env") } else { path.to_owned() }
}

impl Disk for Sim {
    type File = Opened;
    type Meta = (Facts, u32);

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.call(Call::Resolve)?;
        self.find(&followed(path)).map(|_| followed(path))
    }

    fn open(&self, path: &Path) -> Result<Option<(Opened, Self::Meta)>, Unreadable> {
        let found = self.call(Call::Open).and_then(|_| self.find(&followed(path)));
        match found {
            Ok(ino) => Ok(Some((self.opened(ino), facts(ino, &self.node(ino))))),
            Err(error) if plain_file::is_absent(&error) => Ok(None),
            Err(error) => Err(plain_file::unreadable(&error)),
        }
    }

    fn try_lock(&self, file: &Opened) -> Result<(), TryLockError> {
        self.call(Call::Lock).map_err(TryLockError::Error)?;
        let mut inner = self.inner.borrow_mut();
        if inner.locks.contains(&file.ino) {
            return Err(TryLockError::WouldBlock);
        }
        inner.locks.push(file.ino);
        file.is_locked.set(true);
        Ok(())
    }

    fn meta(&self, file: &Opened) -> io::Result<Self::Meta> {
        self.call(Call::Meta)?;
        Ok(facts(file.ino, &self.node(file.ino)))
    }

    fn facts_at(&self, path: &Path) -> io::Result<Facts> {
        self.call(Call::Look)?;
        self.find(path).map(|ino| facts(ino, &self.node(ino)).0)
    }

    fn text(&self, file: &mut Opened, _meta: &Self::Meta) -> Result<Zeroizing<String>, Unreadable> {
        self.call(Call::Read).map_err(|error| plain_file::unreadable(&error))?;
        String::from_utf8(self.node(file.ino).bytes).map(Zeroizing::new).map_err(|_| Unreadable::NotText)
    }

    fn list(&self, folder: &Path) -> io::Result<impl Iterator<Item = OsString>> {
        assert_eq!(folder, Path::new(FOLDER));
        self.call(Call::List)?;
        let names: Vec<_> = self.inner().files.now.names.keys().map(OsString::from).collect();
        Ok(names.into_iter().filter(|_| !self.is(Wrong::DraftsStay)))
    }

    fn create(&self, path: &Path) -> io::Result<Opened> {
        self.call(Call::Create)?;
        Ok(self.opened(self.moment(|inner| inner.files.create(&name(path)))))
    }

    fn write(&self, file: &mut Opened, bytes: &[u8]) -> io::Result<()> {
        let after = self.call(Call::Write)?;
        let is_half = after.is_some() || self.is(Wrong::RenamedBeforeWritten);
        let written = if is_half { &bytes[..bytes.len() / 2] } else { bytes };
        self.moment(|inner| {
            inner.files.change(Change::Bytes(file.ino, written.into()));
            inner.late = Some((file.ino, bytes.into()));
        });
        failing(after)
    }

    fn keep_access(&self, file: &Opened, (_, mode): &Self::Meta) -> io::Result<()> {
        self.call(Call::Access)?;
        if !self.is(Wrong::AccessNotKept) {
            self.moment(|inner| inner.files.change(Change::Mode(file.ino, *mode)));
        }
        Ok(())
    }

    fn sync(&self, file: &Opened) -> io::Result<()> {
        self.call(Call::Sync)?;
        if !self.is(Wrong::DraftNotSynced) && !self.is(Wrong::DraftSyncedAfterRenaming) {
            self.moment(|inner| inner.files.sync(file.ino));
        }
        if self.is(Wrong::RenamedBeforeTheStoreCommits) {
            let now = self.inner().files.now.clone();
            let draft = now.names.iter().find(|(_, ino)| **ino == file.ino).unwrap().0;
            self.moment(|inner| inner.files.change(Change::Rename(draft.clone(), ".env".into(), file.ino)));
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let after = self.call(Call::Rename)?;
        let (ino, from, to) = (self.find(from)?, name(from), name(to));
        if self.is(Wrong::RemovedFirst) {
            self.moment(|inner| inner.files.change(Change::Name(to.clone(), None)));
        }
        if self.is(Wrong::Overwritten) {
            let (old, bytes) = (self.inner().files.now.names[&to], self.node(ino).bytes);
            self.moment(|inner| inner.files.change(Change::Bytes(old, Vec::new())));
            self.moment(|inner| inner.files.change(Change::Bytes(old, bytes)));
            self.moment(|inner| inner.files.sync(old));
        } else {
            self.moment(|inner| inner.files.change(Change::Rename(from, to, ino)));
        }
        let late = self.inner.borrow_mut().late.take();
        if let Some((ino, bytes)) = late.filter(|_| self.is(Wrong::RenamedBeforeWritten)) {
            self.moment(|inner| inner.files.change(Change::Bytes(ino, bytes)));
            self.moment(|inner| inner.files.sync(ino));
        }
        if self.is(Wrong::DraftSyncedAfterRenaming) {
            self.moment(|inner| inner.files.sync(ino));
        }
        failing(after)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.call(Call::Remove)?;
        self.find(path)?;
        self.moment(|inner| inner.files.change(Change::Name(name(path), None)));
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        assert_eq!(folder, Path::new(FOLDER));
        self.call(Call::SyncFolder)?;
        if !self.is(Wrong::FolderNotSynced) {
            self.moment(|inner| inner.files.sync_folder());
        }
        Ok(())
    }

    fn facts((facts, _): &Self::Meta) -> Facts {
        *facts
    }

    fn names(_meta: &Self::Meta) -> u64 {
        1
    }
}

/// The clock of the file system stands still: only size and number tell one content from another.
fn facts(ino: Ino, node: &Node) -> (Facts, u32) {
    let size = node.bytes.len() as u64;
    (Facts { size, modified: None, changed: None, identity: (1, ino) }, node.mode)
}
