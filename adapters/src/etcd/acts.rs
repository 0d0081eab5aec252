//! Acts: a locked file on this machine, which says to its other processes whether the act goes on and keeps what it leaves; and a key
//! with a lease, which says to other machines that it may go on.
//!
//! What a file says is believed on the machine that made it, in the boot that made it, and of that very file: of a copy the
//! lock says nothing. Other machines go by the key alone. They can't see a note, so that there is none is no evidence to them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use credlatch_core::port::{Alive, StoreError, StoreErrorKind};
use credlatch_core::state::Nonce;

use super::leases::{Held, TAIL};
use super::port::{Change, Compare, Op, Trouble, Txn, Watching};
use super::store::EtcdStore;
use crate::docfile::claims::FileAlive;
use crate::docfile::disk::Disk;
use crate::docfile::paths::Paths;
use crate::docfile::provenance::trust;
use crate::docfile::{RealDisk, named, sweep};
use crate::store::{ActGuard, ActId, ActRecord};

/// How long one question about an act may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Whoever waits looks again by then: what this machine wrote down is in no key.
const LOOK: Duration = Duration::from_secs(2);

/// The sign of life of an act of this process.
struct Guard {
    name: String,
    called: String,
    cluster: Arc<dyn super::port::Cluster>,
    file: Option<FileAlive<RealDisk>>,
    held: Arc<Held>,
}

impl EtcdStore {
    /// Where this machine's acts on this profile are.
    pub(crate) fn paths(&self) -> Paths {
        Paths::unlinked(&self.home.join(format!("{}.json", self.profile)))
    }

    fn key(&self, act: ActId) -> String {
        format!("{}{act}", self.document.names.acts)
    }
}

/// Refuses a home whose locks can't be trusted: another machine would believe them.
pub(super) fn permit(store: &EtcdStore) -> Result<(), StoreError> {
    trust(&RealDisk, &store.paths())
}

pub(super) fn begin(store: &EtcdStore, act: ActId) -> Result<Box<dyn ActGuard>, StoreError> {
    let disk = Arc::new(RealDisk);
    let file = named::enlist(&disk, &store.paths(), Nonce(act.0))?;
    let begun = Held::grant(&store.document.cluster).and_then(|held| {
        let name = store.key(act);
        let when = vec![Compare::Created(name.clone(), 0)];
        let then = vec![Op::Put(name.clone(), b"begun".to_vec().into(), Some(held.lease))];
        store.document.cluster.transact(&Txn { when, then }, PATIENCE)?;
        Ok((held, name))
    });
    match begun {
        Ok((held, name)) => {
            let (called, cluster) = (store.document.called.clone(), Arc::clone(&store.document.cluster));
            Ok(Box::new(Guard { name, called, cluster, file: Some(file), held }))
        }
        Err(trouble) => {
            file.discard();
            Err(trouble.into_error())
        }
    }
}

impl Guard {
    fn file(&self) -> &FileAlive<RealDisk> {
        let Some(file) = &self.file else { unreachable!("only discarding takes it, and takes the guard too") };
        file
    }

    fn is_over(&self) -> StoreError {
        let what =
            format!("other machines may take an act on {} for over, because it was stopped for too long", self.called);
        StoreError::new(StoreErrorKind::Unreachable, what, "try again; nothing was sent")
    }

    /// Looks once more whether others see this act, and will until a request that leaves now is over.
    fn make_sure(&self) -> Result<(), Trouble> {
        if !self.held.is_mine() || !self.held.beat()? {
            return Err(Trouble::Refused(self.is_over()));
        }
        // The lease was asked for at one member; that it is still there the cluster says.
        let when = vec![Compare::Created(self.name.clone(), 0)];
        let done = self.cluster.transact(&Txn { when, then: vec![Op::Get(self.name.clone())] }, PATIENCE)?;
        if done.succeeded || self.held.lasts() < TAIL { Err(Trouble::Refused(self.is_over())) } else { Ok(()) }
    }
}

impl ActGuard for Guard {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        self.make_sure().map_err(Trouble::into_error)?;
        self.file().put_note(&RealDisk, note)?;
        // Writing it took a moment, and a machine may sleep in any.
        if self.held.lasts() < TAIL { Err(self.is_over()) } else { Ok(()) }
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        self.file().put_answer(&RealDisk, answer)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.file().sync()
    }

    fn wipe(&self) {
        self.file().wipe();
    }

    fn discard(mut self: Box<Self>) {
        if let Some(file) = self.file.take() {
            file.discard();
        }
    }
}

/// What is known of an act: by its file where that can say, and else by its key.
pub(super) fn look(store: &EtcdStore, act: ActId) -> Result<Option<ActRecord>, StoreError> {
    let local = named::look(&RealDisk, &store.paths(), Nonce(act.0))?;
    if let Some(local) = local.as_ref().filter(|local| local.is_of_here) {
        return Ok(Some(ActRecord {
            is_alive: local.is_alive,
            note: local.note.clone(),
            answer: local.answer.clone().map(Into::into),
        }));
    }
    let get = Txn { when: Vec::new(), then: vec![Op::Get(store.key(act))] };
    let done = store.document.cluster.transact(&get, PATIENCE).map_err(Trouble::into_error)?;
    let is_alive = done.read.first().is_some_and(Option::is_some);
    let answer = local.and_then(|local| local.answer);
    if !is_alive && answer.is_none() {
        return Ok(None);
    }
    // That nothing is noted here says nothing: so something is.
    let note = (!is_alive).then(|| b"{}".to_vec());
    Ok(Some(ActRecord { is_alive, note, answer: answer.map(Into::into) }))
}

/// How long an act of another machine is taken for one that goes on, if nobody keeps its lease alive any more.
pub(super) fn lingers(store: &EtcdStore, act: ActId) -> Option<Duration> {
    let local = named::look(&RealDisk, &store.paths(), Nonce(act.0)).ok().flatten();
    if local.is_some_and(|local| local.is_of_here) {
        return None;
    }
    store.document.cluster.lasts(&store.key(act), PATIENCE).ok().flatten()
}

/// Waits until an act may have ended, or has written something down on this machine.
pub(super) fn wait(store: &EtcdStore, act: ActId, patience: Duration) {
    let (began, paths) = (Instant::now(), store.paths());
    let local = named::look(&RealDisk, &paths, Nonce(act.0)).ok().flatten();
    if local.is_some_and(|local| local.is_of_here) {
        let pause = patience.min(Duration::from_millis(25));
        RealDisk.await_release(&paths.claim(Nonce(act.0)), u64::try_from(pause.as_millis()).unwrap_or(25));
        return;
    }
    let patience = patience.min(LOOK);
    let cluster = &store.document.cluster;
    let get = Txn { when: Vec::new(), then: vec![Op::Get(store.key(act))] };
    let watched = cluster.transact(&get, patience).and_then(|done| {
        let Some(Some(kv)) = done.read.first() else { return Ok(()) };
        let left = patience.saturating_sub(began.elapsed());
        cluster.watch(&kv.key, done.revision, left, &mut |change| match change {
            Change::Deleted(_) => Watching::Enough,
            Change::Alive(_) | Change::Put(_) => Watching::GoOn,
        })
    });
    if watched.is_err() {
        std::thread::sleep(patience.saturating_sub(began.elapsed()).min(Duration::from_millis(100)));
    }
}

/// Removes what this machine's dead acts left, but for those that the document names.
pub(super) fn sweep(store: &EtcdStore, named: &[ActId]) {
    let named: Vec<Nonce> = named.iter().map(|act| Nonce(act.0)).collect();
    sweep::sweep_but(&RealDisk, &store.paths(), &named);
}
