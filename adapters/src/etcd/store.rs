//! A profile in etcd as a store of bytes: its lock, its commits, and what is known of its acts.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::port::{CommitError, StoreError, StoreErrorKind};
use parking_lot::MutexGuard;

use super::acts;
use super::document::{Document, Looked};
use super::port::{Compare, Op, Trouble, Txn};
use super::queue::{self, Ticket};
use super::value;
use crate::codec::KeyId;
use crate::seal::{self, KeyStore, SealKeySource};
use crate::store::{ActGuard, ActId, ActRecord, ByteStore, Commit, CommitId, LockedStore, SecretBytes, Stored};

/// How long a commit may take beyond the patience with which the lock was waited for.
const COMMIT: Duration = Duration::from_secs(6);
/// The largest value that is sent, in bytes: etcd takes requests of 1.5 MiB unless it is told otherwise (--max-request-bytes), and the
/// names around the value take some of that.
const MAX_VALUE: usize = 3 * 512 * 1024 - 4096;
/// How long it is tried to find out what became of a commit.
const SETTLE: Duration = Duration::from_secs(6);

/// One profile.
pub(crate) struct EtcdStore {
    pub(super) document: Arc<Document>,
    /// Where this machine keeps what its acts leave.
    pub(super) home: PathBuf,
    pub(super) profile: String,
    /// The file in which the seal's key may be made, if the prefix has nothing yet.
    pub(super) makes_key: Option<PathBuf>,
    /// Whether it was made by this, and nothing is sealed with it yet.
    pub(super) has_made_key: AtomicBool,
}

impl EtcdStore {
    /// What says with which key the profiles of the prefix are sealed.
    pub(crate) fn seal_mark(&self) -> impl Fn() -> Result<Option<KeyId>, StoreError> + Send + Sync + 'static {
        let document = Arc::clone(&self.document);
        move || seal_of(&document)
    }
}

impl EtcdStore {
    /// Waits for this process's other writers, and in line for those of others where there is a crowd.
    pub(super) fn locked(&self, patience: Duration) -> Result<Locked<'_>, StoreError> {
        let deadline = Instant::now() + patience;
        let gate = self.document.gate.try_lock_for(patience).ok_or_else(|| {
            let what = format!("another thread of this process is changing {}", self.document.called);
            StoreError::new(StoreErrorKind::Busy, what, "try again")
        })?;
        let ticket = queue::wait(&self.document, deadline);
        Ok(Locked { store: self, found: None, deadline, ticket, _gate: gate })
    }

    /// Makes the key of a prefix that has nothing yet.
    fn make_key(&self, file: &Path) -> Result<(), StoreError> {
        if SealKeySource::file(file).make_if_missing(&KeyStore::default())? {
            self.has_made_key.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// What becomes of the key that this has made, now that it is known which one the prefix is sealed with: this one, by a commit of
    /// which nobody knew; or another, because somebody was faster, and this one is of no use.
    fn settle_key(&self, is: KeyId) {
        let Some(file) = self.makes_key.as_ref().filter(|_| self.has_made_key.load(Ordering::Relaxed)) else { return };
        let Ok(own) = SealKeySource::file(file).id(&KeyStore::default()) else { return };
        if own == is {
            self.tell_of_key("is sealed");
        } else {
            let _ = std::fs::remove_file(file);
        }
        self.has_made_key.store(false, Ordering::Relaxed);
    }

    /// Tells people where the key is that a prefix is, or may be, sealed with from now on.
    fn tell_of_key(&self, how: &str) {
        let Some(file) = &self.makes_key else { return };
        let of = if self.has_made_key.load(Ordering::Relaxed) { "a new key, in" } else { "the key in" };
        super::notice(
            format!("{} {how} with {of} {}", self.document.called, file.display()),
            "give each other machine a copy of that file, and keep one elsewhere: without it nobody can read what is stored",
        );
    }
}

impl Drop for EtcdStore {
    fn drop(&mut self) {
        if self.has_made_key.load(Ordering::Relaxed)
            && let Ok(Some(is)) = seal_of(&self.document)
        {
            self.settle_key(is);
        }
    }
}

/// The key that is named there.
fn key_in(seal: &SecretBytes) -> Option<KeyId> {
    u64::from_str_radix(std::str::from_utf8(seal).ok()?, 16).ok().map(KeyId)
}

pub(super) fn seal_of(document: &Document) -> Result<Option<KeyId>, StoreError> {
    let get = Txn { when: Vec::new(), then: vec![Op::Get(document.names.seal.clone())] };
    let done = document.cluster.transact(&get, COMMIT).map_err(Trouble::into_error)?;
    let Some(Some(kv)) = done.read.first() else { return Ok(None) };
    key_in(&kv.value).map(Some).ok_or_else(|| {
        let what = format!("what {} says of seals can't be read", document.called);
        StoreError::new(StoreErrorKind::Unreadable, what, "look at the key `:seal` of the prefix with etcdctl")
    })
}

impl ByteStore for EtcdStore {
    fn name(&self) -> String {
        self.document.called.clone()
    }

    fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
        Ok(self.document.current())
    }

    fn read(&self) -> Result<Option<Stored>, StoreError> {
        self.document.read()
    }

    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
        Ok(Box::new(self.locked(patience)?))
    }

    fn begin_act(&self, act: ActId, _bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
        acts::begin(self, act)
    }

    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
        acts::look(self, act)
    }

    fn act_lingers(&self, act: ActId) -> Option<Duration> {
        acts::lingers(self, act)
    }

    fn place(&self, stored: &Stored) -> Option<String> {
        // It was held to its place when it was read.
        seal::place_of(&stored.document).filter(|_| self.document.is_bound)
    }

    fn wait_for_act(&self, act: ActId, patience: Duration) {
        acts::wait(self, act, patience);
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        acts::permit(self)
    }
}

/// A profile that this process changes. Others may change it too: a commit is refused then.
pub(super) struct Locked<'a> {
    pub(super) store: &'a EtcdStore,
    pub(super) found: Option<Looked>,
    deadline: Instant,
    ticket: Option<Ticket>,
    _gate: MutexGuard<'a, ()>,
}

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let document = &self.store.document;
        let left = self.left();
        if document.unsettled.lock().is_some() {
            // From here on that commit was made, or never will be.
            put_fence(document, left).map_err(Trouble::into_error)?;
            *document.unsettled.lock() = None;
        }
        let found = document.look(left).map_err(Trouble::into_error)?;
        match (&self.store.makes_key, found.seal.as_ref().and_then(key_in)) {
            (_, Some(is)) => self.store.settle_key(is),
            (Some(file), None) if found.seal.is_none() && found.stored.is_none() => self.store.make_key(file)?,
            (_, None) => {}
        }
        Ok(self.found.insert(found).stored.clone())
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        if self.found.is_none() {
            self.read().map_err(CommitError::NotSaved)?;
        }
        let Some(found) = self.found.take() else { unreachable!("it was read above") };
        let document = &self.store.document;
        if found.stored.as_ref().map(|stored| stored.id) != commit.replaces {
            return Err(CommitError::NotSaved(overtaken(document)));
        }
        if commit.document.len() > MAX_VALUE {
            return Err(CommitError::NotSaved(too_large(document)));
        }
        let mut txn = txn(document, &found, commit);
        txn.then.extend(self.ticket.as_ref().and_then(Ticket::leave));
        let done = match document.cluster.transact(&txn, self.left().max(COMMIT)) {
            Ok(done) if done.succeeded => Ok(done.revision),
            Ok(_) => Err(CommitError::NotSaved(overtaken(document))),
            Err(Trouble::Unknown(error)) => settle(document, &found, commit.id, error),
            Err(refused) => Err(CommitError::NotSaved(refused.into_error())),
        };
        let has_sealed = found.seal.is_none() && document.is_bound;
        if has_sealed && matches!(done, Err(CommitError::Unknown(_))) {
            self.store.tell_of_key("may be sealed");
        }
        let modified = done?;
        self.ticket.iter_mut().for_each(Ticket::has_left);
        document.committed(modified, Stored { id: commit.id, document: commit.document.clone() });
        acts::sweep(self.store, commit.named);
        if has_sealed {
            self.store.tell_of_key("is sealed");
            self.store.has_made_key.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn is_copy(&mut self) -> Result<bool, StoreError> {
        if self.found.is_none() {
            self.read()?;
        }
        Ok(self.found.as_ref().is_some_and(|found| found.is_foreign))
    }

    fn next_place(&mut self) -> Result<Option<String>, StoreError> {
        let (left, document) = (self.left(), &self.store.document);
        let Some(found) = self.found.as_mut().filter(|_| document.is_bound) else { return Ok(None) };
        if found.modified == 0 {
            reserve(document, found, left)?;
        }
        Ok(Some(document.place(found.created, found.version + 1)))
    }
}

impl Locked<'_> {
    /// What is left of the patience, and enough for one answer.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).max(Duration::from_secs(2))
    }
}

/// Makes a key for its first commit, so that it is known when it was made.
fn reserve(document: &Document, found: &mut Looked, patience: Duration) -> Result<(), StoreError> {
    let name = &document.names.document;
    let when = vec![Compare::Modified(name.clone(), 0), Compare::Modified(document.names.fence.clone(), found.fence)];
    let txn = Txn { when, then: vec![Op::Put(name.clone(), value::reserved(), None)] };
    let done = document.cluster.transact(&txn, patience).map_err(Trouble::into_error)?;
    if !done.succeeded {
        return Err(overtaken(document));
    }
    (found.created, found.modified, found.version) = (done.revision, done.revision, 1);
    Ok(())
}

/// The transaction that makes a commit: only if what stands is what was found, and nobody has fenced it off.
fn txn(document: &Document, found: &Looked, commit: &Commit<'_>) -> Txn {
    let names = &document.names;
    let mut when = vec![
        Compare::Modified(names.document.clone(), found.modified),
        Compare::Modified(names.fence.clone(), found.fence),
    ];
    let value = value::write(commit.id, found.cluster, commit.document);
    let mut then = vec![Op::Put(names.document.clone(), value, None)];
    let is_new = found.stored.is_none() || found.seal.is_none();
    if let (true, Some(key)) = (is_new, seal::key_of(commit.document)) {
        // All profiles of a prefix have one key: whoever comes first says which.
        if let Some(seal) = &found.seal {
            when.push(Compare::Is(names.seal.clone(), seal.to_vec()));
        } else {
            when.push(Compare::Created(names.seal.clone(), 0));
            then.push(Op::Put(names.seal.clone(), key.to_string().into_bytes().into(), None));
        }
    }
    Txn { when, then }
}

/// Makes sure that no commit that was sent before is made after this.
fn put_fence(document: &Document, patience: Duration) -> Result<(), Trouble> {
    let began = Instant::now();
    let txn = Txn { when: Vec::new(), then: vec![Op::Put(document.names.fence.clone(), b"1".to_vec().into(), None)] };
    loop {
        match document.cluster.transact(&txn, patience.saturating_sub(began.elapsed())) {
            Ok(_) => return Ok(()),
            // Twice does no harm.
            Err(Trouble::Unknown(_)) if began.elapsed() < patience => {}
            Err(trouble) => return Err(trouble),
        }
    }
}

/// Finds out what became of a commit of which nobody knows: by what stands, once nothing that was sent can be carried out any more.
/// Returns the revision that made it.
fn settle(document: &Document, found: &Looked, id: CommitId, why: StoreError) -> Result<u64, CommitError> {
    let unknown = |error: StoreError| {
        *document.unsettled.lock() = Some(found.modified);
        CommitError::Unknown(error)
    };
    let Ok(()) = put_fence(document, SETTLE) else { return Err(unknown(why)) };
    let Ok(now) = document.look(SETTLE) else { return Err(unknown(why)) };
    if now.stored.as_ref().is_some_and(|stored| stored.id == id) {
        return Ok(now.modified);
    }
    if now.modified == found.modified {
        return Err(CommitError::NotSaved(why));
    }
    // Of the one commit that came in between it is certain that it is another's.
    if now.version == found.version + 1 {
        return Err(CommitError::NotSaved(overtaken(document)));
    }
    Err(CommitError::Unknown(why))
}

fn too_large(document: &Document) -> StoreError {
    let what =
        format!("{} would be larger than {MAX_VALUE} bytes, which is what etcd takes in one request", document.called);
    StoreError::new(StoreErrorKind::Full, what, "remove entries, or spread them over several profiles")
}

fn overtaken(document: &Document) -> StoreError {
    queue::crowded(document);
    let what = format!("another process changed {} at the same moment", document.called);
    StoreError::new(StoreErrorKind::Busy, what, "try again")
}
