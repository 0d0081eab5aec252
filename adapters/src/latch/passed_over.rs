//! Passing over what turns out to be of no use: what is behind a link is known when its file is read, and that is read when
//! the link's turn comes, for this request and no other.
//!
//! Nothing is taken for absent by this: an entry that can't be used now stays as it is, its turn comes again with the next
//! request, and where nothing else can be used, what was wrong with the first of them is the answer.

use credlatch_core::engine::{Chosen, NoToken};
use credlatch_core::name::Label;
use credlatch_core::pool::{Choice, FailureKind};
use credlatch_core::provider::Provider;

use super::credential::Credential;
use super::{Inner, Latch};
use crate::error::Error;

/// What was chosen for one request and could not be used. Empty, as it mostly is, it takes no memory.
#[derive(Default)]
pub(super) struct PassedOver {
    versions: Vec<u64>,
    turn: Option<u64>,
    first: Option<Error>,
    /// Whether the request may wait for the store's lock and for its disk.
    may_wait: bool,
}

/// What a request says of the entry that it wants.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted<'a> {
    /// The model it is for, if it says so.
    pub(super) model: Option<&'a str>,
    /// The entry, and no other, if it says so.
    pub(super) label: Option<&'a Label>,
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

impl PassedOver {
    /// For a request that waits in its call.
    pub(super) fn patient() -> Self {
        Self { may_wait: true, ..Self::default() }
    }

    /// What the next choice depends on.
    pub(super) fn choice<'a>(&'a self, inner: &Inner, wanted: Wanted<'a>) -> Choice<'a> {
        Choice { drawn: self.turn, passed: &self.versions, ..wanted.choice(inner) }
    }

    /// The versions alone, for a choice that is made on another thread.
    #[cfg(feature = "tokio")]
    pub(super) fn versions(&self) -> Vec<u64> {
        self.versions.clone()
    }
}

impl<'a> Wanted<'a> {
    /// What the first choice depends on.
    pub(super) fn choice(self, inner: &Inner) -> Choice<'a> {
        let Self { model, label } = self;
        Choice { model, label: label.map(Label::as_str), turn: inner.first_turn, drawn: None, passed: &[] }
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
    /// The error for a person: which label there isn't, and where all rest after what, as far as the store still tells.
    pub(super) fn explained(&self, row: &Provider, wanted: Wanted<'_>, nothing: Nothing) -> Error {
        let snapshot = self.0.engine.snapshot().ok();
        let state = snapshot.as_ref().map(|snapshot| &*snapshot.state);
        match (&nothing, wanted.label, state) {
            (Nothing::Chosen(NoToken::Empty), Some(label), Some(state)) => Error::no_entry(row, label, state),
            (Nothing::Chosen(NoToken::Empty), None, Some(state)) => {
                Error::nothing_in(&self.place_in_words(), row, state)
            }
            (Nothing::Chosen(NoToken::Empty), None, None) => Error::missing_in(&self.place_in_words(), row),
            (Nothing::Chosen(NoToken::Resting(until)), label, state) => {
                let slot = state.and_then(|state| state.slot(row.id.as_str()));
                let entries = || slot.into_iter().flat_map(|slot| &slot.entries);
                let rest = entries().filter_map(|entry| entry.health.rest).find(|rest| rest.until == *until);
                // What rests for a model alone was limited for it.
                let of_model = || entries().any(|entry| entry.health.models.values().any(|other| other == until));
                let cause = rest.map(|rest| rest.cause).or_else(|| of_model().then_some(FailureKind::Limited));
                Error::resting(row, label, until, cause)
            }
            _ => nothing.into_error(row),
        }
    }

    /// The profile, and the directory of its store if there is one.
    pub(super) fn place_in_words(&self) -> String {
        let profile = self.profile();
        #[cfg(all(feature = "env", feature = "file", unix))]
        if let Some(store) = self.0.inner.opened.elsewhere() {
            return format!("profile {profile} of {store}");
        }
        #[cfg(feature = "env")]
        if let Some(home) = self.0.inner.home() {
            return format!("profile {profile} of {}", home.display());
        }
        format!("profile {profile}")
    }

    /// Makes a credential of what was chosen; nothing if it can't be used, and another is to be chosen.
    pub(super) fn open(
        &self,
        chosen: Result<Chosen, NoToken>,
        passed: &mut PassedOver,
    ) -> Result<Option<Credential>, Nothing> {
        let chosen = match chosen {
            // Nobody has to look behind an entry of our own: most requests end here.
            Ok(chosen) if chosen.live.secret().is_some() => {
                chosen.live.count_use();
                return Ok(Some(Credential::new(self, chosen, None)));
            }
            chosen => chosen,
        };
        let opened = chosen.map(|chosen| Opened {
            version: chosen.live.version,
            turn: chosen.turn,
            credential: if passed.may_wait { self.credential_at_leisure(chosen) } else { self.credential(chosen) },
        });
        Self::take(opened, passed)
    }

    /// The same, of what was opened already.
    pub(super) fn take(
        opened: Result<Opened, NoToken>,
        passed: &mut PassedOver,
    ) -> Result<Option<Credential>, Nothing> {
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
