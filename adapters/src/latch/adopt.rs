//! Using a profile again whose move was cut off.

use std::thread::sleep;
use std::time::{Duration, Instant};

use credlatch_core::engine::AdoptError;
use credlatch_core::moving::Answer;

use super::Latch;
use crate::error::Error;

/// How often it looks whether a mover has ended.
const LOOK: Duration = Duration::from_millis(50);

impl Latch {
    /// Uses this profile again whose move to or from another store was cut off, if the other one doesn't use it; there it can't be
    /// used from then on. `other` is the same profile of that store, or why it can't be opened. Waits for whoever moves it, as long as
    /// the builder's patience. Returns whether it is used now: not if it waits for no move, and then
    /// [`Builder::adopt_copy`](crate::Builder::adopt_copy) is for it. Presents nothing.
    ///
    /// # Errors
    /// The other store uses it, or can't say; or this one is a copy, so that nobody knows who does ([`ErrorKind::Usage`]). Somebody
    /// moves it ([`ErrorKind::Busy`]). One of the stores can't be locked, read or written.
    ///
    /// [`ErrorKind::Usage`]: crate::ErrorKind::Usage
    /// [`ErrorKind::Busy`]: crate::ErrorKind::Busy
    pub fn adopt_moved(&self, other: Result<&Self, Error>) -> Result<bool, Error> {
        let began = Instant::now();
        let patience = Duration::from_millis(self.0.patience_ms);
        let engine = other.as_ref().ok().map(|other| &other.0.engine);
        let done = loop {
            match self.0.engine.adopt_copy(engine) {
                Err(AdoptError::AtWork { .. }) if began.elapsed() < patience => sleep(LOOK),
                done => break done,
            }
        };
        let moving = || self.status().ok()?.state.moving.clone();
        let (profile, name) = (self.profile().as_str(), moving().map(|moving| moving.other).unwrap_or_default());
        done.map_err(|error| match (error, other) {
            (AdoptError::Refused(Answer::Unread, _), Err(unopened)) => unopened.while_unasked(profile, &name),
            (error, _) => {
                let is_copy = moving().is_some_and(|moving| moving.shared.is_some());
                Error::not_adopted(profile, &name, is_copy, error)
            }
        })
    }
}
