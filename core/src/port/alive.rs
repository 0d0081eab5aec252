//! Signs of life, and what an actor leaves beside its own.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::error::StoreError;
use crate::machine::left::Answer;
use crate::state::{Actor, Nonce};

/// A sign of life. Dropping it ends the act.
pub trait Alive: Send + Sync + 'static {
    /// What others ask about.
    fn actor(&self) -> &Actor;

    /// Ends an act that no commit ever named: what it left behind is taken away too, because nobody can be asking about it.
    fn discard(self)
    where
        Self: Sized,
    {
        drop(self);
    }

    /// Notes beside it that the first byte of this attempt is about to leave, in space that was reserved with the claim. Only an
    /// actor that is [said to write notes](Actor::notes) is believed to have sent nothing where there is none.
    ///
    /// # Errors
    /// It can't be written. Then nothing may be sent.
    fn note(&self, _attempt: Nonce) -> Result<(), StoreError> {
        Ok(())
    }

    /// Writes down beside it what the issuer granted, in space that was reserved before the exchange.
    ///
    /// # Errors
    /// It can't be written, or not as a whole: then only the settlement saves it.
    fn write_down(&self, _answer: &Answer) -> Result<(), StoreError> {
        Ok(())
    }

    /// Makes what was written down survive a power cut, because the settlement takes longer.
    ///
    /// # Errors
    /// It can't be made durable.
    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Wipes what was written down: the settlement is durable.
    fn wipe(&self) {}

    /// Whether it stands where others look for it: in a store that was moved away, unmounted or replaced since, nobody finds
    /// it, and what stands in the store's place says nothing about this act.
    ///
    /// # Errors
    /// It isn't there, or can't be looked for.
    fn in_place(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What an issuer calls before the first byte of a request may leave.
#[derive(Clone)]
pub struct Sending(Arc<Begin>);

struct Begin {
    note: Box<dyn Fn() -> Result<(), StoreError> + Send + Sync>,
    noted: OnceLock<Result<(), StoreError>>,
}

impl Sending {
    /// It does this once.
    pub fn new(note: impl Fn() -> Result<(), StoreError> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Begin { note: Box::new(note), noted: OnceLock::new() }))
    }

    /// Notes it, if that isn't done yet. If it says no, nothing may be sent.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        self.0.noted.get_or_init(|| (self.0.note)()).is_ok()
    }

    /// Why nothing was sent.
    pub(crate) fn note_error(&self) -> Option<StoreError> {
        self.0.noted.get()?.clone().err()
    }
}

impl fmt::Debug for Sending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sending").finish_non_exhaustive()
    }
}
