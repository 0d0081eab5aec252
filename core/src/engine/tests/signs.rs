//! Signs of life in the rig, and what their actors leave beside them.

use super::rig::{Rig, error};
use crate::port::{Alive, Answer, Left, StoreError, StoreErrorKind};
use crate::state::time::Stamp;
use crate::state::{Actor, Claim, Nonce};

/// What stands where an act has its sign of life.
pub(super) struct Sign {
    pub(super) is_alive: bool,
    noted: Option<(Nonce, Stamp)>,
    pub(super) answer: Option<Answer>,
}

impl Sign {
    /// What it says of this claim.
    pub(super) fn left(&self, claim: &Claim) -> Left {
        let answer = self.answer.as_ref().filter(|answer| answer.attempt == claim.attempt);
        match (answer, self.noted) {
            (Some(answer), _) => Left::Answer(Box::new(answer.clone())),
            _ if self.is_alive => Left::Going,
            (None, None) => Left::NoNote,
            (None, Some((attempt, at))) => Left::MaybeSent { noted: (attempt == claim.attempt).then_some(at) },
        }
    }
}

/// A sign of life.
pub(super) struct Life(Rig, Actor);

impl Life {
    pub(super) fn begin(rig: Rig, actor: Actor) -> Self {
        rig.signs().insert(actor.name, Sign { is_alive: true, noted: None, answer: None });
        Self(rig, actor)
    }

    fn leave(&self, leave: impl FnOnce(&mut Sign)) {
        if let Some(sign) = self.0.signs().get_mut(&self.1.name) {
            leave(sign);
        }
    }
}

impl Alive for Life {
    fn actor(&self) -> &Actor {
        &self.1
    }

    fn discard(self) {
        self.0.ask("discard", "");
    }

    fn note(&self, attempt: Nonce) -> Result<(), StoreError> {
        self.0.ask("note", "");
        self.0.noting()?;
        let now = self.0.now();
        self.leave(|sign| sign.noted = Some((attempt, now)));
        Ok(())
    }

    fn write_down(&self, answer: &Answer) -> Result<(), StoreError> {
        self.0.ask("write_down", answer.fresh.access.expose_secret());
        self.leave(|sign| sign.answer = Some(answer.clone()));
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.0.ask("sync", "");
        Ok(())
    }

    fn wipe(&self) {
        self.0.ask("wipe", "");
        self.leave(|sign| sign.answer = None);
    }

    fn in_place(&self) -> Result<(), StoreError> {
        if self.0.is_moved() { Err(error(StoreErrorKind::Unreachable)) } else { Ok(()) }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        self.leave(|sign| sign.is_alive = false);
    }
}
