//! Signs of life: one locked file for each act. The kernel lets go of the lock when the thread closes it, when the process
//! dies and when the machine restarts, so there is no lease time to guess.
//!
//! The lock is the only word on life. What `/proc` says of a pid decides nothing: in another pid or time namespace it speaks
//! of somebody else. A forked child that has the descriptor keeps the act alive until it ends, execs or uses a store itself:
//! that costs others a wait, and taking the living for dead would present a refresh token twice.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use credlatch_core::port::{self, Answer, Left, StoreError, StoreErrorKind};
use credlatch_core::state::{Actor, Claim, Nonce};

use super::disk::{Disk, FileId, Hold, Open};
use super::errors::io_error;
use super::kept::Kept;
use super::left::{self, Sign};
use super::paths::Paths;
use crate::seal::Sealing;
use crate::system::Process;

/// Tries to make a file that a sweeper of another process doesn't take for an abandoned one.
const TRIES: usize = 16;
/// The longest pause between two looks at an act that is waited for, in milliseconds.
const PAUSE_MAX_MS: u64 = 25;

/// A sign of life: the lock on a file. The file itself stays until the store's lock is held and no claim names it.
pub struct FileAlive<D: Disk> {
    disk: Arc<D>,
    file: Kept<D::File>,
    path: PathBuf,
    actor: Actor,
    /// How what is written down here is sealed.
    sealing: Option<Arc<Sealing>>,
    has_ended: bool,
}

impl<D: Disk> port::Alive for FileAlive<D> {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn discard(mut self) {
        // It is locked here and no state names it, so nobody can be asking about it. What can't be removed is swept later.
        if self.is_mine() {
            let _ = self.disk.remove(&self.path);
            self.end();
        }
    }

    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        self.write("note in", |file| left::note(&*self.disk, file, attempt))
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        self.write("write down in", |file| left::write_down(&*self.disk, file, answer, self.sealing.as_deref()))
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.write("sync", |file| {
            self.disk.sync(file)?;
            self.path.parent().map_or(Ok(()), |folder| self.disk.sync_folder(folder))
        })
    }

    fn wipe(&self) {
        // What can't be wiped now is wiped by whoever removes the file.
        let _ = self.write("wipe", |file| left::wipe(&*self.disk, file));
    }

    fn in_place(&self) -> Result<(), StoreError> {
        let is_there = self.file.attempt(|file| is_at(&*self.disk, file, &self.path));
        if is_there.map_err(|error| io_error("look at", &self.path, &error))? {
            return Ok(());
        }
        Err(StoreError::new(
            StoreErrorKind::Unreachable,
            format!("the store that this act began in is not at {} any more", self.path.display()),
            "put it back where it was, or mount it again: what was granted is kept beside it, and the next to change it stores it",
        ))
    }
}

impl<D: Disk> FileAlive<D> {
    /// The same, and what is written down is sealed as the store's document is.
    pub(crate) fn sealing(mut self, sealing: &Arc<Sealing>) -> Self {
        self.sealing = Some(Arc::clone(sealing));
        self
    }

    /// Does something with the file, in the process that made it.
    pub(super) fn write(&self, what: &str, how: impl FnOnce(&D::File) -> io::Result<()>) -> Result<(), StoreError> {
        if !self.is_mine() {
            let what = format!("{} belongs to the process that forked this one", self.path.display());
            return Err(StoreError::new(
                StoreErrorKind::Failed,
                what,
                "do it in that process, or begin anew in this one",
            ));
        }
        self.file.attempt(how).map_err(|error| io_error(what, &self.path, &error))
    }

    /// Whether this is the process that made it, and not a fork of it.
    pub fn is_mine(&self) -> bool {
        // A child in a pid namespace of its own may have its parent's number.
        self.disk.pid() == self.actor.pid && self.disk.pid_namespace() == self.actor.pid_namespace
    }

    /// Whether it was let go.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Lets go of the lock, in the process that made it.
    pub fn end(&mut self) {
        // If it fails, closing the file does the same.
        let _ = self.file.with(|file| self.disk.unlock(file));
        self.has_ended = true;
    }
}

impl<D: Disk> Drop for FileAlive<D> {
    fn drop(&mut self) {
        // In a forked child the lock is still the parent's: unlocking would end the parent's act.
        if !self.has_ended && self.is_mine() {
            self.end();
        }
    }
}

/// Makes the sign of life of an act that may send something: it has space for what the actor leaves.
pub fn enlist_act<D: Disk>(disk: &Arc<D>, paths: &Paths) -> Result<FileAlive<D>, StoreError> {
    paths.make_folder(&**disk)?;
    let mut alive = enlist(disk, paths, disk.process())?;
    if let Err(error) = alive.file.attempt(|file| left::reserve(&**disk, file)) {
        let error = io_error("set space aside in", &alive.path, &error);
        port::Alive::discard(alive);
        return Err(error);
    }
    alive.actor.notes = true;
    Ok(alive)
}

/// Makes a sign of life of this process. The caller has looked at the directory of the document.
pub fn enlist<D: Disk>(disk: &Arc<D>, paths: &Paths, process: Process) -> Result<FileAlive<D>, StoreError> {
    enlist_named(disk, paths, process, || disk.nonce())
}

/// The same under the caller's names.
pub(super) fn enlist_named<D: Disk>(
    disk: &Arc<D>,
    paths: &Paths,
    process: Process,
    name: impl Fn() -> Nonce,
) -> Result<FileAlive<D>, StoreError> {
    disk.shed();
    paths.make_claims(&**disk)?;
    for _ in 0..TRIES {
        let name = name();
        let path = paths.claim(name);
        let made = disk.open(&path, Open::New).and_then(|file| {
            let file = disk.keep().keep(name, file);
            // Before it is locked a sweeper may take it away; then it is made anew under another name.
            let locked = file.with(|file| Ok(disk.try_lock(file, Hold::Alone)? && is_at(&**disk, file, &path)?));
            locked.unwrap_or(Ok(false)).map(|is_ours: bool| is_ours.then_some(file))
        });
        match made {
            Ok(Some(file)) => {
                let actor = process.acting_as(name);
                return Ok(FileAlive { disk: Arc::clone(disk), file, path, actor, sealing: None, has_ended: false });
            }
            Ok(None) => {}
            Err(error) => return Err(io_error("make and lock", &path, &error)),
        }
    }
    Err(StoreError::new(
        StoreErrorKind::Busy,
        format!("the files made in {} were taken away again {TRIES} times", paths.claims.display()),
        "find what removes files there, then try again",
    ))
}

/// Whether the path still leads to this file.
pub fn is_at<D: Disk>(disk: &D, file: &D::File, path: &Path) -> io::Result<bool> {
    leads_to(disk, path, disk.metadata(file)?.file_id)
}

/// Whether the path leads to what is there.
pub fn leads_to<D: Disk>(disk: &D, path: &Path, file_id: FileId) -> io::Result<bool> {
    match disk.metadata_at(path) {
        Ok(metadata) => Ok(metadata.file_id == file_id),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the actor's act goes on: its file is locked.
pub fn is_alive<D: Disk>(disk: &D, paths: &Paths, actor: &Actor) -> Result<bool, StoreError> {
    disk.shed();
    // Behind a link somebody else's directory would say who is alive.
    paths.check_claims(disk)?;
    let path = paths.claim(actor.name);
    let probed = match disk.open(&path, Open::Read) {
        // The lock that this takes goes with the file, at once.
        Ok(file) => disk.try_lock(&file, Hold::Shared).and_then(|is_free| {
            if is_free {
                disk.unlock(&file)?;
            }
            Ok(!is_free)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    probed.map_err(|error| io_error("probe the lock of", &path, &error))
}

/// What the claim's actor has left beside its sign of life.
pub fn left<D: Disk>(disk: &D, paths: &Paths, claim: &Claim, sealing: Option<&Sealing>) -> Result<Left, StoreError> {
    disk.shed();
    paths.check_claims(disk)?;
    let path = paths.claim(claim.actor.name);
    let failed = |error: io::Error| io_error("look at", &path, &error);
    let file = match disk.open(&path, Open::Read) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Left::MaybeSent { noted: None }),
        Err(error) => return Err(failed(error)),
    };
    let sign = Sign { disk, file: &file, path: &path };
    // The lock that this takes goes with the file, at once.
    if !disk.try_lock(&file, Hold::Shared).map_err(failed)? {
        let answer = left::answer(&sign, claim, sealing)?;
        return Ok(answer.map_or(Left::Going, |answer| Left::Answer(Box::new(answer))));
    }
    let left = left::of_the_dead(&sign, claim, sealing);
    disk.unlock(&file).map_err(failed)?;
    left
}

/// Waits until the claim's act ends or its answer is written down, at most so long. Returns whether it did.
pub fn wait<D: Disk>(
    disk: &D,
    paths: &Paths,
    claim: &Claim,
    patience_ms: u64,
    sealing: Option<&Sealing>,
) -> Result<bool, StoreError> {
    wait_while(disk, &paths.claim(claim.actor.name), patience_ms, || {
        Ok(match left(disk, paths, claim, sealing)? {
            Left::Going => true,
            // What this process has written down is settled by the thread that did.
            Left::Answer(_) => disk.keep().holds(claim.actor.name),
            Left::NoNote | Left::MaybeSent { .. } => false,
        })
    })
}

/// Looks again when the sign of life at this path ends, and now and then before.
fn wait_while<D: Disk>(
    disk: &D,
    sign: &Path,
    patience_ms: u64,
    goes_on: impl Fn() -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let deadline = disk.now().patience(patience_ms);
    let mut pause_ms = 1;
    while goes_on()? {
        let left_ms = deadline.left_ms(&disk.now());
        if left_ms == 0 {
            return Ok(false);
        }
        disk.await_release(sign, pause_ms.min(left_ms));
        pause_ms = (pause_ms * 2).min(PAUSE_MAX_MS);
    }
    Ok(true)
}

/// Waits until no act goes on here, whether the document names it or not, at most so long.
///
/// # Errors
/// Some act still goes on then, or that can't be told.
pub fn wait_for_all<D: Disk>(disk: &D, paths: &Paths, patience_ms: u64) -> Result<(), StoreError> {
    let deadline = disk.now().patience(patience_ms);
    for name in disk.list(&paths.claims).unwrap_or_default().into_iter().filter_map(|name| Nonce::try_from(name).ok()) {
        let actor = disk.process().acting_as(name);
        if !wait_while(disk, &paths.claim(name), deadline.left_ms(&disk.now()), || is_alive(disk, paths, &actor))? {
            return Err(StoreError::new(
                StoreErrorKind::Busy,
                format!(
                    "some process is at work on {}, and may be presenting a login that was stored before",
                    paths.document.display()
                ),
                "wait until it ends, or end it; then try again",
            ));
        }
    }
    Ok(())
}
