//! The disk: one document, the word at the head of its lock file, and the lock.
//!
//! A commit takes four turns: the word becomes odd, the new document is renamed into place and seen, the directory is
//! synced and the document durable, the word becomes the document's id. A writer may die before each of them.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use credlatch_core::fingerprint::{AtHand, KEY_BYTES, MarkKey};
use credlatch_core::law::Fact;
use credlatch_core::port::Loaded;
use credlatch_core::state::State;

use super::digest::digest;
use super::here::{Dead, Here, Recorder};
use super::outside::Back;
use super::places;
use super::sim::{Board, Gate, Sim};
use super::states::state_digest;

/// The disk.
pub struct Disk<S: Sim> {
    gate: S::Gate,
    word: S::Board<u64>,
    document: S::Board<Document>,
    /// Which file the lock file is: a copy has another one.
    lock_file: AtomicU64,
    /// What marks are keyed with, beside the disk; none at first, as with an older version. A plain lock: who changes the key
    /// takes no turn.
    key: Mutex<Option<MarkKey>>,
}

/// What a rename put into place.
#[derive(Clone, Debug)]
pub struct Document {
    /// The state.
    pub state: Arc<State>,
    /// The id of the commit that wrote it; none if nobody ever wrote.
    pub id: Option<u64>,
    /// Under which lock file it was written.
    pub lock_file: u64,
    /// Whether it was damaged.
    pub torn: bool,
}

/// What a backup of the directory has.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    word: u64,
    document: Document,
}

impl Document {
    /// What tells it apart from what else could stand there.
    pub(super) fn digest(&self) -> u128 {
        digest((self.id, self.lock_file, self.torn, state_digest(&self.state)))
    }
}

impl Kept {
    /// What tells it apart from another backup.
    pub(super) fn digest(&self) -> u128 {
        digest((self.word, self.document.digest()))
    }
}

impl<S: Sim> Disk<S> {
    pub(super) fn new(state: State, recorder: &Recorder) -> Self {
        let (word, id) = if state.generation == 0 { (0, None) } else { (2, Some(2)) };
        let state = Arc::new(state);
        if id.is_some() {
            recorder.push(Fact::Shown { who: u32::MAX, state: Arc::clone(&state) });
            recorder.push(Fact::Durable { state: Arc::clone(&state) });
            recorder.push(Fact::Returned { who: u32::MAX, generation: state.generation });
        }
        let document = Document { state, id, lock_file: 0, torn: false };
        Self {
            gate: Gate::new(),
            word: Board::new(word),
            document: Board::new(document),
            lock_file: AtomicU64::new(0),
            key: Mutex::default(),
        }
    }

    /// Locks it; nothing if nobody is left who could unlock it.
    pub(super) fn lock(&self) -> Option<<S::Gate as Gate>::Guard<'_>> {
        self.gate.pass()
    }

    pub(super) fn word(&self, here: &Here) -> Result<u64, Dead> {
        self.word.read(|word| here.operate().map(|()| *word))
    }

    /// Which file the lock file is, for whoever holds the lock.
    pub(super) fn lock_file(&self) -> u64 {
        places::looks_at("lock file");
        let lock_file = self.lock_file.load(Ordering::Relaxed);
        places::finds(lock_file);
        lock_file
    }

    /// Whether the document is the one that the word names. Only somebody from outside makes it another one while the word is
    /// even, so no turn is taken to look.
    pub(super) fn names(&self, word: u64) -> bool {
        self.document.glance(|document| document.id == Some(word))
    }

    /// The word and the document, for whoever holds the lock: nobody else changes them meanwhile.
    pub(super) fn under_lock(&self, here: &Here) -> Result<(u64, Document), Dead> {
        here.operate()?;
        Ok((self.word.peek(|word| *word), self.document.peek(Clone::clone)))
    }

    pub(super) fn set_word(&self, here: &Here, to: u64) -> Result<(), Dead> {
        self.word.write(|word| here.operate().map(|()| *word = to))
    }

    pub(super) fn document(&self, here: &Here) -> Result<Document, Dead> {
        self.document.read(|document| here.operate().map(|()| document.clone()))
    }

    pub(super) fn rename(&self, here: &Here, state: &Arc<State>, id: u64) -> Result<(), Dead> {
        self.document.write(|document| {
            here.operate()?;
            let lock_file = self.lock_file();
            *document = Document { state: Arc::clone(state), id: Some(id), lock_file, torn: false };
            here.record(Fact::Shown { who: here.who, state: Arc::clone(state) });
            Ok(())
        })
    }

    /// Syncs the directory: what is seen survives a power cut from now on. Nobody else looks at that, so it takes no turn.
    pub(super) fn sync(here: &Here, seen: &Arc<State>) -> Result<(), Dead> {
        here.operate()?;
        here.record(Fact::Durable { state: Arc::clone(seen) });
        Ok(())
    }

    /// Puts the key of this number in the place of the one that was there, if one was.
    pub fn key(&self, number: u8) {
        places::alter("key", number);
        *self.key.lock().unwrap_or_else(PoisonError::into_inner) = Some(MarkKey::new([number; KEY_BYTES]));
    }

    /// The key that is at hand now.
    pub(super) fn at_hand(&self) -> AtHand {
        places::looks_at("key");
        AtHand(self.key.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    /// What was loaded, with the key that is at hand now.
    pub(super) fn with_key(&self, loaded: Loaded) -> Loaded {
        let state = State { at_hand: self.at_hand(), ..loaded.state };
        Loaded { state, ..loaded }
    }

    /// Damages the document from outside.
    pub fn tear(&self, here: &Here) {
        // Between two commits: what is damaged while it is being replaced is replaced.
        let _between = self.lock();
        self.document.write(|document| document.torn = true);
        self.word.write(|word| *word += 2);
        here.record(Fact::Damaged);
    }

    /// What a backup of the directory takes, between two commits.
    pub(super) fn keep(&self) -> Kept {
        Kept { word: self.word.peek(|word| *word), document: self.document.read(Clone::clone) }
    }

    /// Puts it back, between two commits.
    pub(super) fn put_back(&self, kept: Kept, what: Back) {
        let Kept { word, document } = kept;
        self.document.write(|place| *place = document);
        if what != Back::Document {
            self.word.write(|place| *place = word);
        }
        if what == Back::Copy {
            let others = self.lock_file.fetch_add(1, Ordering::Relaxed);
            places::alter("lock file", others + 1);
        }
    }

    /// What the disk holds in the end.
    pub fn held(&self) -> Document {
        self.document.read(Clone::clone)
    }
}

impl<S: Sim> fmt::Debug for Disk<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Disk")
    }
}
