//! The real disk with a hand on it: steps that fail, things that happen just before a step, and a clock to turn.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use credlatch::file::disk::{Disk, Facts, Hold, Open};
use credlatch::file::{FileStore, RealDisk, RealGate};
use credlatch::system::{ParkingLot, Process};
use credlatch_core::name::ProfileName;
use credlatch_core::port::{Clock, Nonces};
use credlatch_core::state::{Actor, Nonce};
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

#[derive(Default)]
pub(crate) struct TestDisk {
    fault: Mutex<Option<(Step, Errno)>>,
    hook: Mutex<Option<Hook>>,
    steps: Mutex<Vec<Step>>,
    later_ms: AtomicU64,
    is_forked: AtomicBool,
    is_on_nfs: AtomicBool,
}

impl TestDisk {
    pub(crate) fn store(self: &Arc<Self>, home: &Path) -> FileStore<Self> {
        FileStore::on(Arc::clone(self), home, &ProfileName::default())
    }

    /// Lets this step fail from now on.
    pub(crate) fn fail(&self, step: Step, errno: Errno) {
        *self.fault.lock().unwrap() = Some((step, errno));
    }

    pub(crate) fn mend(&self) {
        *self.fault.lock().unwrap() = None;
    }

    /// Does something just before this step is next taken.
    pub(crate) fn before(&self, step: Step, act: impl FnOnce() + Send + 'static) {
        *self.hook.lock().unwrap() = Some((step, Box::new(act)));
    }

    pub(crate) fn turn_clock(&self, ms: u64) {
        self.later_ms.fetch_add(ms, Ordering::SeqCst);
    }

    /// From now on this process looks like a fork of the one it was.
    pub(crate) fn fork(&self) {
        self.is_forked.store(true, Ordering::SeqCst);
    }

    /// From now on this is a file system of another machine.
    pub(crate) fn move_to_nfs(&self) {
        self.is_on_nfs.store(true, Ordering::SeqCst);
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

impl Clock for TestDisk {
    fn now(&self) -> Stamp {
        let now = RealDisk.now();
        Stamp { up_ms: now.up_ms + self.later_ms.load(Ordering::SeqCst), ..now }
    }

    fn pause(&self, ms: u64) {
        RealDisk.pause(ms);
    }
}

impl Nonces for TestDisk {
    fn nonce(&self) -> Nonce {
        RealDisk.nonce()
    }
}

impl Disk for TestDisk {
    type Seam = ParkingLot;
    type Gate = RealGate;
    type File = File;

    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
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
    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        RealDisk.cut(file, length)
    }
    fn allocate(&self, file: &File, length: u64) -> io::Result<()> {
        self.step(Step::Allocate)?;
        RealDisk.allocate(file, length)
    }
    fn sync(&self, file: &File) -> io::Result<()> {
        self.step(Step::Sync)?;
        RealDisk.sync(file)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.step(Step::SyncFolder)?;
        RealDisk.sync_folder(path)
    }
    fn try_lock(&self, file: &File, how: Hold) -> io::Result<bool> {
        self.step(Step::Lock)?;
        RealDisk.try_lock(file, how)
    }
    fn unlock(&self, file: &File) -> io::Result<()> {
        self.step(Step::Unlock)?;
        RealDisk.unlock(file)
    }
    fn facts(&self, file: &File) -> io::Result<Facts> {
        RealDisk.facts(file)
    }
    fn look(&self, path: &Path) -> io::Result<Facts> {
        RealDisk.look(path)
    }
    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        RealDisk.link(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(Step::Rename)?;
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn make_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.make_folder(path)
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        RealDisk.list(path)
    }
    fn untrusted_file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        if self.is_on_nfs.load(Ordering::SeqCst) {
            return Ok(Some("NFS"));
        }
        RealDisk.untrusted_file_system(path)
    }
    fn user(&self) -> u32 {
        RealDisk.user()
    }
    fn pid(&self) -> u32 {
        RealDisk.pid() + u32::from(self.is_forked.load(Ordering::SeqCst))
    }
    fn process(&self) -> Process {
        RealDisk.process()
    }
    fn is_gone(&self, actor: &Actor) -> bool {
        RealDisk.is_gone(actor)
    }
}
