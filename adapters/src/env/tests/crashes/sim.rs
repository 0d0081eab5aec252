//! The disk of the enumeration: it fails when told to, bends the protocol if that is wanted, and notes each moment at which
//! it may crash.

use std::cell::{Cell, Ref, RefCell};
use std::io;
use std::path::Path;
use std::rc::Rc;

use rustix::io::Errno;

use super::files::{Files, Ino, Node};
use super::situation::Situation;

pub(super) const FOLDER: &str = "/p";
/// A link to the file.
pub(super) const LINK: &str = "/elsewhere/.env";

/// A call to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Resolve,
    Open,
    Lock,
    Meta,
    Look,
    Read,
    List,
    Create,
    Write,
    Access,
    Sync,
    Rename,
    Remove,
    SyncFolder,
}

/// A call that fails.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault {
    pub(super) at: usize,
    pub(super) errno: Errno,
    /// Whether all calls after it fail too.
    pub(super) lasts: bool,
    /// Whether a write stopped half way, and a renaming was done all the same.
    pub(super) muddled: bool,
}

/// A protocol that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    DraftNotSynced,
    DraftSyncedAfterRenaming,
    RenamedBeforeWritten,
    RenamedBeforeTheStoreCommits,
    Overwritten,
    RemovedFirst,
    FolderNotSynced,
    AccessNotKept,
    DraftsStay,
}

/// A moment at which it may crash.
#[derive(Clone)]
pub(super) struct Point {
    pub(super) files: Files,
    pub(super) situation: Situation,
}

pub(super) struct Inner {
    pub(super) files: Files,
    pub(super) situation: Situation,
    pub(super) points: Vec<Point>,
    pub(super) calls: Vec<Call>,
    pub(super) fault: Option<Fault>,
    pub(super) locks: Vec<Ino>,
    /// What a wrong protocol puts off until the renaming.
    pub(super) late: Option<(Ino, Vec<u8>)>,
}

#[derive(Clone)]
pub(super) struct Sim {
    pub(super) inner: Rc<RefCell<Inner>>,
    pub(super) wrong: Option<Wrong>,
}

/// An open file.
pub(super) struct Opened {
    pub(super) ino: Ino,
    pub(super) is_locked: Cell<bool>,
    sim: Sim,
}

impl Drop for Opened {
    fn drop(&mut self) {
        if self.is_locked.get() {
            self.sim.inner.borrow_mut().locks.retain(|ino| *ino != self.ino);
        }
    }
}

impl Sim {
    pub(super) fn new(files: Files, situation: Situation, wrong: Option<Wrong>, fault: Option<Fault>) -> Self {
        let (points, calls, locks) = Default::default();
        let inner = Inner { files, situation, points, calls, fault, locks, late: None };
        let sim = Self { inner: Rc::new(RefCell::new(inner)), wrong };
        sim.moment(|_| {});
        sim
    }

    pub(super) fn inner(&self) -> Ref<'_, Inner> {
        self.inner.borrow()
    }

    /// Something happens, and then it may crash.
    pub(super) fn moment<T>(&self, happens: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.inner.borrow_mut();
        let result = happens(&mut inner);
        let point = Point { files: inner.files.clone(), situation: inner.situation.clone() };
        inner.points.push(point);
        result
    }

    /// Each call comes by here before it does anything. Returns the error that is to follow what it does half.
    pub(super) fn call(&self, call: Call) -> io::Result<Option<Errno>> {
        let mut inner = self.inner.borrow_mut();
        let at = inner.calls.len();
        inner.calls.push(call);
        match inner.fault {
            Some(fault) if at == fault.at && fault.muddled => Ok(Some(fault.errno)),
            Some(fault) if at == fault.at || (fault.lasts && at > fault.at) => Err(fault.errno.into()),
            _ => Ok(None),
        }
    }

    pub(super) fn node(&self, ino: Ino) -> Node {
        self.inner().files.now.nodes[&ino].clone()
    }

    pub(super) fn find(&self, path: &Path) -> io::Result<Ino> {
        Ok(*self.inner().files.now.names.get(&name(path)).ok_or(Errno::NOENT)?)
    }

    pub(super) fn is(&self, wrong: Wrong) -> bool {
        self.wrong == Some(wrong)
    }

    pub(super) fn opened(&self, ino: Ino) -> Opened {
        Opened { ino, is_locked: Cell::new(false), sim: self.clone() }
    }
}

pub(super) fn name(path: &Path) -> String {
    assert_eq!(path.parent(), Some(Path::new(FOLDER)));
    path.file_name().unwrap().to_str().unwrap().to_owned()
}
