//! What the sample is told beside an act's sign of life.

use std::sync::Arc;

use credlatch::store::{ActGuard, ActId, ActRecord, StoreError, StoreErrorKind};
use parking_lot::Mutex;

use super::{Shared, error};
use crate::wrong::Fault;

pub(super) struct Guard {
    pub(super) shared: Arc<Shared>,
    pub(super) act: ActId,
    /// What a wrong store writes later than it says.
    pub(super) late: Mutex<Option<Vec<u8>>>,
    pub(super) fault: Option<Fault>,
}

impl Guard {
    /// Finds no space, in a wrong store that is full.
    fn fits(&self) -> Result<(), StoreError> {
        let is_wrong = self.fault == Some(Fault::ReservesForCommits) && self.shared.data.lock().is_full;
        if is_wrong { Err(error(StoreErrorKind::Full)) } else { Ok(()) }
    }

    fn change(&self, change: impl FnOnce(&mut ActRecord)) {
        if let Some(act) = self.shared.data.lock().acts.get_mut(&self.act) {
            change(&mut act.record);
        }
    }
}

impl ActGuard for Guard {
    fn note(&self, note: &[u8]) -> Result<(), StoreError> {
        self.fits()?;
        match self.fault {
            Some(Fault::ForgetsNotes) => {}
            Some(Fault::NotesAtTheEnd) => *self.late.lock() = Some(note.to_vec()),
            Some(Fault::NotesForAll) => {
                let mut data = self.shared.data.lock();
                data.acts.values_mut().for_each(|act| act.record.note = Some(note.to_vec()));
            }
            _ => self.change(|record| record.note = Some(note.to_vec())),
        }
        Ok(())
    }

    fn answer(&self, answer: &[u8]) -> Result<(), StoreError> {
        self.fits()?;
        if matches!(self.fault, Some(Fault::AnswersAtSync | Fault::UnwipesAtTheEnd)) {
            *self.late.lock() = Some(answer.to_vec());
        }
        match self.fault {
            Some(Fault::AnswersAtSync) => return Ok(()),
            Some(Fault::AnswersOverNotes) => self.change(|record| record.note = None),
            _ => {}
        }
        let kept = if self.fault == Some(Fault::CutsAnswers) { answer.len().min(1000) } else { answer.len() };
        self.change(|record| record.answer = Some(answer[..kept].to_vec().into()));
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        if let Some(late) = self.late.lock().take_if(|_| self.fault == Some(Fault::AnswersAtSync)) {
            self.change(|record| record.answer = Some(late.into()));
        }
        Ok(())
    }

    fn wipe(&self) {
        match self.fault {
            Some(Fault::NeverWipes) => {}
            Some(Fault::WipesNotes) => self.change(|record| (record.note, record.answer) = (None, None)),
            _ => self.change(|record| record.answer = None),
        }
    }

    fn discard(mut self: Box<Self>) {
        if self.fault == Some(Fault::DiscardsNothing) {
            self.fault = Some(Fault::NeverEnds);
        } else {
            self.shared.data.lock().acts.remove(&self.act);
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let late = self.late.get_mut().take();
        match self.fault {
            Some(Fault::NotesAtTheEnd) => self.change(|record| record.note = late),
            Some(Fault::UnwipesAtTheEnd) => self.change(|record| record.answer = late.map(Into::into)),
            _ => {}
        }
        if self.fault != Some(Fault::NeverEnds) {
            self.change(|record| record.is_alive = false);
        }
    }
}

/// Ends an act when it is dropped.
pub(super) struct Ends(pub(super) Arc<Shared>, pub(super) ActId);

impl Drop for Ends {
    fn drop(&mut self) {
        if let Some(act) = self.0.data.lock().acts.get_mut(&self.1) {
            act.record.is_alive = false;
        }
    }
}
