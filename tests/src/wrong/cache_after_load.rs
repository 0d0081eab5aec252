//! A reader that keeps what it loaded under the word it reads afterwards.

use std::sync::{Arc, PoisonError};

use credlatch_core::port::{Store, StoreError};
use credlatch_core::state::State;

use crate::conduct::{Conduct, Process};
use crate::world::sim::Sim;

/// A commit between the load and the second look is taken for what was loaded.
#[derive(Debug)]
pub(super) struct CacheAfterLoad;

impl<S: Sim> Conduct<S> for CacheAfterLoad {
    fn read(&self, process: &Process<S>) -> Result<Arc<State>, StoreError> {
        let store = process.engine.store();
        let word = store.word()?;
        let kept = process.kept.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, state)) = kept.filter(|(under, _)| under.is_some() && *under == word) {
            return Ok(state);
        }
        let state = Arc::new(store.load()?.state);
        let after = store.word()?;
        *process.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((after, Arc::clone(&state)));
        Ok(state)
    }
}
