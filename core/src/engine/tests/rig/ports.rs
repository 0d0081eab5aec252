//! What an engine sees of the rig: its store, its clock, its nonces and its locks.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::time::Duration;

use super::super::signs::Life;
use super::{Rig, lock};
use crate::port::{Cell, Clock, CommitError, Left, Loaded, Locked, Nonces, Oneshot, Ports, Seam, Store, StoreError};
use crate::state::time::Stamp;
use crate::state::{Actor, Claim, Nonce, State};

/// The ports of the rig.
pub(in super::super) struct Here;

impl Ports for Here {
    type Seam = Locks;
    type Store = Shelf;
    type Clock = Watch;
    type Nonces = Numbers;
}

pub(in super::super) struct Locks;

impl Seam for Locks {
    type Cell<T: Send + Sync + 'static> = Guarded<T>;
    type Published<T: Send + Sync + 'static> = Guarded<Arc<T>>;
    type Oneshot<T: Send + 'static> = Channel<T>;
}

/// Whoever waits here does so by the clock of this machine.
pub(in super::super) struct Channel<T>(Mutex<Option<T>>, Condvar);

impl<T: Send> Oneshot<T> for Channel<T> {
    fn new() -> Self {
        Self(Mutex::new(None), Condvar::new())
    }

    fn send(&self, value: T) {
        *lock(&self.0) = Some(value);
        self.1.notify_one();
    }

    fn receive(&self, patience_ms: u64) -> Option<T> {
        let longest = Duration::from_millis(patience_ms);
        let (mut value, _) = self.1.wait_timeout_while(lock(&self.0), longest, |value| value.is_none()).unwrap();
        value.take()
    }
}

pub(in super::super) struct Guarded<T>(RwLock<T>);

impl<T: Send + Sync> Cell<T> for Guarded<T> {
    fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    fn read<R>(&self, look: impl FnOnce(&T) -> R) -> R {
        look(&self.0.read().unwrap())
    }

    fn write<R>(&self, change: impl FnOnce(&mut T) -> R) -> R {
        change(&mut self.0.write().unwrap())
    }
}

pub(in super::super) struct Watch(Rig);

impl Watch {
    pub(super) fn of(rig: &Rig) -> Self {
        Self(rig.clone())
    }
}

impl Clock for Watch {
    fn now(&self) -> Stamp {
        self.0.now()
    }

    fn pause(&self, ms: u64) {
        self.0.pass(ms);
        self.0.ask("pause", &ms.to_string());
    }
}

pub(in super::super) struct Numbers(Rig);

impl Numbers {
    pub(super) fn of(rig: &Rig) -> Self {
        Self(rig.clone())
    }
}

impl Nonces for Numbers {
    fn nonce(&self) -> Nonce {
        Nonce(self.0.0.nonces.fetch_add(1, Ordering::Relaxed).into())
    }
}

/// The store, as a process of this number sees it.
pub(in super::super) struct Shelf(Rig, u32);

impl Shelf {
    pub(super) fn of(rig: &Rig, process: u32) -> Self {
        Self(rig.clone(), process)
    }
}

impl Store for Shelf {
    type Locked<'a> = LockedShelf<'a>;
    type Alive = Life;
    type Reservation = usize;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        self.0.ask("word", "");
        Ok(lock(&self.0.0.disk).id)
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        self.0.ask("load", "");
        let loaded = lock(&self.0.0.disk).clone();
        self.0.ask("loaded", "");
        Ok(loaded)
    }

    fn lock(&self, patience_ms: u64) -> Result<LockedShelf<'_>, StoreError> {
        lock(&self.0.0.patiences_ms).push(patience_ms);
        self.0.ask("lock", "");
        Ok(LockedShelf(&self.0))
    }

    fn enlist(&self) -> Result<Life, StoreError> {
        let name = Numbers(self.0.clone()).nonce();
        let actor = Actor { name, pid: self.1, started: 0, pid_namespace: 0, notes: true };
        Ok(Life::begin(self.0.clone(), actor))
    }

    fn reserve(&self, bytes: usize) -> Result<usize, StoreError> {
        self.0.ask("reserve", &bytes.to_string());
        Ok(bytes)
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        Ok(self.0.is_living(actor))
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        Ok(self.0.signs().get(&claim.actor.name).map_or(Left::MaybeSent { noted: None }, |sign| sign.left(claim)))
    }

    fn is_own(&self, actor: &Actor) -> bool {
        actor.pid == self.1
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        self.0.ask("wait", &patience_ms.to_string());
        let is_own = self.is_own(&claim.actor);
        let ended = match self.left(claim)? {
            Left::Going => false,
            Left::Answer(_) => !is_own || !self.0.is_living(&claim.actor),
            Left::NoNote | Left::MaybeSent { .. } => true,
        };
        if !ended {
            self.0.pass(patience_ms);
        }
        Ok(ended)
    }
}

pub(in super::super) struct LockedShelf<'a>(&'a Rig);

impl Locked for LockedShelf<'_> {
    type Reservation = usize;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        Ok(lock(&self.0.0.disk).clone())
    }

    fn commit(&mut self, state: &State, reservation: Option<usize>) -> Result<u64, CommitError> {
        self.0.ask("commit", &reservation.map_or(String::new(), |bytes| format!("into {bytes}")));
        if let Some(error) = lock(&self.0.0.refusals).pop_front() {
            return Err(error);
        }
        let mut disk = lock(&self.0.0.disk);
        let id = disk.id.unwrap_or(0) + 2;
        *disk = Loaded { state: state.clone(), id: Some(id) };
        Ok(id)
    }
}
