//! A machine to crash: its file system, clocks, locks and issuer, and the processes on it.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use credlatch::file::disk::Hold;
use credlatch_core::law::{Fact, Who};
use credlatch_core::time::Stamp;

use super::disk::{FileSystem, Ino, file_at};
use super::fault::{Call, Fault};
use super::issuer::Accounts;
use super::observe::{self, Seen};
use super::steps;

/// What outlives a process: and but for the locks, what outlives a power cut.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) files: FileSystem,
    pub(crate) now: Stamp,
    pub(crate) nonces: u128,
    pub(crate) accounts: Accounts,
    /// Whether the document is Hermes'.
    pub(crate) is_hermes: bool,
    /// Whether whoever writes the document seals it.
    pub(crate) is_sealed: bool,
    /// Symbolic links and what they lead to. No crash takes them.
    pub(crate) links: BTreeMap<PathBuf, PathBuf>,
}

/// A moment at which it may crash: just after a call that changed something.
#[derive(Clone)]
pub(crate) struct Point {
    pub(crate) world: World,
    /// How many facts there were.
    pub(crate) facts: usize,
    /// The call it follows.
    pub(crate) after: String,
}

/// What is recorded of a run.
#[derive(Default)]
pub(crate) struct Tape {
    /// Who acts at present.
    pub(crate) who: Who,
    pub(crate) facts: Vec<Fact>,
    /// Each moment, if they are wanted.
    pub(crate) points: Option<Vec<Point>>,
    /// The document that was last shown.
    pub(crate) shown: Option<Arc<Vec<u8>>>,
}

impl Tape {
    /// Notes what the document shows, if that is new.
    fn look(&mut self, files: &FileSystem) {
        let bytes = file_at(&files.nodes, Path::new(observe::DOCUMENT));
        if bytes == self.shown.as_ref() {
            return;
        }
        self.shown = bytes.cloned();
        if let Some(Seen::State(state)) = bytes.map(|bytes| observe::parse(bytes)) {
            self.facts.push(Fact::Shown { who: self.who, state });
        }
    }
}

/// A machine.
pub(crate) struct Machine(Mutex<Inner>);

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

pub(crate) struct Inner {
    pub(crate) world: World,
    pub(super) locks: BTreeMap<Ino, Vec<(u64, Hold)>>,
    pub(super) handles: u64,
    /// Calls so far.
    pub(crate) calls: Vec<Call>,
    pub(crate) fault: Option<Fault>,
    /// What is done just before the call of that number.
    pub(crate) hook: Option<(usize, Hook)>,
    /// What is done while the next request to the issuer is under way.
    pub(crate) meanwhile: Option<Hook>,
    pub(crate) tape: Option<Tape>,
}

impl World {
    /// An empty one, with this directory.
    pub(crate) fn new() -> Self {
        Self {
            files: FileSystem::new(),
            now: Stamp { wall_ms: 1_800_000_000_000, up_ms: 100_000, boot: 1 },
            nonces: 0,
            accounts: Accounts::default(),
            is_hermes: false,
            is_sealed: false,
            links: BTreeMap::new(),
        }
    }

    /// Where a path leads.
    pub(crate) fn behind<'a>(&'a self, path: &'a Path) -> &'a Path {
        self.links.get(path).map_or(path, PathBuf::as_path)
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now.wall_ms += ms;
        self.now.up_ms += ms;
    }

    /// The same world with these files, started anew.
    pub(crate) fn rebooted(&self, files: FileSystem) -> Self {
        let now = Stamp { wall_ms: self.now.wall_ms + 20_000, up_ms: 5_000, boot: self.now.boot + 1 };
        Self { files, now, ..self.clone() }
    }
}

impl Machine {
    pub(crate) fn new(world: World) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            world,
            locks: BTreeMap::new(),
            handles: 0,
            calls: Vec::new(),
            fault: None,
            hook: None,
            meanwhile: None,
            tape: None,
        })))
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(crate) fn world(&self) -> World {
        self.inner().world.clone()
    }

    /// From now on it is as it was in that world, and nobody holds a lock: those who did are dead.
    pub(crate) fn become_world(&self, world: World) {
        let mut inner = self.inner();
        inner.world = world;
        inner.locks.clear();
    }

    /// From now on this one acts.
    pub(crate) fn now_acts(&self, who: Who) {
        if let Some(tape) = &mut self.inner().tape {
            tape.facts.extend(steps::take());
            tape.who = who;
        }
        steps::by(Some(who));
    }

    /// Notes a fact.
    pub(crate) fn note(&self, fact: Fact) {
        if let Some(tape) = &mut self.inner().tape {
            tape.facts.extend(steps::take());
            tape.facts.push(fact);
        }
    }

    /// A moment at which it may crash.
    pub(crate) fn mark(&self, after: impl FnOnce() -> String) {
        let inner = &mut *self.inner();
        let Some(tape) = &mut inner.tape else { return };
        tape.facts.extend(steps::take());
        tape.look(&inner.world.files);
        if let Some(points) = &mut tape.points {
            points.push(Point { world: inner.world.clone(), facts: tape.facts.len(), after: after() });
        }
    }

    /// Each call comes by here before it does anything.
    pub(super) fn call(&self, kind: Call) -> io::Result<MutexGuard<'_, Inner>> {
        let mut inner = self.inner();
        let at = inner.calls.len();
        if let Some((_, act)) = inner.hook.take_if(|(when, _)| *when == at) {
            drop(inner);
            act();
            inner = self.inner();
        }
        inner.calls.push(kind);
        match inner.fault.as_ref().and_then(|fault| fault.strikes(at, kind)) {
            Some(errno) => Err(errno.into()),
            None => Ok(inner),
        }
    }
}
