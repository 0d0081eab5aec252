//! The sample while it is locked, and its commits.

use std::thread::sleep;

use credlatch::store::{ActId, Commit, CommitError, LockedStore, StoreError, StoreErrorKind, Stored};
use parking_lot::MutexGuard;

use super::{Act, Data, Failure, GAP, Store, error};
use crate::wrong::Fault;

pub(super) struct Locked<'a> {
    pub(super) store: &'a Store,
    pub(super) takes_over: bool,
    pub(super) _alone: Option<MutexGuard<'a, ()>>,
}

impl Locked<'_> {
    fn is(&self, fault: Fault) -> bool {
        self.store.is(fault)
    }

    fn write(&self, new: &Stored) {
        let change = |change: &dyn Fn(&mut Data)| change(&mut self.store.shared.data.lock());
        if self.is(Fault::WordFirst) {
            change(&|data| data.word = Some(new.id));
            sleep(GAP);
        }
        if self.is(Fault::DocumentFirst) {
            change(&|data| {
                if let Some(stored) = &mut data.stored {
                    stored.document = new.document.clone();
                }
            });
            sleep(GAP);
        }
        change(&|data| {
            data.lagging = data.word;
            (data.stored, data.word) = (Some(new.clone()), Some(new.id));
        });
    }

    fn write_everywhere(&self, new: &Stored) {
        let stores = self.store.home.stores.lock();
        for (_, other) in stores.iter().filter(|(profile, _)| **profile != self.store.profile) {
            if let Some(stored) = &mut other.data.lock().stored {
                stored.document = new.document.clone();
            }
        }
    }
}

impl LockedStore for Locked<'_> {
    fn read(&mut self) -> Result<Option<Stored>, StoreError> {
        let late = {
            let mut data = self.store.shared.data.lock();
            match data.late.take() {
                Some((late, 0)) => Some(late),
                Some((late, looks)) => {
                    data.late = Some((late, looks - 1));
                    None
                }
                None => None,
            }
        };
        if let Some(late) = late {
            self.write(&late);
        }
        self.store.look()
    }

    fn commit(&mut self, commit: &Commit<'_>) -> Result<(), CommitError> {
        let mut new = Stored { id: commit.id, document: commit.document.clone() };
        if self.is(Fault::TrimsTheEnd) {
            new.document = new.document.trim_ascii_end().to_vec().into();
        }
        {
            let mut data = self.store.shared.data.lock();
            let stands = match data.trouble {
                Some(_) if self.is(Fault::WritesInTrouble) => None,
                Some(kind) => return Err(CommitError::NotSaved(error(kind))),
                None => data.stored.as_ref().map(|stored| stored.id),
            };
            let is_over_nothing = self.is(Fault::CommitsOverNothing) && stands.is_none();
            if stands != commit.replaces && !self.is(Fault::NeverCompares) && !is_over_nothing {
                if self.is(Fault::WordOfTheRefused) {
                    data.word = Some(commit.id);
                }
                return Err(CommitError::NotSaved(error(StoreErrorKind::Busy)));
            }
            let old = data.stored.as_ref().map_or(0, |stored| stored.document.len());
            if self.is(Fault::SkipsSameBytes) && data.stored.as_ref().is_some_and(|old| old.document == new.document) {
                return Ok(());
            }
            let is_spent = |act: &ActId| commit.settles == Some(*act) || self.is(Fault::SpendsForAnybody);
            let reserved =
                data.acts.iter().filter(|(act, _)| is_spent(act)).map(|(_, act)| act.reserved).sum::<usize>();
            if data.is_full && commit.document.len() > old + reserved {
                return Err(CommitError::NotSaved(error(StoreErrorKind::Full)));
            }
            let is_spent = |act: &ActId| is_spent(act) || (commit.settles.is_some() && self.is(Fault::ReservesForOne));
            data.acts.iter_mut().filter(|(act, _)| is_spent(act)).for_each(|(_, act)| act.reserved = 0);
            match data.fails.take() {
                Some(Failure::NotSaved) if self.is(Fault::SavesAndDenies) => {
                    drop(data);
                    self.write(&new);
                    return Err(CommitError::NotSaved(error(StoreErrorKind::Failed)));
                }
                Some(Failure::NotSaved) => return Err(CommitError::NotSaved(error(StoreErrorKind::Failed))),
                Some(Failure::UnknownOld) => {
                    data.late = self.is(Fault::ArrivesLate).then_some((new, 1));
                    return Err(CommitError::Unknown(error(StoreErrorKind::Failed)));
                }
                Some(Failure::UnknownNew) => {
                    drop(data);
                    self.write(&new);
                    return Err(CommitError::Unknown(error(StoreErrorKind::Failed)));
                }
                None => {}
            }
        }
        if self.is(Fault::ComparesTooEarly) {
            sleep(GAP);
        }
        if self.is(Fault::WritesEverywhere) {
            self.write_everywhere(&new);
        }
        self.write(&new);
        let mut data = self.store.shared.data.lock();
        data.is_copy &= !self.takes_over;
        let (sweeps_named, sweeps_living) = (self.is(Fault::SweepsNamed), self.is(Fault::SweepsLiving));
        data.acts.retain(|act, found| {
            let is_named = commit.named.contains(act) && !sweeps_named;
            is_named || (found.record.is_alive && !sweeps_living)
        });
        for Act { record, .. } in data.acts.values_mut() {
            match self.store.fault {
                Some(Fault::ForgetsTheNamed) if !record.is_alive => record.answer = None,
                Some(Fault::ForgetsTheLiving) if record.is_alive => record.note = None,
                _ => {}
            }
        }
        drop(data);
        if self.is(Fault::SweepsElsewhere) {
            let stores = self.store.home.stores.lock();
            for (_, other) in stores.iter().filter(|(profile, _)| **profile != self.store.profile) {
                other.data.lock().acts.retain(|_, act| act.record.is_alive);
            }
        }
        Ok(())
    }

    fn is_copy(&mut self) -> Result<bool, StoreError> {
        Ok(self.store.shared.data.lock().is_copy && !self.is(Fault::NeverACopy))
    }

    fn take_over(&mut self) {
        self.takes_over = true;
    }
}
