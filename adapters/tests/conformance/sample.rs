//! A store in memory that can be made to fail, to be full, and to be a copy; with a fault it is a wrong one.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use credlatch::Profile;
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, StoreError, StoreErrorKind,
    StoreHome, Stored,
};
use parking_lot::{Mutex, MutexGuard};

use crate::wrong::Fault;

/// How long a wrong store waits in the middle of what should be one step.
const GAP: Duration = Duration::from_millis(3);

/// A home of them. Clones are the same home.
#[derive(Clone, Default)]
pub(crate) struct Sample {
    fault: Option<Fault>,
    stores: Arc<Mutex<BTreeMap<Profile, Arc<Shared>>>>,
}

#[derive(Default)]
struct Shared {
    writing: Mutex<()>,
    data: Mutex<Data>,
}

#[derive(Default)]
struct Data {
    stored: Option<Stored>,
    /// What the word names.
    word: Option<CommitId>,
    /// What it named before, until somebody asked.
    lagging: Option<CommitId>,
    acts: BTreeMap<ActId, Act>,
    fails: Option<Failure>,
    failed: u32,
    /// What arrives late, and how many looks under a lock are to come first.
    late: Option<(Stored, u32)>,
    is_full: bool,
    trouble: Option<StoreErrorKind>,
    is_copy: bool,
}

struct Act {
    record: ActRecord,
    began: Instant,
    reserved: usize,
}

#[derive(Clone, Copy)]
enum Failure {
    NotSaved,
    UnknownOld,
    UnknownNew,
}

impl Sample {
    pub(crate) fn with(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    fn data<R>(&self, profile: &Profile, change: impl FnOnce(&mut Data) -> R) -> R {
        change(&mut self.shared(profile).data.lock())
    }

    fn shared(&self, profile: &Profile) -> Arc<Shared> {
        Arc::clone(self.stores.lock().entry(profile.clone()).or_default())
    }

    /// Makes the next commit fail, in one of three ways in turn.
    pub(crate) fn fail_next(&self, profile: &Profile) {
        self.data(profile, |data| {
            data.fails = Some(match data.failed % 3 {
                0 => Failure::NotSaved,
                1 => Failure::UnknownOld,
                _ => Failure::UnknownNew,
            });
            data.failed += 1;
        });
    }

    pub(crate) fn fill(&self, profile: &Profile, is_full: bool) {
        self.data(profile, |data| data.is_full = is_full);
    }

    pub(crate) fn make_copy(&self, profile: &Profile) {
        self.data(profile, |data| data.is_copy = true);
    }

    /// Puts other bytes in the place of what is stored.
    pub(crate) fn edit(&self, profile: &Profile, edit: impl FnOnce(&str) -> String) {
        self.data(profile, |data| {
            let stored = data.stored.as_mut().unwrap();
            stored.document = edit(std::str::from_utf8(&stored.document).unwrap()).into_bytes().into();
        });
    }

    pub(crate) fn trouble(&self, profile: &Profile, trouble: Option<StoreErrorKind>) {
        self.data(profile, |data| data.trouble = trouble);
    }
}

impl StoreHome for Sample {
    fn store(&self, profile: &Profile) -> Result<Arc<dyn ByteStore>, StoreError> {
        let shared = self.shared(profile);
        Ok(Arc::new(Store { home: self.clone(), profile: profile.clone(), shared, fault: self.fault }))
    }

    fn profiles(&self) -> Result<Option<Vec<Profile>>, StoreError> {
        let is_listed =
            |shared: &Shared| self.fault == Some(Fault::ListsTheOpened) || shared.data.lock().stored.is_some();
        let stores = self.stores.lock();
        Ok(Some(stores.iter().filter(|(_, shared)| is_listed(shared)).map(|(profile, _)| profile.clone()).collect()))
    }
}

struct Store {
    home: Sample,
    profile: Profile,
    shared: Arc<Shared>,
    fault: Option<Fault>,
}

fn error(kind: StoreErrorKind) -> StoreError {
    StoreError::new(kind, format!("the sample is {kind:?}"), "this is a test")
}

impl Store {
    fn is(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn look(&self) -> Result<Option<Stored>, StoreError> {
        let data = self.shared.data.lock();
        match data.trouble {
            Some(_) if self.is(Fault::EmptyInTrouble) => return Ok(None),
            Some(kind) => return Err(error(kind)),
            None => {}
        }
        let cut = |stored: Stored| match stored.document.get(..4096) {
            Some(head) if self.is(Fault::CutsDocuments) => Stored { document: head.to_vec().into(), ..stored },
            _ => stored,
        };
        Ok(data.stored.clone().map(cut))
    }
}

impl ByteStore for Store {
    fn name(&self) -> String {
        format!("the sample {:p}", self.shared)
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        let mut data = self.shared.data.lock();
        if let Some(kind) = data.trouble {
            return Err(error(kind));
        }
        if self.is(Fault::InventsACommit) && data.word.is_none() {
            return Ok(CommitId::new(2));
        }
        let lagging = data.lagging.take().filter(|_| self.is(Fault::WordLags));
        Ok(lagging.or(data.word))
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        let _alone = self.is(Fault::ReadsUnderTheLock).then(|| self.shared.writing.lock());
        self.look()
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        if self.is(Fault::ComparesTooEarly) {
            return Ok(Box::new(Locked { store: self, takes_over: false, _alone: None }));
        }
        let is_failed = self.is(Fault::BusyIsFailed);
        let alone = self.shared.writing.try_lock_for(patience);
        let alone =
            alone.ok_or_else(|| error(if is_failed { StoreErrorKind::Failed } else { StoreErrorKind::Busy }))?;
        Ok(Box::new(Locked { store: self, takes_over: false, _alone: Some(alone) }))
    }

    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        let mut data = self.shared.data.lock();
        if data.is_full {
            return Err(error(StoreErrorKind::Full));
        }
        let reserved = if self.is(Fault::ReservesNothing) { 0 } else { bytes };
        let record = ActRecord { is_alive: true, note: None, answer: None };
        data.acts.insert(act, Act { record, began: Instant::now(), reserved });
        Ok(Box::new(Guard { shared: Arc::clone(&self.shared), act, fault: self.fault }))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        let data = self.shared.data.lock();
        let Some(found) = data.acts.get(&act) else {
            let none = ActRecord { is_alive: false, note: None, answer: None };
            return Ok(self.is(Fault::KnowsAll).then_some(none));
        };
        let is_leased = !self.is(Fault::ShortLease) || found.began.elapsed() < Duration::from_secs(2);
        let record = found.record.clone();
        Ok(Some(ActRecord { is_alive: record.is_alive && is_leased, ..record }))
    }

    fn wait_for_act(&self, _act: ActId, patience: Duration) {
        sleep(if self.is(Fault::Oversleeps) { Duration::from_secs(3) } else { patience.min(GAP) });
    }
}

struct Locked<'a> {
    store: &'a Store,
    takes_over: bool,
    _alone: Option<MutexGuard<'a, ()>>,
}

impl Locked<'_> {
    fn is(&self, fault: Fault) -> bool {
        self.store.is(fault)
    }

    fn write(&self, new: &Stored) {
        let change = |change: &dyn Fn(&mut Data)| change(&mut self.store.shared.data.lock());
        if self.is(Fault::WordFirst) {
            change(&|data| data.word = Some(new.id));
            sleep(GAP);
        }
        if self.is(Fault::DocumentFirst) {
            change(&|data| {
                if let Some(stored) = &mut data.stored {
                    stored.document = new.document.clone();
                }
            });
            sleep(GAP);
        }
        change(&|data| {
            data.lagging = data.word;
            (data.stored, data.word) = (Some(new.clone()), Some(new.id));
        });
    }

    fn write_everywhere(&self, new: &Stored) {
        let stores = self.store.home.stores.lock();
        for (_, other) in stores.iter().filter(|(profile, _)| **profile != self.store.profile) {
            if let Some(stored) = &mut other.data.lock().stored {
                stored.document = new.document.clone();
            }
        }
    }
}

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let late = {
            let mut data = self.store.shared.data.lock();
            match data.late.take() {
                Some((late, 0)) => Some(late),
                Some((late, looks)) => {
                    data.late = Some((late, looks - 1));
                    None
                }
                None => None,
            }
        };
        if let Some(late) = late {
            self.write(&late);
        }
        self.store.look()
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let new = Stored { id: commit.id, document: commit.document.clone() };
        {
            let mut data = self.store.shared.data.lock();
            let stands = data.stored.as_ref().map(|stored| stored.id);
            if stands != commit.replaces && !self.is(Fault::NeverCompares) {
                return Err(CommitError::NotSaved(error(StoreErrorKind::Busy)));
            }
            let old = data.stored.as_ref().map_or(0, |stored| stored.document.len());
            let reserved = commit.settles.and_then(|act| data.acts.get(&act)).map_or(0, |act| act.reserved);
            if data.is_full && commit.document.len() > old + reserved {
                return Err(CommitError::NotSaved(error(StoreErrorKind::Full)));
            }
            match data.fails.take() {
                Some(Failure::NotSaved) if self.is(Fault::SavesAndDenies) => {
                    drop(data);
                    self.write(&new);
                    return Err(CommitError::NotSaved(error(StoreErrorKind::Failed)));
                }
                Some(Failure::NotSaved) => return Err(CommitError::NotSaved(error(StoreErrorKind::Failed))),
                Some(Failure::UnknownOld) => {
                    data.late = self.is(Fault::ArrivesLate).then_some((new, 1));
                    return Err(CommitError::Unknown(error(StoreErrorKind::Failed)));
                }
                Some(Failure::UnknownNew) => {
                    drop(data);
                    self.write(&new);
                    return Err(CommitError::Unknown(error(StoreErrorKind::Failed)));
                }
                None => {}
            }
        }
        if self.is(Fault::ComparesTooEarly) {
            sleep(GAP);
        }
        if self.is(Fault::WritesEverywhere) {
            self.write_everywhere(&new);
        }
        self.write(&new);
        let mut data = self.store.shared.data.lock();
        data.is_copy &= !self.takes_over;
        let (sweeps_named, sweeps_living) = (self.is(Fault::SweepsNamed), self.is(Fault::SweepsLiving));
        data.acts.retain(|act, found| {
            let is_named = commit.named.contains(act) && !sweeps_named;
            is_named || (found.record.is_alive && !sweeps_living)
        });
        Ok(())
    }

    fn is_copy(&mut self) -> Result<bool, StoreError> {
        Ok(self.store.shared.data.lock().is_copy && !self.is(Fault::NeverACopy))
    }

    fn take_over(&mut self) {
        self.takes_over = true;
    }
}

struct Guard {
    shared: Arc<Shared>,
    act: ActId,
    fault: Option<Fault>,
}

impl Guard {
    fn change(&self, change: impl FnOnce(&mut ActRecord)) {
        if let Some(act) = self.shared.data.lock().acts.get_mut(&self.act) {
            change(&mut act.record);
        }
    }
}

impl ActGuard for Guard {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        match self.fault {
            Some(Fault::ForgetsNotes) => {}
            Some(Fault::NotesForAll) => {
                let mut data = self.shared.data.lock();
                data.acts.values_mut().for_each(|act| act.record.note = Some(note.to_vec()));
            }
            _ => self.change(|record| record.note = Some(note.to_vec())),
        }
        Ok(())
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        let kept = if self.fault == Some(Fault::CutsAnswers) { answer.len().min(1000) } else { answer.len() };
        self.change(|record| record.answer = Some(answer[..kept].to_vec().into()));
        Ok(())
    }

    fn wipe(&self) {
        if self.fault != Some(Fault::NeverWipes) {
            self.change(|record| record.answer = None);
        }
    }

    fn discard(mut self: Box<Self>) {
        if self.fault == Some(Fault::DiscardsNothing) {
            self.fault = Some(Fault::NeverEnds);
        } else {
            self.shared.data.lock().acts.remove(&self.act);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if self.fault != Some(Fault::NeverEnds) {
            self.change(|record| record.is_alive = false);
        }
    }
}
