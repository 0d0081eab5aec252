//! Reading: the current credential of a provider, and the state of everything.

use std::sync::Arc;
use std::time::SystemTime;

use credlatch_core::Event;
use credlatch_core::engine::{Chosen, Live, NoToken};
use credlatch_core::port::{Clock as _, Store as _, StoreError};
use credlatch_core::provider::Provider;
use credlatch_core::put::SuspendLink;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;

use super::credential::{Credential, Read, Unread};
use super::passed_over::{PassedOver, Wanted};
use super::{Inner, Latch};
use crate::error::{Error, ErrorKind};
use crate::when::system_time;

/// Everything stored, at one generation, and the time at which it was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Status {
    /// The state. Its `Debug` hides secrets.
    pub state: Arc<State>,
    /// When, as the core counts: ages of what is in the state are told by it.
    pub now: Stamp,
}

impl Status {
    /// When it was looked at, by the wall clock.
    pub fn at(&self) -> SystemTime {
        system_time(self.now.wall_ms)
    }
}

impl Latch {
    /// The provider's credential as it is now. Rotates nothing: see `token`.
    ///
    /// Ask for every request. It costs about one small system call, and sees what any other process has committed. A link
    /// whose login can't be used at present is passed over if another entry can.
    ///
    /// # Errors
    /// Nothing is stored, everything rests, a new login is needed, or the store can't be read.
    pub fn current(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).current()
    }

    /// [`Latch::current`], or, where the provider's row says that its server wants no key and none is stored, what stands in for one:
    /// a word that programs take which insist on a key, and that is put into no request by [`Credential::authorize`].
    ///
    /// # Errors
    /// As [`Latch::current`].
    pub fn current_or_stand_in(&self, provider: &str) -> Result<Credential, Error> {
        let row = self.provider(provider)?;
        match self.current(provider) {
            Err(error) if row.keyless && error.kind() == ErrorKind::NoCredential => self.stand_in(row),
            found => found,
        }
    }

    pub(super) fn chosen(&self, provider: &str, wanted: Wanted<'_>) -> Result<Credential, Error> {
        let row = self.provider(provider)?;
        let inner = &*self.0.inner;
        match inner.engine.choose(row.id.as_str(), &wanted.choice(inner)) {
            // Nobody has to look behind an entry of our own: most requests end here.
            Ok(chosen) if chosen.live.secret().is_some() => {
                chosen.live.count_use();
                Ok(Credential::new(self, chosen, None))
            }
            chosen => self.looked_behind(row, wanted, chosen),
        }
    }

    /// What comes of a first choice that may be of no use.
    #[inline(never)]
    fn looked_behind(
        &self,
        row: &Provider,
        wanted: Wanted<'_>,
        mut chosen: Result<Chosen, NoToken>,
    ) -> Result<Credential, Error> {
        let mut passed = PassedOver::default();
        loop {
            let opened = self.open(chosen, &mut passed);
            if let Some(credential) = opened.map_err(|nothing| self.explained(row, wanted, nothing))? {
                return Ok(credential);
            }
            chosen = self.0.engine.choose(row.id.as_str(), &passed.choice(&self.0, wanted));
        }
    }

    /// Everything stored. For status displays; a request asks [`Latch::current`].
    ///
    /// # Errors
    /// The store can't be read.
    pub fn status(&self) -> Result<Status, Error> {
        let snapshot = self.0.engine.snapshot()?;
        Ok(Status { state: Arc::clone(&snapshot.state), now: self.0.engine.clock().now() })
    }

    /// Whether this process is at an act that is not settled: a login that it keeps going, or a refresh token under way. A
    /// store that can't be read might say so.
    pub fn is_acting(&self) -> bool {
        let engine = &self.0.engine;
        engine.snapshot().map_or(true, |now| now.state.claims().any(|claim| engine.store().is_own(&claim.actor)))
    }

    pub(crate) fn credential(&self, chosen: Chosen) -> Result<Credential, Error> {
        let read = self.0.read_link(&chosen);
        self.credential_of(chosen, read)
    }

    /// The same for a call that may wait for the store's lock.
    pub(super) fn credential_at_leisure(&self, chosen: Chosen) -> Result<Credential, Error> {
        let read = self.0.read_link(&chosen);
        if read.as_ref().is_err_and(|unread| unread.is_anothers) {
            self.0.set_aside(&chosen.live);
        }
        self.credential_of(chosen, read.map_err(|unread| Unread { is_anothers: false, ..unread }))
    }

    /// What a look behind a link came to. One behind which another account appeared is set aside by a worker: whoever only
    /// reads waits for no lock and no disk.
    pub(super) fn credential_of(&self, chosen: Chosen, read: Read) -> Result<Credential, Error> {
        match read {
            Ok(borrowed) => Ok(Credential::new(self, chosen, borrowed)),
            Err(unread) => {
                if unread.is_anothers {
                    let (inner, live) = (Arc::clone(&self.0.inner), chosen.live);
                    let key = format!("{}/{} set aside", live.provider, live.label);
                    self.0.workers.spawn_once("link", &key, move || inner.set_aside(&live));
                }
                Err(unread.error)
            }
        }
    }
}

impl Inner {
    /// Whether no newer version of the entry is stored.
    pub(super) fn is_current(&self, live: &Live) -> Result<bool, StoreError> {
        self.engine.read(|snapshot| {
            let newest = snapshot.live(live.provider.as_str(), live.label.as_str());
            newest.is_some_and(|newest| newest.version == live.version)
        })
    }

    /// A link behind which another account appeared is suspended in the store, so that every process stops using it.
    fn set_aside(&self, live: &Live) {
        let suspend = SuspendLink { provider: live.provider.clone(), label: live.label.clone(), version: live.version };
        // If it can't be written, the next read finds the same and tries again.
        let _ = self.engine.transact(&[Event::SuspendLink(suspend)]);
    }
}
