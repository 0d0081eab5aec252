//! A store in memory that can be made to fail, to be full, and to be a copy; with a fault it is a wrong one.

mod guard;
mod locked;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use credlatch::Profile;
use credlatch::store::{
    ActGuard, ActId, ActRecord, ByteStore, CommitId, LockedStore, StoreError, StoreErrorKind, StoreHome, Stored,
};
use parking_lot::Mutex;

use crate::wrong::Fault;
use guard::{Ends, Guard};
use locked::Locked;

/// How long a wrong store waits in the middle of what should be one step.
const GAP: Duration = Duration::from_millis(3);

thread_local! {
    /// What a wrong store ends with the thread.
    static OF_THIS_THREAD: RefCell<Vec<Ends>> = const { RefCell::new(Vec::new()) };
}

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
        let name = match self.fault {
            Some(Fault::CutsNames) => profile.as_str().chars().take(32).collect(),
            Some(Fault::FoldsNames) => profile.as_str().replace('_', "."),
            _ => profile.as_str().to_owned(),
        };
        Arc::clone(self.stores.lock().entry(Profile::new(&name).unwrap()).or_default())
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
        let (home, profile, begun) = (self.clone(), profile.clone(), Mutex::default());
        Ok(Arc::new(Store { home, profile, shared, begun, fault: self.fault }))
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
    /// What a wrong store ends with this handle.
    begun: Mutex<Vec<Ends>>,
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
        match self.fault {
            Some(Fault::SharesItsName) => "the sample".to_owned(),
            Some(Fault::NamesEachHandle) => format!("the sample {self:p}"),
            _ => format!("the sample {:p}", self.shared),
        }
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
        let ends = || Ends(Arc::clone(&self.shared), act);
        match self.fault {
            Some(Fault::EndsWithHandle) => self.begun.lock().push(ends()),
            Some(Fault::EndsWithThread) => OF_THIS_THREAD.with_borrow_mut(|begun| begun.push(ends())),
            _ => {}
        }
        Ok(Box::new(Guard { shared: Arc::clone(&self.shared), act, late: Mutex::default(), fault: self.fault }))
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        let _alone = self.is(Fault::LooksUnderTheLock).then(|| self.shared.writing.lock());
        let data = self.shared.data.lock();
        match data.trouble {
            Some(_) if self.is(Fault::DeadInTrouble) => return Ok(None),
            Some(kind) => return Err(error(kind)),
            None => {}
        }
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
