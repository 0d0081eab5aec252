//! The real disk with a hand on it: steps that fail, things that happen just before a step, and a clock to turn.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use credlatch::docfile::mapped::MappedWord;
use credlatch::file::disk::{Disk, Files, Hold, Metadata, Open};
use credlatch::file::kept::Keep;
use credlatch::file::{FileStore, RealDisk, RealGate};
use credlatch::system::{ParkingLot, Process};
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Clock, Nonces};
use credlatch_core::state::Nonce;
use credlatch_core::time::Stamp;
use rustix::io::Errno;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Write,
    Allocate,
    Sync,
    SyncFolder,
    Lock,
    Unlock,
    Rename,
}

type Hook = (Step, Box<dyn FnOnce() + Send>);

/// The user of whom the disk says that this process is it. The tests run as root or as anybody.
pub(crate) const ME: u32 = 1000;

#[derive(Default)]
pub(crate) struct TestDisk {
    fault: Mutex<Option<(Step, Errno)>>,
    hook: Mutex<Option<Hook>>,
    steps: Mutex<Vec<Step>>,
    later_ms: AtomicU64,
    is_forked: AtomicBool,
    is_on_nfs: AtomicBool,
    owners: Mutex<Vec<(PathBuf, u32)>>,
    hidden: Mutex<Option<(PathBuf, Errno)>>,
    shut: Mutex<Option<(PathBuf, Errno)>>,
    fixed: Mutex<Option<(PathBuf, Errno)>>,
    mounted: Mutex<Option<PathBuf>>,
    synced: Mutex<Vec<PathBuf>>,
    listed: Mutex<Vec<PathBuf>>,
    followed: Mutex<Vec<PathBuf>>,
    boots: AtomicU64,
    knows_no_boot: AtomicBool,
    stopped_at: Mutex<Option<Stamp>>,
    pauses_ms: Mutex<Vec<u64>>,
    nonces: Mutex<VecDeque<Nonce>>,
    keep: Keep<File>,
}

impl TestDisk {
    pub(crate) fn store(self: &Arc<Self>, home: &Path) -> FileStore<Self> {
        FileStore::on(Arc::clone(self), home, &ProfileName::default())
    }

    /// Lets this step fail from now on.
    pub(crate) fn fail(&self, step: Step, errno: Errno) {
        *self.fault.lock().unwrap() = Some((step, errno));
    }

    /// From now on what is at this path can't be looked at, opened or removed.
    pub(crate) fn hide(&self, path: &Path, errno: Errno) {
        *self.hidden.lock().unwrap() = Some((path.to_owned(), errno));
    }

    /// From now on what is at this path can't be opened.
    pub(crate) fn shut(&self, path: &Path, errno: Errno) {
        *self.shut.lock().unwrap() = Some((path.to_owned(), errno));
    }

    /// From now on this directory can't be made durable, and nothing can be made by its name.
    pub(crate) fn fix(&self, path: &Path, errno: Errno) {
        *self.fixed.lock().unwrap() = Some((path.to_owned(), errno));
    }

    pub(crate) fn mend(&self) {
        for fault in [&self.hidden, &self.shut, &self.fixed] {
            *fault.lock().unwrap() = None;
        }
        *self.fault.lock().unwrap() = None;
    }

    /// Does something just before this step is next taken.
    pub(crate) fn before(&self, step: Step, act: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap() = Some((step, Box::new(act)));
    }

    pub(crate) fn turn_clock(&self, ms: u64) {
        self.later_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// From now on time passes only in pauses, and those take none of the world's.
    pub(crate) fn stop_clock(&self) {
        *self.stopped_at.lock().unwrap() = Some(self.now());
    }

    /// From now on nobody can tell since when the machine runs.
    pub(crate) fn forget_boot(&self) {
        self.knows_no_boot.store(true, Ordering::SeqCst);
    }

    /// From now on this directory is another device.
    pub(crate) fn mount(&self, path: &Path) {
        *self.mounted.lock().unwrap() = Some(path.to_owned());
    }

    /// The directories that were made durable.
    pub(crate) fn take_synced(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.synced.lock().unwrap())
    }

    /// The paths of which it was asked where they lead.
    pub(crate) fn take_followed(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.followed.lock().unwrap())
    }

    /// The directories that were listed.
    pub(crate) fn take_listed(&self) -> Vec<PathBuf> {
        std::mem::take(&mut self.listed.lock().unwrap())
    }

    /// The machine starts anew.
    pub(crate) fn reboot(&self) {
        self.boots.fetch_add(1, Ordering::SeqCst);
    }

    /// The pauses that were made, in milliseconds.
    pub(crate) fn take_pauses(&self) -> Vec<u64> {
        std::mem::take(&mut self.pauses_ms.lock().unwrap())
    }

    /// The next random numbers.
    pub(crate) fn draw(&self, nonces: impl IntoIterator<Item = u128>) {
        self.nonces.lock().unwrap().extend(nonces.into_iter().map(Nonce));
    }

    /// From now on this process looks like a fork of the one it was.
    pub(crate) fn fork(&self) {
        self.is_forked.store(true, Ordering::SeqCst);
    }

    /// From now on this is a file system of another machine.
    pub(crate) fn move_to_nfs(&self) {
        self.is_on_nfs.store(true, Ordering::SeqCst);
    }

    /// From now on what is at this path seems to belong to this user, and everything else and this process to [`ME`].
    pub(crate) fn give(&self, path: &Path, user: u32) {
        self.owners.lock().unwrap().push((path.to_owned(), user));
    }

    pub(crate) fn take_steps(&self) -> Vec<Step> {
        std::mem::take(&mut self.steps.lock().unwrap())
    }

    fn step(&self, step: Step) -> io::Result<()> {
        self.steps.lock().unwrap().push(step);
        let hook = self.hook.lock().unwrap().take_if(|(at, _)| *at == step);
        if let Some((_, act)) = hook {
            act();
        }
        match *self.fault.lock().unwrap() {
            Some((at, errno)) if at == step => Err(errno.into()),
            _ => Ok(()),
        }
    }
}

fn stumble(over: &Mutex<Option<(PathBuf, Errno)>>, path: &Path) -> io::Result<()> {
    match &*over.lock().unwrap() {
        Some((at, errno)) if at == path => Err((*errno).into()),
        _ => Ok(()),
    }
}

impl Clock for TestDisk {
    fn now(&self) -> Stamp {
        let now = self.stopped_at.lock().unwrap().unwrap_or_else(|| RealDisk.now());
        let this = now.boot.wrapping_add(self.boots.load(Ordering::SeqCst));
        let boot = if self.knows_no_boot.load(Ordering::SeqCst) { 0 } else { this };
        Stamp { up_ms: now.up_ms + self.later_ms.load(Ordering::SeqCst), boot, ..now }
    }

    fn pause(&self, ms: u64) {
        self.pauses_ms.lock().unwrap().push(ms);
        if self.stopped_at.lock().unwrap().is_some() {
            self.turn_clock(ms);
        } else {
            RealDisk.pause(ms);
        }
    }
}

impl Nonces for TestDisk {
    fn nonce(&self) -> Nonce {
        self.nonces.lock().unwrap().pop_front().unwrap_or_else(|| RealDisk.nonce())
    }
}

impl Files for TestDisk {
    type File = File;

    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        stumble(&self.hidden, path)?;
        stumble(&self.shut, path)?;
        RealDisk.open(path, how)
    }
    fn read_at(&self, file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
        RealDisk.read_at(file, into, at)
    }
    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        // The lock file's few bytes are another matter than a document.
        if bytes.len() > 16 {
            self.step(Step::Write)?;
        }
        RealDisk.write_at(file, bytes, at)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.step(Step::Sync)?;
        RealDisk.sync(file)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step(Step::SyncFolder)?;
        self.synced.lock().unwrap().push(path.to_owned());
        stumble(&self.fixed, path)?;
        RealDisk.sync_folder(path)
    }
    fn try_lock(&self, file: &File, how: Hold) -> io::Result<bool> {
        self.step(Step::Lock)?;
        RealDisk.try_lock(file, how)
    }
    fn metadata(&self, file: &File) -> io::Result<Metadata> {
        let metadata = RealDisk.metadata(file)?;
        Ok(Metadata { owner: if self.owners.lock().unwrap().is_empty() { metadata.owner } else { ME }, ..metadata })
    }
    fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        stumble(&self.hidden, path)?;
        let mut metadata = RealDisk.metadata_at(path)?;
        let owners = self.owners.lock().unwrap();
        if !owners.is_empty() {
            metadata.owner = owners.iter().find(|(of, _)| of == path).map_or(ME, |(_, owner)| *owner);
        }
        if self.mounted.lock().unwrap().as_deref() == Some(path) {
            metadata.file_id.dev += 1;
        }
        Ok(metadata)
    }
    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        RealDisk.resolve(path)
    }
    fn keep_access(&self, file: &File, of: &File) -> io::Result<()> {
        RealDisk.keep_access(file, of)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(Step::Rename)?;
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        stumble(&self.hidden, path)?;
        RealDisk.remove(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        self.listed.lock().unwrap().push(path.to_owned());
        RealDisk.list(path)
    }
}

impl Disk for TestDisk {
    type Seam = ParkingLot;
    type Gate = RealGate;

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        RealDisk.truncate(file, length)
    }
    fn allocate(&self, file: &File, length: u64) -> io::Result<()> {
        self.step(Step::Allocate)?;
        RealDisk.allocate(file, length)
    }
    fn map_word(&self, file: &File) -> io::Result<MappedWord> {
        RealDisk.map_word(file)
    }
    fn unlock(&self, file: &File) -> io::Result<()> {
        self.step(Step::Unlock)?;
        RealDisk.unlock(file)
    }
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.followed.lock().unwrap().push(path.to_owned());
        RealDisk.link(path)
    }
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        stumble(&self.fixed, path)?;
        RealDisk.make_folder(path)
    }
    fn untrusted_file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        if self.is_on_nfs.load(Ordering::SeqCst) {
            return Ok(Some("NFS"));
        }
        RealDisk.untrusted_file_system(path)
    }
    fn user(&self) -> u32 {
        if self.owners.lock().unwrap().is_empty() { RealDisk.user() } else { ME }
    }
    fn pid(&self) -> u32 {
        RealDisk.pid() + u32::from(self.is_forked.load(Ordering::SeqCst))
    }
    fn process(&self) -> Process {
        RealDisk.process()
    }
    fn keep(&self) -> &Keep<File> {
        &self.keep
    }
}
