//! The engine's store of states over a store of bytes: the form of the document, its version and its refusals stand here, once
//! for all of them.

#[cfg(all(feature = "file", unix))]
mod standing;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use credlatch_core::port::{self, CommitError, Left, Loaded, Nonces, Store, StoreError, StoreErrorKind};
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::{Actor, Claim, Nonce, State};

use super::act::{self, Act};
use super::{ActId, ByteStore, Commit, CommitId, LockedStore, Stored};
use crate::codec::{self, DocumentName, Head, MAX_BYTES, Parsed};
use crate::seal::Sealing;
use crate::system::SystemNonces;

/// What remembers outside of a store what its refresh tokens did, so that a roll-back is noticed.
pub(crate) trait Memory: Send + Sync {
    /// The number of the newest move that is remembered of this store; 0 where there is none, or it can't be read.
    fn newest(&self, store: Nonce) -> u64;
    /// Remembers a move. Where it can't be, a roll-back isn't noticed, and all else goes on.
    fn note(&self, store: Nonce, number: u64);
    /// Whether a document was seen where this store is.
    fn has_stood(&self) -> bool;
    /// Remembers that one was.
    fn note_standing(&self);
}

/// A store of states that keeps them as bytes.
pub(crate) struct OverBytes {
    store: Arc<dyn ByteStore>,
    sealing: Arc<Sealing>,
    memory: Option<Box<dyn Memory>>,
    /// Whether that knows by now that a document stands here.
    is_known_to_stand: AtomicBool,
    /// What to do about a document that can't be read.
    remedy: &'static str,
}

impl OverBytes {
    pub(crate) fn new(store: Arc<dyn ByteStore>, sealing: Sealing) -> Self {
        let remedy = "mend it with the store's own means, or move it away and start anew";
        let is_known_to_stand = AtomicBool::new(false);
        Self { store, sealing: Arc::new(sealing), memory: None, is_known_to_stand, remedy }
    }

    /// The same, and that is what to do about a document that can't be read.
    #[cfg(all(feature = "etcd", unix))]
    pub(crate) fn mended_by(self, remedy: &'static str) -> Self {
        Self { remedy, ..self }
    }

    /// The same, and this remembers what its refresh tokens do.
    #[cfg(all(feature = "etcd", unix))]
    pub(crate) fn remembered_by(self, memory: impl Memory + 'static) -> Self {
        Self { memory: Some(Box::new(memory)), ..self }
    }

    pub(crate) fn parse(&self, stored: &Stored) -> Result<Parsed, StoreError> {
        let remedy = || self.remedy.to_owned();
        let (place, shown) = (self.store.place(stored), self.store.name());
        let profile = place.as_deref().unwrap_or_else(|| self.sealing.profile());
        let name = DocumentName { profile, shown: &shown, remedy: &remedy };
        let parsed = self.sealing.parse(&stored.document, &name)?;
        if parsed.id == stored.id.get() {
            return Ok(parsed);
        }
        Err(name.unreadable("it stands under the number of another commit"))
    }

    /// Remembers that a document stands here, so that it is noticed when it is gone.
    fn stands(&self) {
        if let Some(memory) = &self.memory
            && !self.is_known_to_stand.swap(true, Ordering::Relaxed)
            && !memory.has_stood()
        {
            memory.note_standing();
        }
    }

    /// Whether a document that was seen here is gone. None is ever taken away by this: what is emptied stays as an empty one.
    fn is_gone(&self) -> bool {
        self.memory.as_ref().is_some_and(|memory| memory.has_stood())
    }

    /// Refuses to take a document that is gone for one that nobody has made yet.
    fn refuse_gone(&self) -> Result<(), StoreError> {
        if !self.is_gone() {
            return Ok(());
        }
        let what = format!(
            "{} was rolled back or taken away: nothing stands there, and this machine has seen what stood there before",
            self.store.name()
        );
        let remedy = format!("{}; or, to begin anew with nothing, `credlatch adopt`", self.remedy);
        Err(StoreError::new(StoreErrorKind::Unreadable, what, remedy))
    }
}

impl Store for OverBytes {
    type Locked<'a> = LockedBytes<'a>;
    type Alive = Act;
    type Reservation = Option<ActId>;

    fn word(&self) -> Result<Option<u64>, StoreError> {
        Ok(self.store.current_commit()?.map(CommitId::get))
    }

    fn load(&self) -> Result<Loaded, StoreError> {
        let Some(stored) = self.store.read()? else {
            self.refuse_gone()?;
            return Ok(Loaded { state: State::default(), id: None });
        };
        let parsed = self.parse(&stored)?;
        self.stands();
        if let Some(memory) =
            self.memory.as_ref().filter(|memory| memory.newest(parsed.head.store) < parsed.state.last_move)
        {
            memory.note(parsed.head.store, parsed.state.last_move);
        }
        Ok(Loaded { state: parsed.state, id: Some(parsed.id) })
    }

    fn lock(&self, patience_ms: u64) -> Result<LockedBytes<'_>, StoreError> {
        self.sealing.prepare();
        let locked = self.store.lock(Duration::from_millis(patience_ms))?;
        Ok(LockedBytes { store: self, locked, base: None, begins_anew: false })
    }

    fn permit_acts(&self) -> Result<(), StoreError> {
        self.store.permit_acts()
    }

    fn enlist(&self) -> Result<Act, StoreError> {
        Act::begin(&self.store, &self.sealing, 0)
    }

    fn reserve(&self, _bytes: usize) -> Result<Option<ActId>, StoreError> {
        Ok(None)
    }

    fn begin_act(&self, bytes: usize) -> Result<(Act, Option<ActId>), StoreError> {
        let act = Act::begin(&self.store, &self.sealing, self.sealing.room(bytes))?;
        let reservation = Some(act.id());
        Ok((act, reservation))
    }

    fn is_alive(&self, actor: &Actor) -> Result<bool, StoreError> {
        Ok(self.store.act(actor.name.into())?.is_some_and(|record| record.is_alive))
    }

    fn lingers_ms(&self, actor: &Actor) -> Option<u64> {
        u64::try_from(self.store.act_lingers(actor.name.into())?.as_millis()).ok()
    }

    fn left(&self, claim: &Claim) -> Result<Left, StoreError> {
        act::left(self.store.act(claim.actor.name.into())?.as_ref(), claim, &self.sealing)
    }

    fn is_own(&self, actor: &Actor) -> bool {
        act::is_own(actor.name.into())
    }

    fn wait(&self, claim: &Claim, patience_ms: u64) -> Result<bool, StoreError> {
        let (began, patience) = (Instant::now(), Duration::from_millis(patience_ms));
        loop {
            let goes_on = match self.left(claim)? {
                Left::Going => true,
                // What this process has written down is settled by the thread that did.
                Left::Answer(_) => self.is_own(&claim.actor),
                Left::NoNote | Left::MaybeSent { .. } => false,
            };
            let rest = patience.saturating_sub(began.elapsed());
            if !goes_on || rest.is_zero() {
                return Ok(!goes_on);
            }
            self.store.wait_for_act(claim.actor.name.into(), rest);
        }
    }
}

/// A store of bytes while it is locked.
pub(crate) struct LockedBytes<'a> {
    store: &'a OverBytes,
    locked: Box<dyn LockedStore + 'a>,
    /// What a commit replaces, once it was loaded.
    base: Option<(Head, Option<CommitId>)>,
    /// Whether a person said that a document which is gone is to be made anew.
    begins_anew: bool,
}

impl port::Locked for LockedBytes<'_> {
    type Reservation = Option<ActId>;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        let Some(stored) = self.locked.read()? else {
            if !self.begins_anew {
                self.store.refuse_gone()?;
            }
            let seal = self.store.sealing.wanted(None)?;
            self.base = Some((Head { seal, ..Head::new(SystemNonces.nonce(), None, None) }, None));
            return Ok(Loaded { state: State::default(), id: None });
        };
        let Parsed { mut head, id, state } = self.store.parse(&stored)?;
        head.seal = self.store.sealing.wanted(Some((&head, &state)))?;
        self.base = Some((head, Some(stored.id)));
        self.store.stands();
        Ok(Loaded { state, id: Some(id) })
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        let Some((head, Some(_))) = &self.base else { return Ok(None) };
        let counted = self.store.memory.as_ref().map_or(0, |memory| memory.newest(head.store));
        // What another machine's refresh tokens did is remembered too: whoever has seen it notices when it is gone.
        if let Some(memory) = self.store.memory.as_ref().filter(|_| counted < state.last_move) {
            memory.note(head.store, state.last_move);
        }
        let why = if self.locked.is_copy()? {
            Shared::Copied
        } else if counted > state.last_move {
            Shared::RolledBack
        } else {
            return Ok(None);
        };
        Ok(Some(MarkShared { why, counted }))
    }

    fn remember(&mut self, number: u64) {
        if let (Some(memory), Some((head, _))) = (&self.store.memory, &self.base) {
            memory.note(head.store, number);
        }
    }

    fn take_over(&mut self) {
        self.locked.take_over();
    }

    fn commit(&mut self, state: &State, reservation: Option<Option<ActId>>) -> Result<u64, CommitError> {
        if self.base.is_none() {
            self.load().map_err(CommitError::NotSaved)?;
        }
        let Some((head, replaces)) = self.base.take() else { unreachable!("it was loaded above") };
        let place = self.locked.next_place().map_err(CommitError::NotSaved)?;
        let id = CommitId::fresh();
        let OverBytes { store, sealing, .. } = self.store;
        let document =
            sealing.write(&head, id.get(), state, place.as_deref().unwrap_or_else(|| sealing.profile()), &store.name());
        let document = document.map_err(CommitError::NotSaved)?;
        let document = document.ok_or_else(|| CommitError::NotSaved(self.too_large()))?.into();
        let named: Vec<ActId> = state.claims().map(|claim| claim.actor.name.into()).collect();
        let settles = reservation.flatten();
        self.locked.commit(&Commit { replaces, id, document: &document, settles, named: &named })?;
        self.store.stands();
        let version = codec::form(head.version, state);
        self.base = Some((Head { version, ..head }, Some(id)));
        Ok(id.get())
    }
}

impl LockedBytes<'_> {
    fn too_large(&self) -> StoreError {
        let what = format!("{} would be larger than {MAX_BYTES} bytes", self.store.store.name());
        StoreError::new(StoreErrorKind::Full, what, "remove entries, or spread them over several profiles")
    }
}
