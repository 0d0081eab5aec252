//! Reading: nearly free, because it is done for every request and nothing may be kept by callers.

use std::sync::Arc;

use super::Engine;
use super::snapshot::Snapshot;
use super::unlawful::assert_lawful;
use crate::port::{Cell, Clock, Keeps, Loaded, Ports, Store, StoreError};
use crate::state::State;

impl<P: Ports> Engine<P> {
    /// Looks at the newest commit of any process. No lock is held that a writer needs, and nothing is allocated, unless
    /// another process has committed since the last look.
    ///
    /// The word is read first: if it names the published snapshot, that one was the newest when this call began.
    ///
    /// # Errors
    /// The store can't be reached, read or parsed.
    pub fn read<R>(&self, look: impl FnOnce(&Arc<Snapshot>) -> R) -> Result<R, StoreError> {
        let mut look = Some(look);
        let since = P::observed();
        let before = self.store.word()?;
        let found = |snapshot: &Arc<Snapshot>| {
            P::keep_only(since, Keeps::State(&snapshot.state, snapshot.id), format_args!("found"));
            look.take().map(|look| look(snapshot))
        };
        if let Some(seen) = self.look(before, found) {
            return Ok(seen);
        }
        P::keep_only(since, Keeps::Word(before), format_args!("reloads"));
        let snapshot = self.reload(before)?;
        P::keep_only(since, Keeps::State(&snapshot.state, snapshot.id), format_args!("found"));
        let Some(look) = look.take() else { unreachable!("a look is taken once, by the return above") };
        Ok(look(&snapshot))
    }

    /// Looks at what is published, if the word that was read before names it.
    #[inline]
    pub(super) fn look<R>(&self, word: Option<u64>, look: impl FnOnce(&Arc<Snapshot>) -> Option<R>) -> Option<R> {
        let word = word?;
        self.published.read(|snapshot| {
            let is_current = snapshot.id == Some(word);
            is_current.then(|| look(snapshot)).flatten()
        })
    }

    /// The newest commit, to keep for a while.
    ///
    /// # Errors
    /// As [`Engine::read`].
    pub fn snapshot(&self) -> Result<Arc<Snapshot>, StoreError> {
        self.read(Arc::clone)
    }

    pub(super) fn reload(&self, before: Option<u64>) -> Result<Arc<Snapshot>, StoreError> {
        // Registered before the store is opened, so that a clear's drain waits for what this reader may find.
        let since = P::observed();
        let ticket = self.ledger.register(super::ledger::Ledger::enter);
        let loaded = self.load_after(before);
        if let Ok((state, id, is_current)) = &loaded {
            P::keep_only(since, Keeps::State(state, *id), format_args!("loaded {is_current}"));
        }
        let now = self.clock.now();
        self.ledger
            .write(|ledger| {
                ledger.leave(ticket);
                let (state, id, is_current) = loaded?;
                ledger.watch(&state, &now);
                let snapshot = Arc::new(ledger.snapshot(state, id, P::COPIES));
                Ok((snapshot, is_current))
            })
            .and_then(|(snapshot, is_current)| {
                if is_current {
                    self.publish_if_current(&snapshot)?;
                }
                Ok(snapshot)
            })
    }

    /// Loads, and tells whether the word read *before* the document was opened names what was loaded: only then may the
    /// load be kept.
    fn load_after(&self, before: Option<u64>) -> Result<(Arc<State>, Option<u64>, bool), StoreError> {
        let Loaded { state, id } = self.store.load()?;
        assert_lawful(&state);
        let is_current = before.is_some() && before == id;
        Ok((Arc::new(state), id, is_current))
    }

    /// A writer publishes after its commit, so a reader that sees its own word under the cell's lock can't overwrite a
    /// newer snapshot.
    fn publish_if_current(&self, snapshot: &Arc<Snapshot>) -> Result<(), StoreError> {
        let replace = |published: &mut Arc<Snapshot>| -> Result<Option<Arc<Snapshot>>, StoreError> {
            let is_newest = self.store.word()? == snapshot.id && published.id != snapshot.id;
            Ok(is_newest.then(|| std::mem::replace(published, Arc::clone(snapshot))))
        };
        let old = self.published.write(replace);
        drop(old?);
        Ok(())
    }
}
