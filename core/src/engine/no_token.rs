//! Why there is nothing good for a request.

use super::{TransactError, UnsavedGrant};
use crate::machine::pool::{Choice, Eligibility, Unusable};
use crate::port::StoreError;
use crate::state::custody::{Actor, DoubtCause};
use crate::state::name::Label;
use crate::state::origin::Origin;
use crate::state::shared::Shared;
use crate::state::time::{Deadline, Stamp};
use crate::state::turned_away::TurnedAway;
use crate::state::unreached::Unreached;
use crate::state::{Entry, Slot, Source};

/// Why there is nothing good for a request.
#[derive(Clone, Debug)]
pub enum NoToken {
    /// Nothing is stored.
    Empty,
    /// All entries rest; the first will be usable then.
    Resting(Deadline),
    /// What there is, is dead, lost or over: a new login is needed. The code says why, where one is known.
    SignIn(Option<String>),
    /// What there is, is set aside: a link behind which another account appeared, or a login that is none of ours to use.
    Suspended {
        /// The first of them.
        label: Label,
        /// Where that came from.
        source: Source,
    },
    /// What there is has ended, and has no refresh token.
    Ended {
        /// The first of them.
        label: Label,
    },
    /// The access token ended, and the provider's row would send its refresh token to another origin than this, from which
    /// it came.
    Elsewhere(Option<Origin>),
    /// What there is has ended, and nobody here can present its refresh token.
    NoIssuer {
        /// The first of them.
        label: Label,
    },
    /// The access token ended, and what became of its refresh token isn't known. It may be presented again then.
    InDoubt {
        /// Not before this.
        until: Deadline,
        /// What happened.
        cause: Option<DoubtCause>,
    },
    /// The issuer gave no tokens; the next try may be made then.
    Unreachable(Deadline),
    /// The issuer answered, and turned the request away without a look at the token; the next try may be made then.
    TurnedAway {
        /// Whose token it was to renew.
        label: Label,
        /// Not before this.
        until: Deadline,
        /// What it answered.
        answer: Box<TurnedAway>,
    },
    /// Nothing could be sent to the issuer, because this stood between; the next try may be made then.
    Unreached {
        /// Whose token it was to renew.
        label: Label,
        /// Not before this.
        until: Deadline,
        /// What stood between.
        unreached: Unreached,
    },
    /// What answered as the issuer is not trusted, so nothing was sent to it; the next try may be made then.
    Untrusted(Deadline),
    /// It has ended, and its refresh token may be in another copy of the store.
    Shared(Shared),
    /// Somebody else rotates, and has for longer than the caller would wait.
    Busy(Actor),
    /// The issuer granted new tokens that could not be saved. This process has them.
    Unsaved(Box<UnsavedGrant>),
    /// The store can't be used.
    Store(TransactError),
}

impl NoToken {
    /// Whether only a new credential helps, however long anybody waits.
    pub fn asks_for_login(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::SignIn(_)
                | Self::Shared(_)
                | Self::Suspended { .. }
                | Self::Ended { .. }
                | Self::NoIssuer { .. }
                | Self::Elsewhere(_)
        )
    }
}

impl From<StoreError> for NoToken {
    fn from(error: StoreError) -> Self {
        Self::Store(error.into())
    }
}

/// Why a pool has no entry to choose.
pub(super) fn no_choice(slot: &Slot, now: &Stamp, choice: &Choice<'_>, why: Unusable) -> NoToken {
    match why {
        Unusable::Empty => NoToken::Empty,
        Unusable::Resting(until) => NoToken::Resting(until),
        Unusable::SignIn => nothing_left(slot, now, choice),
    }
}

/// What a rejection was says more than what was never ours to use, or has run out.
fn nothing_left(slot: &Slot, now: &Stamp, choice: &Choice<'_>) -> NoToken {
    let wanted = || slot.entries.iter().filter(|entry| choice.wants(entry));
    let said = |entry: &Entry| match entry.eligibility(now, None) {
        Eligibility::Dead(dead) => Some(NoToken::SignIn(Some(dead.reason.clone()))),
        Eligibility::Lost(lost) => Some(NoToken::SignIn(Some(lost.code.clone()))),
        _ => None,
    };
    let set_aside = |entry: &Entry| match entry.eligibility(now, None) {
        Eligibility::Suspended => Some(NoToken::Suspended { label: entry.label.clone(), source: entry.source.clone() }),
        Eligibility::Ended => Some(NoToken::Ended { label: entry.label.clone() }),
        _ => None,
    };
    let rejected = wanted().find_map(said);
    rejected.or_else(|| wanted().find_map(set_aside)).unwrap_or(NoToken::SignIn(None))
}
