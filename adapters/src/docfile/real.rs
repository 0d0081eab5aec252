//! The disk of this machine.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use credlatch_core::port::{Clock, Nonces};
use credlatch_core::secret::Fingerprint;
use credlatch_core::state::Nonce;
use credlatch_core::time::Stamp;
use parking_lot::{Mutex, MutexGuard};
use rustix::fs::{Mode, OFlags, StatVfsMountFlags};
use rustix::io::Errno;

use super::disk::{Disk, Facts, Gate, Hold, Kind, Open, Place, Space};
use super::kept::Keep;
#[cfg(target_os = "linux")]
use super::magic;
use crate::system::{ParkingLot, Process, SystemClock, SystemNonces, machine, process};

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

/// The locked files of all this process's stores.
static KEEP: Keep<File> = Keep::new();

/// The queue of the writers of one process.
#[derive(Debug)]
pub struct RealGate {
    queue: Mutex<()>,
    /// Whose it is.
    pid: u32,
}

impl Default for RealGate {
    fn default() -> Self {
        Self { queue: Mutex::new(()), pid: std::process::id() }
    }
}

impl Gate for RealGate {
    type Pass<'a> = Option<MutexGuard<'a, ()>>;

    fn enter(&self, patience_ms: u64) -> Option<Self::Pass<'_>> {
        // A thread that a fork left behind may be first in this queue for ever. Without it the lock file keeps the writers
        // of the child apart, since each opens it anew.
        if self.pid != std::process::id() {
            return Some(None);
        }
        self.queue.try_lock_for(Duration::from_millis(patience_ms)).map(Some)
    }
}

impl Clock for RealDisk {
    fn now(&self) -> Stamp {
        SystemClock.now()
    }

    fn pause(&self, ms: u64) {
        SystemClock.pause(ms);
    }
}

impl Nonces for RealDisk {
    fn nonce(&self) -> Nonce {
        SystemNonces.nonce()
    }
}

impl Disk for RealDisk {
    type Seam = ParkingLot;
    type Gate = RealGate;
    type File = File;

    fn open(&self, path: &Path, how: Open) -> io::Result<File> {
        // Without NONBLOCK the open of a pipe that somebody put here would wait for ever.
        let always = OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY;
        let flags = match how {
            Open::Read => OFlags::RDONLY,
            Open::Write => OFlags::RDWR,
            Open::Ensure => OFlags::RDWR | OFlags::CREATE,
            Open::New => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
        };
        Ok(rustix::fs::open(path, always | flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    fn read_at(&self, file: &File, into: &mut [u8], at: u64) -> io::Result<usize> {
        let mut filled = 0;
        while filled < into.len() {
            match file.read_at(&mut into[filled..], at + filled as u64) {
                Ok(0) => break,
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    fn write_at(&self, file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
        file.write_all_at(bytes, at)
    }

    fn cut(&self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    fn allocate(&self, file: &File, length: u64) -> io::Result<()> {
        // Not every version of std calls both of them unsupported.
        fs4::FileExt::allocate(file, length).map_err(|error| match Errno::from_io_error(&error) {
            Some(Errno::OPNOTSUPP | Errno::NOSYS) => io::ErrorKind::Unsupported.into(),
            _ => error,
        })
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn try_lock(&self, file: &File, how: Hold) -> io::Result<bool> {
        let tried = match how {
            Hold::Shared => fs4::FileExt::try_lock_shared(file),
            Hold::Alone => fs4::FileExt::try_lock(file),
        };
        match tried {
            Ok(()) => Ok(true),
            Err(fs4::TryLockError::WouldBlock) => Ok(false),
            Err(fs4::TryLockError::Error(error)) => Err(error),
        }
    }

    fn unlock(&self, file: &File) -> io::Result<()> {
        fs4::FileExt::unlock(file)
    }

    fn facts(&self, file: &File) -> io::Result<Facts> {
        file.metadata().map(|metadata| facts(&metadata))
    }

    fn look(&self, path: &Path) -> io::Result<Facts> {
        fs::metadata(path).map(|metadata| facts(&metadata))
    }

    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        match fs::read_link(path) {
            Ok(target) => Ok(Some(target)),
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        // A name that isn't text is none of ours.
        let names = fs::read_dir(path)?.map(|entry| Ok(entry?.file_name().into_string().ok()));
        names.filter_map(Result::transpose).collect()
    }

    fn untrusted_file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        #[cfg(target_os = "linux")]
        return magic::untrusted(path);
        #[cfg(not(target_os = "linux"))]
        {
            let _ = path;
            Ok(None)
        }
    }

    #[cfg(target_os = "linux")]
    fn file_system(&self, path: &Path) -> io::Result<Option<&'static str>> {
        magic::named(path)
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

fn facts(metadata: &fs::Metadata) -> Facts {
    let kind = metadata.file_type();
    let kind = match () {
        () if kind.is_file() => Kind::File,
        () if kind.is_dir() => Kind::Folder,
        () => Kind::Other,
    };
    let ns = |secs: i64, ns: i64| i128::from(secs) * 1_000_000_000 + i128::from(ns);
    Facts {
        place: Place { dev: metadata.dev(), ino: metadata.ino() },
        kind,
        size: metadata.size(),
        names: metadata.nlink(),
        owner: metadata.uid(),
        mode: metadata.mode() & 0o7777,
        written_ns: ns(metadata.mtime(), metadata.mtime_nsec()),
        changed_ns: ns(metadata.ctime(), metadata.ctime_nsec()),
        born_ns: born_ns(metadata),
    }
}

fn born_ns(metadata: &fs::Metadata) -> Option<u64> {
    let since = metadata.created().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_nanos()).ok().filter(|ns| *ns != 0)
}
