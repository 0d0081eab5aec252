//! Commits of what stands as a whole: with another key, once more, or as this place's own.

#[cfg(feature = "etcd")]
use std::time::{Duration, Instant};

use credlatch_core::port::{self, CommitError, Locked, Store, StoreError, StoreErrorKind};
#[cfg(feature = "etcd")]
use credlatch_core::{Event, apply};

use super::OverBytes;

#[cfg(feature = "etcd")]
impl OverBytes {
    /// Seals what stands with this key. Returns whether it was sealed with another; nothing is made where there is no document.
    pub(crate) fn reseal(&self, key: crate::codec::KeyId, patience_ms: u64) -> Result<bool, CommitError> {
        let began = Instant::now();
        loop {
            let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
            let loaded = locked.load().map_err(CommitError::NotSaved)?;
            // A commit would have the key that this program was told of: what stands may have the new one already.
            let is_done = self.sealing.standing() == Some(key);
            let Some((head, Some(_))) = locked.base.as_mut().filter(|_| !is_done) else { return Ok(false) };
            if loaded.state.claims().next().is_some() {
                let what = format!("an exchange of {} has no end yet", self.store.name());
                return Err(CommitError::NotSaved(StoreError::new(
                    StoreErrorKind::Busy,
                    what,
                    "try again in a minute",
                )));
            }
            head.seal = Some(key);
            match locked.commit(&loaded.state, None) {
                Err(CommitError::NotSaved(error))
                    if error.kind == StoreErrorKind::Busy && began.elapsed() < Duration::from_millis(patience_ms) => {}
                other => return other.map(|_| true),
            }
        }
    }
}

#[cfg(feature = "etcd")]
impl OverBytes {
    /// Commits what was committed last once more. A copy, and one from before what is remembered of its tokens, is marked as that.
    pub(crate) fn recommit(&self, patience_ms: u64) -> Result<(), CommitError> {
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        let state = locked.load().map_err(CommitError::NotSaved)?.state;
        let marks = locked.shared(&state).map_err(CommitError::NotSaved)?;
        let now = port::Clock::now(&crate::system::SystemClock);
        let state = match marks {
            Some(marks) => apply(&state, &now, &Event::MarkShared(marks)).state,
            None => state,
        };
        locked.commit(&state, None).map(drop)
    }
}

impl OverBytes {
    /// Makes what stands this place's own, once no act that it names goes on here; an empty document, where what stood here is gone.
    pub(crate) fn adopt_copy(&self, patience_ms: u64) -> Result<(), CommitError> {
        let mut locked = self.lock(patience_ms).map_err(CommitError::NotSaved)?;
        locked.begins_anew = true;
        let loaded = locked.load().map_err(CommitError::NotSaved)?;
        let mover = loaded.state.moving.as_ref().and_then(|moving| moving.actor.as_ref());
        for actor in loaded.state.claims().map(|claim| &claim.actor).chain(mover) {
            if self.is_alive(actor).map_err(CommitError::NotSaved)? {
                let what = format!(
                    "some process is at work on {}, and may be presenting a login that was stored before",
                    self.store.name()
                );
                let remedy = "wait until it ends, or end it; then try again";
                return Err(CommitError::NotSaved(StoreError::new(StoreErrorKind::Busy, what, remedy)));
            }
        }
        let marks = locked.shared(&loaded.state).map_err(CommitError::NotSaved)?;
        let now = port::Clock::now(&crate::system::SystemClock);
        let state = crate::docfile::provenance::adopted(&loaded.state, &now, marks);
        let is_gone = loaded.id.is_none() && self.is_gone();
        if marks.is_some() || state != loaded.state || is_gone {
            locked.take_over();
            locked.commit(&state, None)?;
        }
        Ok(())
    }
}
