//! Changing: the one way to a commit.

use crate::state::name::ProviderId;
use std::borrow::Cow;
use std::sync::Arc;

use super::Engine;
use super::moving::refuse_while_moved;
use super::origins::Withheld;
use super::snapshot::Snapshot;
use super::unlawful::{assert_lawful, unwritable};
use crate::law;
use crate::machine::pool::CountUses;
use crate::machine::shared::MarkShared;
use crate::machine::{Effect, Event, Verdict};
use crate::port::{
    Answer, Cell, Clock, CommitError, Keeps, Left, Loaded, Locked, Ports, Store, StoreError, StoreErrorKind,
};
use crate::state::State;
use crate::state::shared::Shared;
use crate::state::time::Stamp;

/// What came of a transaction.
#[derive(Debug)]
pub struct Transacted {
    /// One verdict for each event, in their order.
    pub verdicts: Vec<Verdict>,
    /// What may be done now that the state is durable.
    pub effects: Vec<Effect>,
    /// Revocations that may not be done, because they would go to another origin than the grant's.
    pub withheld: Vec<Withheld>,
    /// What this transaction found out about the store: its grants are marked as shared.
    pub shared: Option<Shared>,
    /// The state that was loaded.
    pub loaded: State,
    /// The state as the events found it: who died is noticed by then, and what others wrote down is settled.
    pub before: State,
    /// The state after.
    pub after: Arc<Snapshot>,
}

impl Transacted {
    /// The verdict on the only event, or on the first of several.
    pub fn verdict(&self) -> &Verdict {
        self.verdicts.first().unwrap_or(&Verdict::Nothing)
    }
}

/// Why a transaction failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactError {
    /// Nothing changed.
    #[error("{0}")]
    NotSaved(StoreError),
    /// Whether it changed anything is known after the next successful transaction.
    #[error("{0}")]
    Unknown(StoreError),
}

impl TransactError {
    /// The store's error.
    pub fn store_error(&self) -> &StoreError {
        match self {
            Self::NotSaved(error) | Self::Unknown(error) => error,
        }
    }

    /// The store's error, by itself.
    pub fn into_store_error(self) -> StoreError {
        match self {
            Self::NotSaved(error) | Self::Unknown(error) => error,
        }
    }
}

impl From<StoreError> for TransactError {
    fn from(error: StoreError) -> Self {
        Self::NotSaved(error)
    }
}

impl From<CommitError> for TransactError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotSaved(error) => Self::NotSaved(error),
            CommitError::Unknown(error) => Self::Unknown(error),
        }
    }
}

/// How often a transaction looks again after the document changed under its lock.
const OVERTAKEN_TRIES: u32 = 3;

/// Why one try failed.
enum Failed {
    /// The document is not the one that was loaded.
    Overtaken(StoreError),
    For(TransactError),
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::For(error.into())
    }
}

impl From<CommitError> for Failed {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::NotSaved(error) if error.kind == StoreErrorKind::Busy => Self::Overtaken(error),
            other => Self::For(other.into()),
        }
    }
}

/// What is to be done before anything else.
struct Recovery {
    events: Vec<Event>,
    /// What other processes wrote down, and these events settle.
    written: Vec<Answer>,
}

impl<P: Ports> Engine<P> {
    /// Applies events in one commit, or in none if they change nothing.
    ///
    /// # Errors
    /// The store can't be locked, read or written.
    pub fn transact(&self, events: &[Event]) -> Result<Transacted, TransactError> {
        self.transact_in(&|| Cow::Borrowed(events), self.patience_ms, &mut None, &|_| Ok(()))
    }

    /// Applies events, which are asked for once the store is locked, to a state that `is_meant`, and writes them into what was
    /// reserved before. What fails before the commit leaves the reservation for another try.
    pub(super) fn transact_in<'a>(
        &self,
        events: &dyn Fn() -> Cow<'a, [Event]>,
        patience_ms: u64,
        reservation: &mut Option<<P::Store as Store>::Reservation>,
        is_meant: &dyn Fn(&State) -> Result<(), StoreError>,
    ) -> Result<Transacted, TransactError> {
        let mut tried = 0;
        let since = P::observed();
        loop {
            P::keep_only(since, Keeps::Nothing, format_args!("tried {tried}"));
            match self.try_transact(events, patience_ms, reservation, is_meant) {
                // Somebody who doesn't lock changed the document meanwhile: look again at what is there now.
                Err(Failed::Overtaken(_)) if tried < OVERTAKEN_TRIES => tried += 1,
                Err(Failed::Overtaken(error)) => return Err(TransactError::NotSaved(error)),
                Err(Failed::For(error)) => return Err(error),
                Ok(done) => return Ok(done),
            }
        }
    }

    fn try_transact<'a>(
        &self,
        events: &dyn Fn() -> Cow<'a, [Event]>,
        patience_ms: u64,
        reservation: &mut Option<<P::Store as Store>::Reservation>,
        is_meant: &dyn Fn(&State) -> Result<(), StoreError>,
    ) -> Result<Transacted, Failed> {
        let mut locked = self.store.lock(patience_ms)?;
        // A writer always loads: what it knew before it had the lock may be old.
        let Loaded { state: loaded, id } = locked.load()?;
        assert_lawful(&loaded);
        is_meant(&loaded)?;
        let now = self.clock.now();
        let marks = locked.shared(&loaded)?;
        let Recovery { events: recovery, written } = self.recovery(&loaded, marks, &now)?;
        if marks.is_some() {
            locked.take_over();
        }
        let (_, mut effects, before) = fold::<P>(loaded.clone(), &now, &recovery);
        let events = events();
        let (verdicts, more, state) = fold::<P>(before.clone(), &now, &events);
        refuse_while_moved(&events, &verdicts)?;
        effects.extend(more);
        let withheld = self.withhold_revocations(&[&loaded, &before], &written, &mut effects);
        let after = if state == loaded {
            self.publish(state, id)
        } else {
            let riders: Vec<Event> = self.unnamed(&loaded, &state).into_iter().chain(self.uses()).collect();
            let (_, _, mut state) = fold::<P>(state, &now, &riders);
            state.generation = state.generation.saturating_add(1);
            let state = locked.keyed(state);
            // What a load would refuse is not written: it would be the end of the profile.
            law::check_state(&state).map_err(|broken| unwritable(&broken))?;
            let id = locked.commit(&state, reservation.take())?;
            if state.last_move != loaded.last_move {
                locked.remember(state.last_move);
            }
            self.publish(state, Some(id))
        };
        drop(locked);
        self.forget_saved(&recovery);
        Ok(Transacted { verdicts, effects, withheld, shared: marks.map(|marks| marks.why), loaded, before, after })
    }

    /// What is to be done before anything else: who died is noticed and what they were granted is settled, what a copy shares is
    /// marked, what could not be saved earlier is saved, and what is past its time is forgotten.
    fn recovery(&self, state: &State, marks: Option<MarkShared>, now: &Stamp) -> Result<Recovery, StoreError> {
        let (mut events, mut written) = (Vec::new(), Vec::new());
        for claim in state.claims() {
            // Of a login whose time is up even what this process wrote down: the purge would end it as one that nobody confirmed.
            let left = if state.is_up(claim, now) { self.store.left(claim)? } else { self.left(claim)? };
            if let Left::Answer(answer) = &left {
                written.push((**answer).clone());
            }
            events.extend(left.inherited(state, claim, now));
        }
        // An answer that lies beside a copy lies beside the original too, so it is marked; what this process was granted is in
        // no copy.
        events.extend(marks.map(Event::MarkShared));
        events.extend(self.unsaved_events(state));
        events.push(Event::Purge);
        Ok(Recovery { events, written })
    }

    /// The uses that this process counted; they ride on a commit that happens anyway.
    fn uses(&self) -> Vec<Event> {
        let snapshot = self.published.read(Arc::clone);
        let of_pool = |provider: &ProviderId| CountUses {
            provider: provider.clone(),
            uses: snapshot.take_uses(provider.as_str()),
        };
        let counts = snapshot.state.providers.keys().map(of_pool);
        counts.filter(|count| !count.uses.is_empty()).map(Event::CountUses).collect()
    }

    /// Publishes what the store holds now; the caller has it locked.
    fn publish(&self, state: State, id: Option<u64>) -> Arc<Snapshot> {
        let now = self.clock.now();
        let snapshot = self.ledger.write(|ledger| {
            ledger.watch(&state, &now);
            Arc::new(ledger.snapshot(Arc::new(state), id, P::COPIES))
        });
        let old = self.published.write(|published| std::mem::replace(published, Arc::clone(&snapshot)));
        drop(old);
        snapshot
    }
}

fn fold<P: Ports>(mut state: State, now: &Stamp, events: &[Event]) -> (Vec<Verdict>, Vec<Effect>, State) {
    let mut verdicts = Vec::with_capacity(events.len());
    let mut effects = Vec::new();
    for event in events {
        let step = P::apply(&state, now, event);
        P::inspect(&state, now, event, &step);
        verdicts.push(step.verdict);
        effects.extend(step.effects);
        state = step.state;
    }
    (verdicts, effects, state)
}
