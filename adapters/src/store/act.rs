//! An act over a store of bytes: what its guard is told, and what others make of its record.

use std::collections::BTreeSet;
use std::sync::Arc;

use credlatch_core::port::{Alive, Answer, Left, StoreError, StoreErrorKind};
use credlatch_core::state::{Actor, Claim, Nonce};
use credlatch_core::time::Stamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::{ActGuard, ActId, ActRecord, ByteStore};
use crate::seal::Sealing;
use crate::system::{Process, SystemClock};

/// The acts of this process, by its number, which is another one after a fork.
static OWN: Mutex<BTreeSet<(u32, ActId)>> = Mutex::new(BTreeSet::new());

/// Whether this process began the act and hasn't ended it.
pub(super) fn is_own(act: ActId) -> bool {
    OWN.lock().contains(&(std::process::id(), act))
}

/// What is noted.
#[derive(Serialize, Deserialize)]
struct Note {
    attempt: Nonce,
    at: Stamp,
}

/// The sign of life of an act of this process.
pub(crate) struct Act {
    store: Arc<dyn ByteStore>,
    sealing: Arc<Sealing>,
    guard: Option<Box<dyn ActGuard>>,
    actor: Actor,
}

impl Act {
    pub(super) fn begin(store: &Arc<dyn ByteStore>, sealing: &Arc<Sealing>, bytes: usize) -> Result<Self, StoreError> {
        let act = ActId::fresh();
        let guard = Some(store.begin_act(act, bytes)?);
        let actor = Actor { notes: true, ..Process::own().acting_as(Nonce(act.0)) };
        OWN.lock().insert((actor.pid, act));
        Ok(Self { store: Arc::clone(store), sealing: Arc::clone(sealing), guard, actor })
    }

    pub(super) fn id(&self) -> ActId {
        self.actor.name.into()
    }

    fn guard(&self) -> &dyn ActGuard {
        let Some(guard) = &self.guard else { unreachable!("only discarding takes it, and takes the act too") };
        &**guard
    }
}

impl Drop for Act {
    fn drop(&mut self) {
        // Others may look as soon as the guard is gone, so this process stops waiting for itself before.
        OWN.lock().remove(&(self.actor.pid, self.id()));
        drop(self.guard.take());
    }
}

impl Alive for Act {
    fn actor(&self) -> &Actor {
        &self.actor
    }

    fn discard(mut self) {
        if let Some(guard) = self.guard.take() {
            guard.discard();
        }
    }

    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        let at = credlatch_core::port::Clock::now(&SystemClock);
        self.guard().note(&json(&Note { attempt, at })?)
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        let sealed = self.sealing.write_answer(answer.attempt, json(answer)?);
        let sealed = sealed.map_err(|error| {
            let what = format!("what was granted can't be sealed: {error}");
            StoreError::new(StoreErrorKind::Failed, what, "try again")
        })?;
        self.guard().answer(&sealed)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.guard().sync()
    }

    fn wipe(&self) {
        self.guard().wipe();
    }

    fn in_place(&self) -> Result<(), StoreError> {
        if self.store.act(self.id())?.is_some_and(|record| record.is_alive) {
            return Ok(());
        }
        let what = format!("{} doesn't know of an act that this process began in it", self.store.name());
        Err(StoreError::new(StoreErrorKind::Unreachable, what, "bring back the store that the act began in"))
    }
}

fn json(what: &impl Serialize) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let written = serde_json::to_vec(what).map(Zeroizing::new);
    written.map_err(|_| {
        StoreError::new(StoreErrorKind::Failed, "what an act leaves can't be written", "report this as a bug")
    })
}

/// What an act has left of this claim.
///
/// # Errors
/// It is sealed, and the key is not at hand.
pub(super) fn left(record: Option<&ActRecord>, claim: &Claim, sealing: &Sealing) -> Result<Left, StoreError> {
    let Some(record) = record else { return Ok(Left::MaybeSent { noted: None }) };
    let opened = record.answer.as_ref().map(|answer| sealing.read_answer(claim.attempt, answer)).transpose()?;
    let answer = opened.flatten().and_then(|answer| serde_json::from_slice::<Answer>(&answer).ok());
    if let Some(answer) = answer.filter(|answer| answer.attempt == claim.attempt) {
        return Ok(Left::Answer(Box::new(answer)));
    }
    Ok(match &record.note {
        _ if record.is_alive => Left::Going,
        None => Left::NoNote,
        Some(note) => {
            let note = serde_json::from_slice::<Note>(note).ok().filter(|note| note.attempt == claim.attempt);
            Left::MaybeSent { noted: note.map(|note| note.at) }
        }
    })
}
