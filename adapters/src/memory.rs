//! A store that lives as long as its process: for tests, and for programs that keep nothing.

mod issuer;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::name::ProfileName;
use credlatch_core::port::{self, CommitError, Loaded, Nonces, Store, StoreError, StoreErrorKind};
use credlatch_core::state::{Actor, Claim, Nonce, State};
use parking_lot::{Condvar, Mutex, MutexGuard};

pub use issuer::{FakeIssuer, Held};

use crate::system::{Process, SystemNonces};

/// A store in memory. Clones are the same store.
#[derive(Clone, Debug, Default)]
pub struct MemoryStore(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    writing: Mutex<()>,
    /// The newest commit's id, set before the commit returns; 0 if nothing was ever committed.
    word: AtomicU64,
    newest: Mutex<Newest>,
    living: Mutex<BTreeSet<Nonce>>,
    ended: Condvar,
}

#[derive(Debug, Default)]
struct Newest {
    state: State,
    id: Option<u64>,
}

/// A home of profiles in memory, for [`Builder::memory`](crate::Builder::memory). Clones are the same home; what is in it lives
/// as long as one of them, or a latch on it.
#[derive(Clone, Default)]
pub struct MemoryHome(Arc<Mutex<BTreeMap<ProfileName, MemoryStore>>>);

impl MemoryHome {
    /// An empty home.
    pub fn new() -> Self {
        Self::default()
    }

    /// The profiles that something was ever stored in, by name.
    pub fn profiles(&self) -> Vec<ProfileName> {
        let stores = self.0.lock();
        let written = stores.iter().filter(|(_, store)| store.0.word.load(Ordering::Acquire) != 0);
        written.map(|(name, _)| name.clone()).collect()
    }

    pub(crate) fn store(&self, profile: &ProfileName) -> MemoryStore {
        self.0.lock().entry(profile.clone()).or_default().clone()
    }
}

impl fmt::Debug for MemoryHome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryHome").field("profiles", &self.profiles()).finish()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// What tells it from every other store of this process, as long as one of its clones lives.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// A store that somebody committed this state to.
    pub(crate) fn holding(state: State) -> Self {
        let store = Self::default();
        *store.0.newest.lock() = Newest { state, id: Some(2) };
        store.0.word.store(2, Ordering::Release);
        store
    }
}

impl Store for MemoryStore {
    type Locked<'a> = Locked<'a>;
    type Alive = Alive;
    type Reservation = ();

    fn word(&self) -> Result<Option<u64>, StoreError> {
        Ok(Some(self.0.word.load(Ordering::Acquire)).filter(|word| *word != 0))
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let newest = self.0.newest.lock();
        Ok(Loaded { state: newest.state.clone(), id: newest.id })
    }

    fn lock(&self, patience_ms: u64) -> Result<Locked<'_>, StoreError> {
        let guard = self.0.writing.try_lock_for(Duration::from_millis(patience_ms));
        guard.map(|guard| Locked { store: self, _guard: guard }).ok_or_else(|| {
            StoreError::new(
                StoreErrorKind::Busy,
                format!("the store in memory was locked by another thread of this process for {patience_ms} ms"),
                "try again, or find the thread that holds it",
            )
        })
    }

    fn enlist(&self) -> Result<Alive, StoreError> {
        let actor = Process::own().acting_as(SystemNonces.nonce());
        self.0.living.lock().insert(actor.name);
        Ok(Alive { shared: Arc::clone(&self.0), actor })
    }

    fn reserve(&self, _bytes: usize) -> Result<(), StoreError> {
        Ok(())
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        Ok(self.0.living.lock().contains(&actor.name))
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        let deadline = Instant::now().checked_add(Duration::from_millis(patience_ms));
        let actor = &claim.actor;
        let mut living = self.0.living.lock();
        while living.contains(&actor.name) {
            match deadline {
                Some(deadline) if self.0.ended.wait_until(&mut living, deadline).timed_out() => {
                    return Ok(!living.contains(&actor.name));
                }
                Some(_) => {}
                None => self.0.ended.wait(&mut living),
            }
        }
        Ok(true)
    }
}

/// The store in memory while it is locked.
#[derive(Debug)]
pub struct Locked<'a> {
    store: &'a MemoryStore,
    _guard: MutexGuard<'a, ()>,
}

impl port::Locked for Locked<'_> {
    type Reservation = ();

    fn load(&mut self) -> Result<Loaded, StoreError> {
        self.store.load()
    }

    fn commit(&mut self, state: &State, _reservation: Option<()>) -> Result<u64, CommitError> {
        let mut newest = self.store.0.newest.lock();
        // Nobody else can see these ids, so counting by two is enough to never repeat one.
        let id = newest.id.unwrap_or(0).wrapping_add(2);
        *newest = Newest { state: state.clone(), id: Some(id) };
        self.store.0.word.store(id, Ordering::Release);
        Ok(id)
    }
}

/// A sign of life in memory.
#[derive(Debug)]
pub struct Alive {
    shared: Arc<Shared>,
    actor: Actor,
}

impl port::Alive for Alive {
    fn actor(&self) -> &Actor {
        &self.actor
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        self.shared.living.lock().remove(&self.actor.name);
        self.shared.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use credlatch_core::port::{Alive as _, Locked as _};
    use credlatch_core::time::Stamp;

    use super::*;

    #[test]
    fn a_commit_is_read_by_every_clone() {
        let store = MemoryStore::new();
        assert_eq!(store.load().unwrap(), Loaded { state: State::default(), id: None });
        let state = State { generation: 1, ..State::default() };
        let id = store.lock(0).unwrap().commit(&state, None).unwrap();
        let other = store.clone();
        assert_eq!(other.word().unwrap(), Some(id));
        assert_eq!(other.load().unwrap(), Loaded { state, id: Some(id) });
    }

    #[test]
    fn a_second_writer_is_told_that_it_is_busy() {
        let store = MemoryStore::new();
        let _locked = store.lock(0).unwrap();
        assert_eq!(store.lock(5).unwrap_err().kind, StoreErrorKind::Busy);
    }

    #[test]
    fn a_waiter_wakes_when_the_act_ends_and_not_before() {
        let store = MemoryStore::new();
        let alive = store.enlist().unwrap();
        let actor = alive.actor().clone();
        let claim = Claim { attempt: Nonce(1), actor: actor.clone(), at: Stamp::default(), doubt: None };
        assert!(store.is_alive(&actor).unwrap());
        assert!(!store.wait(&claim, 5).unwrap());
        thread::scope(|scope| {
            let waiter = scope.spawn(|| store.wait(&claim, u64::MAX).unwrap());
            drop(alive);
            assert!(waiter.join().unwrap());
        });
        assert!(!store.is_alive(&actor).unwrap());
    }
}
