//! A store of your own, for [`Builder::store`](crate::Builder::store): a database, an object store, whatever keeps bytes.
//!
//! You keep one opaque document for each profile, and a record for each act in progress. What the document says, which version
//! wrote it and what may be done next is decided above the store, so a store needs to know nothing of credentials. Implement
//! [`ByteStore`] for one profile, [`LockedStore`] for it while it is locked, and [`ActGuard`] for an act; where there are many
//! profiles, [`StoreHome`] too. `credlatch::conformance` (feature `conformance`) checks each sentence of the contract below that
//! can be seen from outside. `examples/sqlite_store` in the repository is a store for many processes.
//!
//! # The contract
//!
//! **A commit** ([`LockedStore::commit`]) puts a document and its [`CommitId`] in the place of another, as a whole: nobody ever
//! reads the bytes of one and the id of another. It is refused, with [`CommitError::NotSaved`] of the kind
//! [`Busy`](StoreErrorKind::Busy), unless what stands is the commit that it [replaces](Commit::replaces), and changes nothing
//! then, the word included. Commits are compared by their ids: the same bytes once more are another commit. When it returns it
//! survives what the store promises to survive, such as a power cut, and everybody who reads from then on reads it or a later
//! one. If it fails, it says what is certain: [`CommitError::NotSaved`] only if the old document stands and stays, and
//! [`CommitError::Unknown`] if nobody can know. Whoever locks the store next settles an unknown outcome, one way for good, before
//! it reads.
//!
//! **The current-commit word** ([`ByteStore::current_commit`]) is asked for before every request, so it should cost next to
//! nothing and allocate nothing. If it names a commit, that one stood at some moment during the call; it never names an earlier
//! one than a commit that had returned before the call began, and a document that is read after it is not older. A store that
//! can't tell, because a commit is under way or because it has no such word, says none: readers then read the document.
//!
//! **A lock** ([`ByteStore::lock`]) keeps other writers out until it is dropped, or until the process ends; there is no lease to
//! run out. A store that can't lock gives a guard at once, and its commits refuse by comparing alone. Readers are never kept out.
//! Whoever can't have the lock in the given patience is told [`Busy`](StoreErrorKind::Busy), and who has it, if that is known.
//!
//! **An act** is one exchange with an issuer, or one login. Its [guard](ActGuard) is its sign of life: others see it
//! [alive](ActRecord::is_alive) as long as the guard is there, and not from when it was dropped or its process died, however that
//! died. Time alone ends no act: a lease that runs out under a process that was only stopped lets a refresh token be presented
//! twice. Neither the end of the thread that began it nor that of the handle ends it. What the guard was told survives its
//! process when the call returns: a note that the request is about to leave, and what the issuer granted. Each is read back whole
//! or not at all, and neither takes the place of the other; what needs more space than was asked for may be refused. An act that
//! is over writes nothing any more, so what is read of it then is all there is. Its record stays as it is while a document of its
//! profile [names](Commit::named) the act; that of any other act of the profile that is over may go with a commit. Whoever has
//! the lock looks at acts, too, in the same thread.
//!
//! **Reservation**: an act is begun with space for its note, its answer, and a commit that is so many bytes larger than what
//! stands. The commit that says that it [settles](Commit::settles) the act may use that space up, and no other commit may. Tokens
//! that can't be saved must not be asked for: where the medium has no space, the act is refused as
//! [`Full`](StoreErrorKind::Full).
//!
//! **At once**: everything may be asked by any number of threads at the same time, and by processes if the store has them.
//! Nothing is called while another call of the same thread on the same lock is under way.
//!
//! **Errors** say what happened to what, and what to do, and quote nothing that was stored. Their kind says what happens next:
//!
//! | [`StoreErrorKind`] | when | what the library does |
//! |---|---|---|
//! | `Busy` | another has the lock; the commit that was to be replaced is not the one that stands | loads again, then tells the caller to try again |
//! | `Unreadable` | there is something that can't be read: never say that there is nothing | refuses until a person mends it |
//! | `Unreachable` | the medium or its server doesn't answer | tells the caller to try again |
//! | `Full` | no space | begins no act |
//! | `ReadOnly`, `Denied`, `Unsafe` | it may not be written; this user may not; its locks or its owner can't be trusted | refuses |
//! | `Failed` | all else | refuses |
//!
//! `Newer` and `Copied` are said above the store.
//!
//! # The least that is a store
//!
//! ```
//! use std::collections::HashMap;
//! use std::sync::{Arc, Mutex, MutexGuard};
//! use std::time::Duration;
//!
//! use credlatch::store::{ActGuard, ActId, ActRecord, ByteStore, Commit, CommitError, CommitId, LockedStore, Stored};
//! use credlatch::store::{StoreError, StoreErrorKind};
//! use credlatch::{Latch, Secret};
//!
//! #[derive(Clone, Default)]
//! struct Tiny(Arc<Shared>);
//!
//! #[derive(Default)]
//! struct Shared {
//!     writing: Mutex<()>,
//!     newest: Mutex<Option<Stored>>,
//!     acts: Mutex<HashMap<ActId, ActRecord>>,
//! }
//!
//! impl ByteStore for Tiny {
//!     fn name(&self) -> String {
//!         format!("the tiny store at {:p}", self.0)
//!     }
//!     fn current_commit(&self) -> Result<Option<CommitId>, StoreError> {
//!         Ok(self.0.newest.lock().unwrap().as_ref().map(|newest| newest.id))
//!     }
//!     fn read(&self) -> Result<Option<Stored>, StoreError> {
//!         Ok(self.0.newest.lock().unwrap().clone())
//!     }
//!     fn lock(&self, _patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError> {
//!         Ok(Box::new(Locked(self, self.0.writing.lock().unwrap()))) // a real store gives up when the patience ends
//!     }
//!     fn begin_act(&self, act: ActId, _bytes: usize) -> Result<Box<dyn ActGuard>, StoreError> {
//!         self.0.acts.lock().unwrap().insert(act, ActRecord { is_alive: true, note: None, answer: None });
//!         Ok(Box::new(Guard(self.clone(), act)))
//!     }
//!     fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError> {
//!         Ok(self.0.acts.lock().unwrap().get(&act).cloned())
//!     }
//! }
//!
//! struct Locked<'a>(&'a Tiny, MutexGuard<'a, ()>);
//!
//! impl LockedStore for Locked<'_> {
//!     fn read(&mut self) -> Result<Option<Stored>, StoreError> {
//!         self.0.read()
//!     }
//!     fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
//!         let mut newest = self.0.0.newest.lock().unwrap();
//!         if newest.as_ref().map(|newest| newest.id) != commit.replaces {
//!             let what = format!("{} was changed by somebody else", self.0.name());
//!             return Err(CommitError::NotSaved(StoreError::new(StoreErrorKind::Busy, what, "try again")));
//!         }
//!         *newest = Some(Stored { id: commit.id, document: commit.document.to_vec().into() });
//!         self.0.0.acts.lock().unwrap().retain(|act, record| record.is_alive || commit.named.contains(act));
//!         Ok(())
//!     }
//! }
//!
//! struct Guard(Tiny, ActId);
//!
//! impl Guard {
//!     fn change(&self, change: impl FnOnce(&mut ActRecord)) {
//!         self.0.0.acts.lock().unwrap().get_mut(&self.1).map(change);
//!     }
//! }
//!
//! impl ActGuard for Guard {
//!     fn note(&self, note: &[u8]) -> Result<(), StoreError> {
//!         self.change(|act| act.note = Some(note.to_vec()));
//!         Ok(())
//!     }
//!     fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
//!         self.change(|act| act.answer = Some(answer.to_vec().into()));
//!         Ok(())
//!     }
//!     fn wipe(&self) {
//!         self.change(|act| act.answer = None);
//!     }
//! }
//!
//! impl Drop for Guard {
//!     fn drop(&mut self) {
//!         self.change(|act| act.is_alive = false);
//!     }
//! }
//!
//! # fn main() -> Result<(), credlatch::Error> {
//! let store = Tiny::default();
//! let latch = Latch::builder().store(store.clone()).open()?;
//! latch.set("minimax", Secret::try_from("mm-1")?)?;
//! let other = Latch::builder().store(store).open()?;
//! assert_eq!(other.current("minimax")?.expose_secret(), "mm-1");
//! # Ok(())
//! # }
//! ```

mod act;
mod bytes;
mod commit;
mod over_bytes;

use std::sync::Arc;
use std::time::Duration;

use credlatch_core::name::ProfileName;

pub use bytes::{ActId, CommitId, SecretBytes};
pub use commit::{ActRecord, Commit, Stored};
pub use credlatch_core::port::{CommitError, StoreError, StoreErrorKind};
#[cfg(all(feature = "etcd", unix))]
pub(crate) use over_bytes::Memory;
pub(crate) use over_bytes::OverBytes;

/// One profile's document and its acts. The [contract](self) says what each method owes.
pub trait ByteStore: Send + Sync {
    /// What people call it in an error: `the table credentials in /srv/app.db, profile work`. Two stores of one name are taken for
    /// the same document, by the latches of a process that wait for each other's readers: so every handle on a document has its
    /// name, and nothing else has.
    fn name(&self) -> String;

    /// The newest commit, if a reader may rely on it now; none while the store can't tell, and where nothing was ever committed.
    ///
    /// # Errors
    /// The store can't be reached or read.
    fn current_commit(&self) -> Result<Option<CommitId>, StoreError>;

    /// The newest commit as a whole; none if nothing was ever committed. It waits for no writer.
    ///
    /// # Errors
    /// The store can't be reached, or what is there can't be read: that is never none.
    fn read(&self) -> Result<Option<Stored>, StoreError>;

    /// Keeps other writers out, and waits at most so long for that.
    ///
    /// # Errors
    /// [`Busy`](StoreErrorKind::Busy) when the patience has ended; or the store can't be written.
    fn lock(&self, patience: Duration) -> Result<Box<dyn LockedStore + '_>, StoreError>;

    /// Begins an act of this name, which was never used before, with space for its note and its answer and for a commit that is so
    /// many bytes larger than what stands.
    ///
    /// # Errors
    /// [`Full`](StoreErrorKind::Full) where there is no such space; or the store can't be written.
    fn begin_act(&self, act: ActId, bytes: usize) -> Result<Box<dyn ActGuard>, StoreError>;

    /// What is known of an act; none of one that was never begun, or whose record is gone.
    ///
    /// # Errors
    /// The store can't tell: that is never none, and nobody is taken for dead.
    fn act(&self, act: ActId) -> Result<Option<ActRecord>, StoreError>;

    /// How long it stays at most as if an act went on that has ended, where the store can tell.
    #[doc(hidden)]
    fn act_lingers(&self, _act: ActId) -> Option<Duration> {
        None
    }

    /// What this commit, which was just read, was sealed as, if the store knows a place for it.
    #[doc(hidden)]
    fn place(&self, _stored: &Stored) -> Option<String> {
        None
    }

    /// Waits until what is known of an act may have changed, at most so long. It may return early; whoever asked looks again. A
    /// store that is told of changes waits for that; this looks again after a while.
    fn wait_for_act(&self, _act: ActId, patience: Duration) {
        std::thread::sleep(patience.min(LOOK));
    }

    /// Whether refresh tokens may be presented on the word of this store's locks.
    ///
    /// # Errors
    /// [`Unsafe`](StoreErrorKind::Unsafe), with what to do.
    fn permit_acts(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Between two looks at an act that is waited for.
const LOOK: Duration = Duration::from_millis(25);

/// A store while it is locked. Dropping it unlocks.
pub trait LockedStore {
    /// The newest commit as a whole. If an earlier writer left the outcome of its commit unknown, it is settled first.
    ///
    /// # Errors
    /// As [`ByteStore::read`].
    fn read(&mut self) -> Result<Option<Stored>, StoreError>;

    /// Replaces the document, if what stands is what it replaces.
    ///
    /// # Errors
    /// It tells whether the old document certainly stands.
    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError>;

    /// What the next commit is sealed as, beside its profile, for a store that knows a place for it which no other commit ever has. It
    /// is asked for after a read.
    ///
    /// # Errors
    /// The place can't be had.
    #[doc(hidden)]
    fn next_place(&mut self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Whether what stands was copied or restored from elsewhere, so that its original may hold the same refresh tokens. They are
    /// not presented then until a person decides.
    ///
    /// # Errors
    /// What would tell can't be read.
    fn is_copy(&mut self) -> Result<bool, StoreError> {
        Ok(false)
    }

    /// The next commit makes the document this place's own: what is shared with the original is marked in it.
    fn take_over(&mut self) {}
}

/// The sign of life of an act, and what is told beside it. Dropping it ends the act.
pub trait ActGuard: Send + Sync {
    /// Notes that the first byte of a request is about to leave. It outlives this process when it returns; a power cut may take
    /// it.
    ///
    /// # Errors
    /// It can't be written. Then nothing is sent.
    fn note(&self, note: &[u8]) -> Result<(), StoreError>;

    /// Writes down what the issuer granted. It outlives this process when it returns.
    ///
    /// # Errors
    /// It can't be written, or not as a whole.
    fn answer(&self, answer: &[u8]) -> Result<(), StoreError>;

    /// Makes the answer outlive a power cut, where it doesn't yet.
    ///
    /// # Errors
    /// It can't be made sure of.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Takes the answer away: it is in the document now. What can't be done is done by whoever removes the record.
    fn wipe(&self);

    /// Ends an act that no document ever named; its record may go at once.
    fn discard(self: Box<Self>) {}
}

/// Stores of many profiles.
pub trait StoreHome: Send + Sync {
    /// The store of this profile. Nothing is made before its first commit.
    ///
    /// # Errors
    /// It can't be reached.
    fn store(&self, profile: &ProfileName) -> Result<Arc<dyn ByteStore>, StoreError>;

    /// The profiles that something was committed to; none where that can't be told.
    ///
    /// # Errors
    /// They can't be read.
    fn profiles(&self) -> Result<Option<Vec<ProfileName>>, StoreError> {
        Ok(None)
    }
}
