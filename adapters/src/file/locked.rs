//! What is done with the store while it is locked: what stands is loaded, found to be this place's own or not, and replaced.

use std::io;

use credlatch_core::port::{CommitError, Loaded, Locked, StoreError};
use credlatch_core::shared::{MarkShared, Shared};
use credlatch_core::state::State;

use super::commit::commit;
use super::document::{self, Document, Head};
use super::lock::{BaseCommit, FileLocked};
use super::word;
use crate::docfile::disk::{Disk, Open};
use crate::docfile::draft::Draft;
use crate::docfile::errors::io_error;

impl<D: Disk> Locked for FileLocked<'_, D> {
    type Reservation = Draft<D>;

    fn load(&mut self) -> Result<Loaded, StoreError> {
        let (state, id) = match document::read(&*self.store.disk, &self.paths.document, &self.store.sealing)? {
            Some(document) => self.stand_on(document)?,
            None => self.stand_on_nothing()?,
        };
        Ok(Loaded { state: self.store.keys.beside(&self.paths, state), id })
    }

    fn keyed(&mut self, state: State) -> State {
        let read = self.base.as_ref().map_or(document::VERSION, |base| base.head.version);
        // A program of the older form honours what was cleared by its plain digest, so that stays as long as the form does.
        if document::form(read, &state) < document::VERSION { state } else { self.store.keys.keyed(&self.paths, state) }
    }

    fn shared(&mut self, state: &State) -> Result<Option<MarkShared>, StoreError> {
        let Some(BaseCommit { head, id: Some(_), .. }) = &self.base else { return Ok(None) };
        let remembered = self.store.remembered(&self.paths, head.store);
        let why = if self.is_foreign {
            Shared::Copied
        } else if remembered > state.last_move {
            Shared::RolledBack
        } else {
            return Ok(None);
        };
        Ok(Some(MarkShared { why, counted: remembered }))
    }

    fn take_over(&mut self) {
        self.takes_over = true;
    }

    fn commit(&mut self, state: &State, reservation: Option<Draft<D>>) -> Result<u64, CommitError> {
        if std::mem::take(&mut self.takes_over) {
            self.move_in().map_err(CommitError::NotSaved)?;
        }
        let id = commit(self, state, reservation)?;
        self.name_lock();
        Ok(id)
    }

    fn remember(&mut self, number: u64) {
        if let (Some(record), Some(base)) = (&self.store.record, &self.base) {
            // Where it can't be written, doctor says so.
            let _ = record.note(&self.paths, base.head.store, number);
        }
    }
}

impl<D: Disk> FileLocked<'_, D> {
    fn stand_on(&mut self, document: Document) -> Result<(State, Option<u64>), StoreError> {
        let Document { state, id, mut head, metadata } = document;
        head.seal = self.store.sealing.wanted(Some((&head, &state)))?;
        let boot = self.store.disk.now().boot;
        let is_restored = self.word.contradicts(id, boot);
        self.is_foreign = is_restored || !self.here.is_home_of(&head);
        if !self.is_foreign {
            // What an older version didn't write, and a device number that another mount gave.
            (head.lock, head.born_ns) = (Some(self.here.file_id), self.here.born_ns);
        }
        if is_restored {
            // The next commit writes this down; until then the word stays, because it is the evidence.
            head.lock = None;
        } else if self.word.word != id || self.word.boot != boot {
            // The first to lock in a boot vouches for what stands, so that another document is seen to contradict it.
            self.confirm(id)?;
        }
        self.store.reader.saw(&self.paths, Some(metadata));
        self.base = Some(BaseCommit { head, id: Some(id), metadata: Some(metadata) });
        Ok((state, Some(id)))
    }

    fn stand_on_nothing(&mut self) -> Result<(State, Option<u64>), StoreError> {
        if !self.word.is_settled() {
            self.confirm(0)?;
        } else if self.word.boot != self.store.disk.now().boot {
            // If that fails the next lock looks for strays once more.
            let _ = self.set_word(0);
        }
        self.store.reader.saw(&self.paths, None);
        let seal = self.store.sealing.wanted(None)?;
        let head = Head { seal, ..Head::new(self.store.disk.nonce(), Some(self.here.file_id), self.here.born_ns) };
        self.base = Some(BaseCommit { head, id: None, metadata: None });
        Ok((State::default(), None))
    }

    /// Makes this the place of what is committed next. One that comes from elsewhere gets a name of its own, and the lock
    /// file has it first: whatever a crash leaves in between still counts as a copy.
    fn move_in(&mut self) -> Result<(), StoreError> {
        if self.base.is_none() {
            self.load()?;
        }
        let disk = &*self.store.disk;
        let Some(BaseCommit { head, id: Some(_), .. }) = &mut self.base else { return Ok(()) };
        // A document that was restored beside its own lock file lost its place above, and keeps its name: the claims that
        // are remembered under it are its own.
        let is_elsewhere = self.is_foreign && head.lock.is_some();
        if is_elsewhere || self.here.name.is_some_and(|name| name != head.store) {
            let name = disk.nonce();
            let named = self.file.attempt(|file| word::set_name(disk, file, name).and_then(|()| disk.sync(file)));
            named.map_err(|error| io_error("write to", &self.paths.lock, &error))?;
            (head.store, self.here.name) = (name, Some(name));
        }
        (head.lock, head.born_ns) = (Some(self.here.file_id), self.here.born_ns);
        self.is_foreign = false;
        Ok(())
    }

    /// Leaves the store's name in a lock file that has none.
    fn name_lock(&mut self) {
        let Some(BaseCommit { head, .. }) = self.base.as_ref().filter(|_| self.here.name.is_none()) else { return };
        // Without it the lock file's own identity is what tells.
        if !self.is_foreign && self.file.attempt(|file| word::set_name(&*self.store.disk, file, head.store)).is_ok() {
            self.here.name = Some(head.store);
        }
    }

    /// Makes what an earlier writer left unconfirmed durable before anybody is told of it, and says so in the word.
    /// The id 0 stands for no document at all.
    fn confirm(&mut self, id: u64) -> Result<(), StoreError> {
        let disk = &*self.store.disk;
        let synced: io::Result<()> = (|| {
            if id != 0 {
                disk.sync(&disk.open(&self.paths.document, Open::Read)?)?;
            }
            disk.sync_folder(&self.paths.folder)
        })();
        synced.map_err(|error| io_error("confirm the last commit of", &self.paths.document, &error))?;
        self.set_word(id).map_err(|error| io_error("write to", &self.paths.lock, &error))
    }
}
