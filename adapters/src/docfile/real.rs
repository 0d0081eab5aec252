//! What the disk of this machine has for a locked document: the queue of its writers, the files that are kept, and who is asking.

use std::fs::{self, File};
use std::io;
use std::ops::RangeInclusive;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use credlatch_core::port::Clock;
use credlatch_core::secret::Fingerprint;
use credlatch_core::time::Patience;
use parking_lot::{Mutex, MutexGuard};
use rustix::fs::StatVfsMountFlags;
use rustix::io::Errno;

use super::disk::{Disk, Gate, Space};
#[cfg(target_os = "linux")]
use super::fs_type;
use super::kept::{Keep, Kept};
use super::lock::poll;
use super::mapped::MappedWord;
use super::waiter::{self, Waited};
use crate::files::{Files, Hold, Open, RealDisk};
use crate::system::{ParkingLot, Process, machine, process};

/// The locked files of all this process's stores.
static KEEP: Keep<File> = Keep::new();

/// The queue of the writers of one process.
#[derive(Debug)]
pub struct RealGate {
    queue: Mutex<()>,
    /// Whose it is; 0 before the first writer.
    pid: AtomicU32,
}

impl Default for RealGate {
    fn default() -> Self {
        Self { queue: Mutex::new(()), pid: AtomicU32::new(0) }
    }
}

impl Gate for RealGate {
    type Pass<'a> = Option<MutexGuard<'a, ()>>;

    fn enter(&self, patience_ms: u64) -> Option<Self::Pass<'_>> {
        // A thread that a fork left behind may be first in this queue for ever. Without it the lock file keeps the writers
        // of the child apart, since each opens it anew.
        let own = std::process::id();
        if self.pid.compare_exchange(0, own, Ordering::Relaxed, Ordering::Relaxed).is_err_and(|pid| pid != own) {
            return Some(None);
        }
        self.queue.try_lock_for(Duration::from_millis(patience_ms)).map(Some)
    }
}

impl Disk for RealDisk {
    type Seam = ParkingLot;
    type Gate = RealGate;

    fn truncate(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn allocate(&self, file: &File, length: u64) -> io::Result<()> {
        // Not every version of std calls both of them unsupported.
        fs4::FileExt::allocate(file, length).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::OPNOTSUPP | Errno::NOSYS) => io::ErrorKind::Unsupported.into(),
            _ => error,
        })
    }

    fn lock_by(
        &self,
        file: &Kept<File>,
        how: Hold,
        deadline: &Patience,
        pauses_ms: RangeInclusive<u64>,
    ) -> io::Result<Option<Kept<File>>> {
        if file.attempt(|file| self.try_lock(file, how))? {
            return Ok(Some(file.share()));
        }
        match waiter::wait(file, how, deadline)? {
            Waited::Locked(file) => Ok(Some(file)),
            Waited::TimedOut => Ok(None),
            Waited::NoThread => Ok(poll(self, file, how, deadline, pauses_ms)?.then(|| file.share())),
        }
    }

    fn await_release(&self, path: &Path, at_most_ms: u64) {
        // Whatever goes wrong here, whoever waits looks again.
        let Ok(file) = self.open(path, Open::Read) else { return self.pause(at_most_ms) };
        match waiter::wait(&KEEP.keep_lock(file), Hold::Shared, &self.now().patience(at_most_ms)) {
            Ok(Waited::Locked(file)) => drop(file.attempt(|file| self.unlock(file))),
            Ok(Waited::TimedOut) => {}
            Ok(Waited::NoThread) | Err(_) => self.pause(at_most_ms),
        }
    }

    fn map_word(&self, file: &File) -> io::Result<MappedWord> {
        MappedWord::new(file)
    }

    fn unlock(&self, file: &File) -> io::Result<()> {
        fs4::FileExt::unlock(file)
    }

    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match fs::read_link(path) {
            Ok(target) => Ok(Some(target)),
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    fn untrusted_file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        #[cfg(target_os = "linux")]
        return fs_type::untrusted(path);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = path;
            Ok(None)
        }
    }

    #[cfg(target_os = "linux")]
    fn file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        fs_type::named(path)
    }

    fn space(&self, path: &Path) -> io::Result<Option<Space>> {
        let told = rustix::fs::statvfs(path)?;
        let is_read_only = told.f_flag.contains(StatVfsMountFlags::RDONLY);
        Ok(Some(Space { free: told.f_bavail.saturating_mul(told.f_frsize), is_read_only }))
    }

    #[cfg(target_os = "linux")]
    fn ticks(&self) -> u64 {
        let read = rustix::time::clock_gettime(rustix::time::ClockId::MonotonicCoarse);
        let ms = read.tv_sec.saturating_mul(1000).saturating_add(read.tv_nsec / 1_000_000);
        u64::try_from(ms).unwrap_or(0)
    }

    fn user(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn pid(&self) -> u32 {
        std::process::id()
    }

    fn process(&self) -> Process {
        Process::own()
    }

    fn pid_namespace(&self) -> u64 {
        process::pid_namespace()
    }

    fn machine(&self, purpose: &str) -> Option<Fingerprint> {
        machine::known_by(purpose)
    }

    fn keep(&self) -> &Keep<File> {
        &KEEP
    }
}
