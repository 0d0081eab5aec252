//! Passing over what turns out to be of no use: what is behind a link is known when its file is read, and that is read when
//! the link's turn comes, for this request and no other.
//!
//! Nothing is taken for absent by this: an entry that can't be used now stays as it is, its turn comes again with the next
//! request, and where nothing else can be used, what was wrong with the first of them is the answer.

use credlatch_core::engine::{NoToken, Picked};
use credlatch_core::pool::Choice;
use credlatch_core::provider::Provider;

use super::credential::Credential;
use super::{Inner, Latch};
use crate::error::Error;

/// What was chosen for one request and could not be used. Empty, as it mostly is, it takes no memory.
#[derive(Default)]
pub(super) struct Passed {
    versions: Vec<u64>,
    turn: Option<u64>,
    first: Option<Error>,
    /// Whether the request may wait for the store's lock and for its disk.
    may_wait: bool,
}

/// What was chosen, with what came of opening it.
pub(super) struct Opened {
    pub(super) version: u64,
    pub(super) turn: u64,
    pub(super) credential: Result<Credential, Error>,
}

/// Why a request gets nothing.
pub(super) enum Nothing {
    /// Nothing could be chosen.
    Chosen(NoToken),
    /// What could be chosen could not be used; this is what was wrong with the first.
    Opened(Error),
}

impl Passed {
    /// For a request that waits in its call.
    pub(super) fn patient() -> Self {
        Self { may_wait: true, ..Self::default() }
    }

    /// What the next choice depends on.
    pub(super) fn choice<'a>(&'a self, inner: &Inner, model: Option<&'a str>) -> Choice<'a> {
        Choice { model, turn: inner.first_turn, drawn: self.turn, passed: &self.versions }
    }

    /// The versions alone, for a choice that is made on another thread.
    #[cfg(feature = "tokio")]
    pub(super) fn versions(&self) -> Vec<u64> {
        self.versions.clone()
    }
}

impl Nothing {
    pub(super) fn into_error(self, row: &Provider) -> Error {
        match self {
            Self::Chosen(why) => Error::no_token(row, why),
            Self::Opened(error) => error,
        }
    }
}

impl Latch {
    /// The error for a person: where all rest it says after what, as far as the store still tells.
    pub(super) fn explained(&self, row: &Provider, nothing: Nothing) -> Error {
        let Nothing::Chosen(NoToken::Resting(until)) = &nothing else { return nothing.into_error(row) };
        let snapshot = self.0.backend.snapshot().ok();
        let slot = snapshot.as_ref().and_then(|snapshot| snapshot.state.slot(row.id.as_str()));
        let mut rests = slot.into_iter().flat_map(|slot| &slot.entries).filter_map(|entry| entry.health.rest);
        let cause = rests.find(|rest| rest.until == *until).map(|rest| rest.cause);
        Error::resting(row, until, cause)
    }

    /// Makes a credential of what was chosen; nothing if it can't be used, and another is to be chosen.
    pub(super) fn open(
        &self,
        picked: Result<Picked, NoToken>,
        passed: &mut Passed,
    ) -> Result<Option<Credential>, Nothing> {
        let picked = match picked {
            // Nobody has to look behind an entry of our own: most requests end here.
            Ok(picked) if picked.live.secret().is_some() => {
                picked.live.count_use();
                return Ok(Some(Credential::new(self, picked, None)));
            }
            picked => picked,
        };
        let opened = picked.map(|picked| Opened {
            version: picked.live.version,
            turn: picked.turn,
            credential: if passed.may_wait { self.credential_at_leisure(picked) } else { self.credential(picked) },
        });
        Self::take(opened, passed)
    }

    /// The same, of what was opened already.
    pub(super) fn take(opened: Result<Opened, NoToken>, passed: &mut Passed) -> Result<Option<Credential>, Nothing> {
        let opened = opened.map_err(|why| match passed.first.take() {
            Some(first) if why.asks_for_login() => Nothing::Opened(first),
            _ => Nothing::Chosen(why),
        })?;
        passed.turn = Some(opened.turn);
        match opened.credential {
            Ok(credential) => {
                // What is handed out is used, and nothing that was only looked at.
                credential.live().count_use();
                Ok(Some(credential))
            }
            Err(error) => {
                passed.versions.push(opened.version);
                passed.first.get_or_insert(error);
                Ok(None)
            }
        }
    }
}
