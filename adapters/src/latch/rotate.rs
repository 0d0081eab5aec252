//! Tokens that are good for a request: rotated ahead of their end, by one actor for everybody.

use std::sync::Arc;

use credlatch_core::engine::{Chosen, NoToken, Rotation, RotationRequest, TransactError};
use credlatch_core::name::Label;
use credlatch_core::pool::{Choice, EntryHealth};
use credlatch_core::port::Issuer;
use credlatch_core::provider::Provider;
use credlatch_core::rotation::{Cause, Times};
use credlatch_core::state::Freshness;

use super::credential::Credential;
use super::passed_over::{Nothing, PassedOver, Wanted};
use super::{Inner, Latch, times};
use crate::error::Error;
use crate::events;

/// What the pool chose, by what can be done with it without waiting for anybody.
pub(super) enum AtOnce {
    /// It can be handed out.
    Good(Chosen),
    /// It has to be renewed first. It stays the one that was chosen: a request is one turn of the pool.
    Spent(Chosen),
}

impl Latch {
    /// The provider's credential, good for a request: with at least 10 s left, rotated if it had less.
    ///
    /// A token that is due but still good is handed out at once, while one worker rotates it for every process. When it
    /// has ended, everybody waits for the one who rotates. What can't be used and can't be renewed here, such as a link to
    /// a login that its tool has not renewed, is passed over if another entry can be used.
    ///
    /// # Errors
    /// There is nothing good to hand out, and the error's kind says what to do about it.
    pub fn token(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).token()
    }

    pub(super) fn good(&self, row: &Provider, wanted: Wanted<'_>) -> Result<Credential, Nothing> {
        let mut passed = PassedOver::patient();
        loop {
            let choice = passed.choice(&self.0, wanted);
            let chosen = match self.good_at_once(row, &choice) {
                Ok(AtOnce::Spent(chosen)) => {
                    self.0.refuse_own_exchange(row, &chosen.live.label).map_err(Nothing::Opened)?;
                    self.0.wait_for_good(chosen, &choice, times(row))
                }
                Ok(AtOnce::Good(chosen)) => Ok(chosen),
                Err(why) => Err(why),
            };
            if let Some(credential) = self.open(chosen, &mut passed)? {
                return Ok(credential);
            }
        }
    }

    /// What can be handed out without waiting for anybody.
    pub(super) fn good_at_once(&self, row: &Provider, choice: &Choice<'_>) -> Result<AtOnce, NoToken> {
        let chosen = self.0.engine.choose(row.id.as_str(), choice)?;
        match self.0.engine.freshness(&chosen, times(row))? {
            Freshness::Good => {}
            Freshness::Due if !self.0.issuer.can_refresh(&row.id) => {}
            Freshness::Due if self.0.looks_ahead => self.rotate_ahead(row, &chosen),
            Freshness::Due | Freshness::Spent => return Ok(AtOnce::Spent(chosen)),
        }
        Ok(AtOnce::Good(chosen))
    }

    fn rotate_ahead(&self, row: &Provider, chosen: &Chosen) {
        let request = rotation_request(row, &chosen.live.label, chosen.live.version, Cause::Due);
        let inner = Arc::clone(&self.0.inner);
        let key = format!("{}/{}", row.id, chosen.live.label);
        // What came of it is in the store, where the next call finds it.
        self.0.workers.spawn_once("rotation", &key, move || drop(inner.rotate(&*inner.issuer, &request)));
    }

    /// Rotates an entry's token now, whether it is due or not. If somebody else is at it, waits for what that brings.
    ///
    /// # Errors
    /// It has no refresh token, the issuer granted nothing or wants to be left alone, or the store can't be written.
    pub fn rotate(&self, provider: &str, label: &Label) -> Result<Credential, Error> {
        Ok(self.rotated(provider, label, BackOff::Heeded)?.credential)
    }

    /// The same, and says whether it was this call that rotated it. [`BackOff::Overridden`] asks the issuer although it
    /// wants to be left alone: that is for a person to say, who knows better than a `Retry-After` of a day.
    ///
    /// # Errors
    /// As [`Latch::rotate`].
    pub fn rotated(&self, provider: &str, label: &Label, back_off: BackOff) -> Result<Rotated, Error> {
        let cause = match back_off {
            BackOff::Heeded => Cause::Asked,
            BackOff::Overridden => Cause::Insisted,
        };
        self.rotate_by(&*self.0.issuer, provider, label, cause)
    }

    pub(super) fn rotate_by(
        &self,
        issuer: &dyn Issuer,
        provider: &str,
        label: &Label,
        cause: Cause,
    ) -> Result<Rotated, Error> {
        let row = self.provider(provider)?;
        let request = self.rotation_request_for(row, label, cause)?;
        let rotation = self.0.rotate(issuer, &request)?;
        self.rotated_by(row, label, rotation)
    }

    /// What to ask for, so that the version that is there now is rotated.
    pub(super) fn rotation_request_for(
        &self,
        row: &Provider,
        label: &Label,
        cause: Cause,
    ) -> Result<RotationRequest, Error> {
        self.0.refuse_own_exchange(row, label)?;
        let snapshot = self.0.engine.snapshot()?;
        let not_there = || Error::nothing_to_rotate(&self.place_in_words(), row, label, &snapshot.state);
        let live = snapshot.live(row.id.as_str(), label.as_str()).ok_or_else(not_there)?;
        Ok(rotation_request(row, label, live.version, cause))
    }

    /// What came of it, for whoever asked.
    pub(super) fn rotated_by(&self, row: &Provider, label: &Label, rotation: Rotation) -> Result<Rotated, Error> {
        let (live, is_own) = match rotation {
            Rotation::Granted(live) => (live, true),
            Rotation::Newer(live) => (live, false),
            // It was granted, and whoever has it can use it: the credential says that it isn't saved.
            Rotation::Unsaved(unsaved) => (unsaved.live, true),
            Rotation::Gone => {
                let snapshot = self.0.engine.snapshot()?;
                return Err(Error::nothing_to_rotate(&self.place_in_words(), row, label, &snapshot.state));
            }
            other => return Err(Error::not_rotated(row, label, other, self.health(row, label).as_ref())),
        };
        Ok(Rotated { credential: self.credential(self.0.chosen(live)?)?, is_own })
    }

    /// What stands against an entry now, as far as it can be read.
    fn health(&self, row: &Provider, label: &Label) -> Option<EntryHealth> {
        let snapshot = self.0.engine.snapshot().ok()?;
        Some(snapshot.state.entry(row.id.as_str(), label.as_str())?.health.clone())
    }
}

/// What came of a rotation that was asked for.
#[derive(Clone, Debug)]
#[must_use = "it may be somebody else's rotation"]
#[non_exhaustive]
pub struct Rotated {
    /// What is stored now.
    pub credential: Credential,
    /// Whether this call's grant is what stands. Otherwise somebody else has rotated, signed in or stored another
    /// credential meanwhile.
    pub is_own: bool,
}

/// What to do while an issuer wants to be left alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum BackOff {
    /// Leave it alone.
    #[default]
    Heeded,
    /// Ask it all the same.
    Overridden,
}

impl Inner {
    /// Rotates what is due or spent, or waits for whoever is at it.
    pub(super) fn wait_for_good(&self, chosen: Chosen, choice: &Choice<'_>, times: Times) -> Result<Chosen, NoToken> {
        let spent = Arc::clone(&chosen.live);
        let good = self.engine.renew(&*self.issuer, chosen, choice, times, self.patience_ms)?;
        if good.live.label == spent.label && good.live.version != spent.version {
            let newer = Rotation::Newer(Arc::clone(&good.live));
            events::renewed(&self.profile, &spent.provider, &spent.label, &newer);
        }
        Ok(good)
    }

    /// Rotates a token, and tells what came of it.
    pub(super) fn rotate(&self, issuer: &dyn Issuer, request: &RotationRequest) -> Result<Rotation, TransactError> {
        let rotation = self.engine.rotate(issuer, request, self.patience_ms)?;
        events::renewed(&self.profile, &request.provider, &request.label, &rotation);
        Ok(rotation)
    }
}

pub(super) fn rotation_request(row: &Provider, label: &Label, version: u64, cause: Cause) -> RotationRequest {
    RotationRequest { provider: row.id.clone(), label: label.clone(), version, cause, times: times(row) }
}
