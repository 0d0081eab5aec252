//! A process on a machine, as the store and the engine see it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use credlatch::file::RealGate;
use credlatch::file::disk::{Disk, Files, Hold, Metadata, Open};
use credlatch::file::kept::Keep;
use credlatch::system::{ParkingLot, Process as Identity};
use credlatch_core::engine::Engine;
use credlatch_core::port::{Clock, Nonces, Ports};
use credlatch_core::state::{Nonce, State};
use credlatch_core::time::Stamp;
use credlatch_core::{Event, Step};

use super::calls::Handle;
use super::machine::Machine;
use super::steps;
use super::store::AnyStore;
use super::wrong::{Memory, Wrong};

/// A process, whose calls a wrong store may tamper with on their way to the machine.
#[derive(Clone)]
pub(crate) struct Process {
    pub(crate) machine: Arc<Machine>,
    pub(crate) pid: u32,
    pub(crate) wrong: Option<Wrong>,
    pub(crate) memory: Arc<Mutex<Memory>>,
    keep: Arc<Keep<Handle>>,
}

/// The ports of an engine in such a process.
pub(crate) struct Here;

impl Ports for Here {
    type Seam = ParkingLot;
    type Store = AnyStore;
    type Clock = Process;
    type Nonces = Process;

    fn inspect(before: &State, now: &Stamp, event: &Event, step: &Step) {
        steps::note(before, now, event, step);
    }
}

impl Process {
    pub(crate) fn new(machine: &Arc<Machine>, pid: u32, wrong: Option<Wrong>) -> Self {
        Self { machine: Arc::clone(machine), pid, wrong, memory: Arc::default(), keep: Arc::default() }
    }

    pub(crate) fn engine(&self, home: &Path) -> Engine<Here> {
        Engine::new(AnyStore::of(self, home), self.clone(), self.clone(), 0)
    }
}

impl Clock for Process {
    fn now(&self) -> Stamp {
        self.machine.inner().world.now
    }

    fn pause(&self, ms: u64) {
        self.machine.inner().world.pass(ms);
    }
}

impl Nonces for Process {
    /// Numbers that look random and are the same in every run (the finaliser of splitmix64, which is a bijection).
    fn nonce(&self) -> Nonce {
        let mut inner = self.machine.inner();
        inner.world.nonces += 1;
        let mut mixed = u64::try_from(inner.world.nonces).unwrap().wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        Nonce(u128::from(mixed) << 64 | inner.world.nonces)
    }
}

impl Files for Process {
    type File = Handle;

    fn open(&self, path: &Path, how: Open) -> io::Result<Handle> {
        match self.wrong {
            Some(wrong) => wrong.open(self, path, how),
            None => self.machine.open(path, how),
        }
    }

    fn read_at(&self, file: &Handle, into: &mut [u8], at: u64) -> io::Result<usize> {
        let read = self.machine.read_at(file, into, at)?;
        if let Some(wrong) = self.wrong {
            wrong.read(self, file, into, at);
        }
        Ok(read)
    }

    fn write_at(&self, file: &Handle, bytes: &[u8], at: u64) -> io::Result<()> {
        match self.wrong {
            Some(wrong) => wrong.write_at(self, file, bytes, at),
            None => self.machine.write_at(file, bytes, at),
        }
    }

    fn sync(&self, file: &Handle) -> io::Result<()> {
        match self.wrong {
            Some(wrong) => wrong.sync(self, file),
            None => self.machine.sync(file),
        }
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        match self.wrong {
            Some(wrong) => wrong.sync_folder(self, path),
            None => self.machine.sync_folder(path),
        }
    }

    fn try_lock(&self, file: &Handle, how: Hold) -> io::Result<bool> {
        match self.wrong {
            Some(wrong) => wrong.try_lock(self, file, how),
            None => self.machine.try_lock(file, how),
        }
    }

    fn metadata(&self, file: &Handle) -> io::Result<Metadata> {
        let metadata = self.machine.metadata(file)?;
        self.memory.lock().unwrap().metadata.insert(file.path.clone(), metadata);
        Ok(metadata)
    }

    fn metadata_at(&self, path: &Path) -> io::Result<Metadata> {
        let remembered = self.memory.lock().unwrap().metadata.get(path).copied();
        match remembered.filter(|_| self.wrong == Some(Wrong::NoRecheck)) {
            Some(metadata) => Ok(metadata),
            None => self.machine.metadata_at(path),
        }
    }

    fn resolve(&self, path: &Path) -> io::Result<PathBuf> {
        self.machine.resolve(path)
    }

    fn keep_access(&self, file: &Handle, of: &Handle) -> io::Result<()> {
        match self.wrong {
            Some(Wrong::ForgetsAccess) => Ok(()),
            _ => self.machine.keep_access(file, of),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self.wrong {
            Some(wrong) => wrong.rename(self, from, to),
            None => self.machine.rename(from, to),
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.machine.remove(path)
    }

    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let names = self.machine.list(path)?;
        Ok(if self.wrong == Some(Wrong::SweepsNothing) { Vec::new() } else { names })
    }
}

impl Disk for Process {
    type Seam = ParkingLot;
    type Gate = RealGate;

    fn truncate(&self, file: &Handle, length: u64) -> io::Result<()> {
        if self.wrong == Some(Wrong::KeepsSpareRoom) { Ok(()) } else { self.machine.set_length(file, length, false) }
    }

    fn allocate(&self, file: &Handle, length: u64) -> io::Result<()> {
        self.machine.set_length(file, length, true)
    }

    fn unlock(&self, file: &Handle) -> io::Result<()> {
        self.machine.unlock(file)
    }

    fn link(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        self.machine.link(path)
    }

    fn make_folder(&self, path: &Path) -> io::Result<()> {
        self.machine.make_folder(path)
    }

    fn untrusted_file_system(&self, _path: &Path) -> io::Result<Option<&'static str>> {
        self.machine.file_system()
    }

    fn user(&self) -> u32 {
        1000
    }

    fn pid(&self) -> u32 {
        self.pid
    }

    fn process(&self) -> Identity {
        Identity { pid: self.pid, started: 1, pid_namespace: 1 }
    }

    fn keep(&self) -> &Keep<Handle> {
        &self.keep
    }
}
