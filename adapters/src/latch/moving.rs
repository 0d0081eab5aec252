//! Moving a profile to another store, and copying its keys.

use credlatch_core::engine::MoveError;
use credlatch_core::moving::{MAX_ADDRESS, Obstacle, Route, Stage};
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::put::PutMode;
use credlatch_core::state::Material;

use super::Latch;
use super::change::named;
use crate::error::{Error, ErrorKind};

/// What is in the other store now: provider and label of each entry.
pub type Moved = Vec<(ProviderId, Label)>;

impl Latch {
    /// Moves all that is stored in this profile to that of another store, which must be empty. `from` and `to` are addresses of
    /// the two, the same for each call: they are written down in both, for people, and so that the same call goes on where one
    /// before it ended. At no time would both stores present a refresh token.
    ///
    /// # Errors
    /// An address is longer than is written down, or something is in the other store ([`ErrorKind::Usage`]); somebody is at work here
    /// or a refresh token is in doubt ([`ErrorKind::Busy`]); nothing is here ([`ErrorKind::NoCredential`]); or one of them can't be used.
    pub fn move_to(&self, target: &Self, from: &str, to: &str) -> Result<Moved, Error> {
        if let Some(long) = [from, to].into_iter().map(str::len).find(|long| *long > MAX_ADDRESS) {
            let what = format!("the address of a store has {long} bytes, and at most {MAX_ADDRESS} are written down");
            return Err(Error::new(ErrorKind::Usage, what, "give it a shorter one"));
        }
        #[cfg(all(feature = "file", unix))]
        for provider in self.status()?.state.providers.keys() {
            target.0.guard.note(&target.0.table, provider)?;
        }
        let moved = self.0.engine.move_to(&target.0.engine, Route { from, to });
        let moved = moved.map_err(|error| {
            if let (MoveError::Stopped(Obstacle::Empty), Some(other)) = (&error, self.moved_to()) {
                return Error::moved_before(self.profile().as_str(), &other);
            }
            let is_stopped = matches!(error, MoveError::Stopped(_));
            let told = Error::not_moved(self.profile().as_str(), error);
            if is_stopped || !self.is_set_aside() { told } else { told.while_set_aside() }
        })?;
        for latch in [self, target] {
            let snapshot = latch.0.engine.snapshot()?;
            crate::events::changed(latch.profile(), snapshot.state.generation);
        }
        Ok(moved)
    }

    /// The store that all of this profile was moved to, if it was.
    pub fn moved_to(&self) -> Option<String> {
        let moving = self.status().ok()?.state.moving.clone()?;
        (moving.stage == Stage::Gone).then_some(moving.other)
    }

    /// Whether it waits for a move to go on.
    fn is_set_aside(&self) -> bool {
        let is_going =
            |status: super::Status| status.state.moving.as_ref().is_some_and(|moving| moving.stage.holds_what_goes());
        self.status().is_ok_and(is_going)
    }

    /// Copies the API keys of this profile into that of another store, and leaves everything here as it is. Logins stay: two
    /// stores can't both rotate one.
    ///
    /// # Errors
    /// Another key has one of the labels there ([`ErrorKind::Usage`], and nothing is copied), or one of the stores can't be used.
    pub fn copy_keys_to(&self, target: &Self) -> Result<Moved, Error> {
        let (here, there) = (self.status()?, target.status()?);
        let (mut copied, mut puts) = (Moved::new(), Vec::new());
        for (provider, slot) in &here.state.providers {
            for entry in &slot.entries {
                let Material::ApiKey(key) = &entry.material else { continue };
                let known = there.state.entry(provider.as_str(), entry.label.as_str());
                if known.is_some_and(|known| known.material != entry.material) {
                    let what = format!("{provider}/{} is something else in the other store", entry.label);
                    return Err(Error::new(ErrorKind::Usage, what, "remove one of the two; nothing was copied"));
                }
                copied.push((provider.clone(), entry.label.clone()));
                puts.push(named(provider, &entry.label, Material::ApiKey(key.clone()), PutMode::Named));
            }
        }
        target.transact(&puts)?;
        Ok(copied)
    }
}
