//! Locking and committing as Hermes does: `flock` on the file beside the document, whose holder leaves its pid there, and
//! a new file renamed over the old one. Hermes has no word for readers, so every read loads.

use credlatch_core::port::{CommitError, Loaded, Locked, StoreError};
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::State;
use zeroize::Zeroizing;

use super::load::{Opened, open};
use super::save::{Moment, save};
use super::side::Side;
use crate::store::HermesStore;

use credlatch::docfile::content::{Content, read_bytes};
use credlatch::docfile::disk::{Disk, FileId, Gate, Metadata, Open};
use credlatch::docfile::draft::Draft;
use credlatch::docfile::errors::io_error;
use credlatch::docfile::held::{Held, metadata_under_lock, replaced, too_large};
use credlatch::docfile::kept::Kept;
use credlatch::docfile::lock::{LockWait, acquire, busy_here};
use credlatch::docfile::paths::Paths;
use credlatch::docfile::sweep::{sweep, sweep_strays};
use credlatch::system::lockers;

/// How often Hermes looks whether the lock is free, in milliseconds. We look as often in the long run, and sooner at first,
/// because most commits take a few milliseconds.
const PAUSE_MAX_MS: u64 = 50;
/// How long Hermes waits for the lock, in milliseconds.
const PATIENCE_MAX_MS: u64 = 15_000;
/// A document that nobody has written yet.
const NOTHING: &[u8] = b"{}";

/// Hermes' file while it is locked.
pub struct HermesLocked<'a, D: Disk> {
    store: &'a HermesStore<D>,
    paths: Paths,
    file: Kept<D::File>,
    file_id: FileId,
    born_ns: Option<u64>,
    /// What stands, once it was loaded under this lock.
    base: Option<BaseContent>,
    /// Whether the next commit makes the file this place's own.
    adopts: bool,
    pid: u32,
    _pass: <D::Gate as Gate>::Pass<'a>,
}

/// What a commit replaces; nothing if there is no document yet.
struct BaseContent(Option<Content>);

pub(super) fn lock<D: Disk>(store: &HermesStore<D>, patience_ms: u64) -> Result<HermesLocked<'_, D>, StoreError> {
    let disk = &*store.disk;
    let patience_ms = patience_ms.min(PATIENCE_MAX_MS);
    let deadline = disk.now().patience(patience_ms);
    let pass = store.gate.enter(patience_ms).ok_or_else(|| busy_here(&store.entry, patience_ms))?;
    // Who may write to Hermes' lock file is Hermes' choice, as long as it is not everybody.
    let wait = LockWait { patience_ms, deadline, pauses_ms: 1..=PAUSE_MAX_MS, holder: signature, forbidden: 0o002 };
    let (paths, file, Metadata { file_id, .. }) = acquire(disk, &wait, || store.paths())?;
    let born_ns =
        file.attempt(|file| disk.metadata(file)).map_err(|error| io_error("look at", &paths.lock, &error))?.born_ns;
    file.with(|file| sign(disk, file));
    let pid = disk.pid();
    Ok(HermesLocked { store, paths, file, file_id, born_ns, base: None, adopts: false, pid, _pass: pass })
}

/// Leaves this process's pid in the lock file, for other people's error messages.
fn sign<D: Disk>(disk: &D, file: &D::File) {
    let pid = format!("{}\n", disk.pid());
    // The lock is good without it.
    let _ = disk.truncate(file, 0).and_then(|()| disk.write_at(file, pid.as_bytes(), 0));
}

/// The pid that the last holder left, the last number in the file, if that process has the lock: Hermes doesn't say of which
/// container it is.
fn signature<D: Disk>(disk: &D, file: &D::File) -> Option<u32> {
    let mut text = [0; 64];
    let read = disk.read_at(file, &mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..read]).ok()?;
    let pid = text.split(|c: char| !c.is_ascii_digit()).rfind(|digits| !digits.is_empty())?.parse().ok()?;
    let file_id = disk.metadata(file).ok()?.file_id;
    lockers::is_one(pid, file_id).then_some(pid)
}

impl<D: Disk> Locked for HermesLocked<'_, D> {
    type Reservation = Draft<D>;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        let read = read_bytes(&*self.store.disk, &self.paths.document)?;
        let loaded = self.store.loaded(&self.paths, read.as_ref())?;
        if read.is_some() {
            self.confirm()?;
        }
        self.base = Some(BaseContent(read));
        Ok(loaded)
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        let Some(BaseContent(Some(Content { bytes, .. }))) = &self.base else { return Ok(None) };
        let side = open(bytes, &self.store.row_reader(&self.paths))?.side;
        let counted = self.store.remembered(&self.paths, side.store);
        let is_copied = !self.is_home_of(&side);
        let is_rolled_back = (counted > state.last_move).then_some(Shared::RolledBack);
        let why = if is_copied { Some(Shared::Copied) } else { is_rolled_back };
        Ok(why.map(|why| MarkShared { why, counted }))
    }

    fn take_over(&mut self) {
        self.adopts = true;
    }

    fn commit(&mut self, state: &State, reservation: Option<Draft<D>>) -> Result<u64, CommitError> {
        let (bytes, mut draft) = self.prepare(state, reservation).map_err(CommitError::NotSaved)?;
        self.recheck().map_err(CommitError::NotSaved)?;
        let document = self.paths.document.clone();
        let disk = &*self.store.disk;
        if let Err(error) = draft.publish(&document) {
            let error = io_error("replace", &document, &error);
            self.base = None;
            return Err(if draft.became(&document) {
                CommitError::Unknown(error)
            } else {
                CommitError::NotSaved(error)
            });
        }
        self.base = None;
        if let Err(error) = disk.sync_folder(&self.paths.folder) {
            return Err(CommitError::Unknown(io_error("make sure of the commit to", &document, &error)));
        }
        let id = crate::store::id_of(&bytes);
        // What somebody else has put there by now is loaded by the next commit under this lock.
        self.base = draft.standing(&document).map(|metadata| BaseContent(Some(Content { bytes, metadata })));
        draft.end();
        sweep(disk, &self.paths, state);
        sweep_strays(disk, &self.paths);
        Ok(id)
    }

    fn remember(&mut self, number: u64) {
        let Some(record) = &self.store.record else { return };
        let Some(BaseContent(Some(Content { bytes, .. }))) = &self.base else { return };
        if let Some(name) = open(bytes, &self.store.row_reader(&self.paths)).ok().and_then(|opened| opened.side.store) {
            // Where it can't be written, doctor says so.
            let _ = record.note(&self.paths, name, number);
        }
    }
}

impl<D: Disk> HermesLocked<'_, D> {
    /// Makes durable what stands. Whoever put it there may have died just before that, and no word in the lock file says
    /// so: a change that finds nothing to do must not be answered from what a power cut would take back.
    fn confirm(&self) -> Result<(), StoreError> {
        let (disk, document) = (&*self.store.disk, &self.paths.document);
        let synced = disk.open(document, Open::Read).and_then(|file| disk.sync(&file));
        let settled = synced.and_then(|()| disk.sync_folder(&self.paths.folder));
        settled.map_err(|error| io_error("make sure of", document, &error))
    }

    /// Whether our part was written under this lock file.
    fn is_home_of(&self, side: &Side) -> bool {
        side.is_of(self.file_id, self.born_ns)
    }

    /// Everything that may fail without a trace: the draft is written and durable.
    fn prepare(
        &mut self,
        state: &State,
        reservation: Option<Draft<D>>,
    ) -> Result<(Zeroizing<Vec<u8>>, Draft<D>), StoreError> {
        if self.base.is_none() {
            self.load()?;
        }
        let Some(BaseContent(base)) = &self.base else { return Err(replaced(&self.paths)) };
        let disk = &self.store.disk;
        if base.is_none() {
            self.paths.settle_folder(&**disk)?;
        }
        let opened: Opened<'_> =
            open(base.as_ref().map_or(NOTHING, |read| &read.bytes), &self.store.row_reader(&self.paths))?;
        let is_first = opened.root.get(super::side::NAME).is_none();
        let is_own = is_first || self.adopts || self.is_home_of(&opened.side);
        let moment = Moment {
            lock: if is_own { Some(self.file_id) } else { opened.side.lock },
            born_ns: if is_own { self.born_ns } else { opened.side.lock_born_ns },
            wall_ms: disk.now().wall_ms,
            nonce: &|| disk.nonce(),
            key: &|| self.store.keys.ensure(&self.paths).ok(),
        };
        let bytes = save(opened, state, &moment)
            .map_err(|error| io_error("write down", &self.paths.document, &error))?
            .ok_or_else(|| too_large(&self.paths))?;
        let mut draft = match reservation.filter(|draft| draft.is_for(&self.paths)) {
            Some(draft) => draft,
            None => Draft::create(disk, &self.paths, disk.process())?,
        };
        draft.fill(&bytes).map_err(|error| io_error("write", &draft.path(), &error))?;
        Ok((bytes, draft))
    }

    /// Looks whether the lock still guards the document, and the document is still the one that was loaded.
    fn recheck(&mut self) -> Result<(), StoreError> {
        let stood = self.base.as_ref().map(|BaseContent(read)| read.as_ref().map(|read| read.metadata));
        match metadata_under_lock(&*self.store.disk, self.file_id, &self.paths)? {
            Held::Guarding(metadata) if stood == Some(metadata) => Ok(()),
            Held::Guarding(_) | Held::Superseded => {
                self.base = None;
                Err(replaced(&self.paths))
            }
        }
    }
}

impl<D: Disk> Drop for HermesLocked<'_, D> {
    fn drop(&mut self) {
        // In a forked child the lock is still the parent's.
        if self.store.disk.pid() == self.pid {
            // If it fails, closing the file does the same.
            let _ = self.file.with(|file| self.store.disk.unlock(file));
        }
    }
}
