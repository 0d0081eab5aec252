//! What an operation was told, and which states explain it.

use credlatch_core::Verdict;
use credlatch_core::pool::{self, Choice, Unusable};
use credlatch_core::state::State;

use crate::line::{Held, View, held};
use crate::spec::{DEFAULT, now};

/// What a change was told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// Nothing: it was cut off, or failed for a reason of the issuer's.
    Nothing,
    Stored,
    /// These labels are gone, since that generation.
    Cleared {
        provider: String,
        labels: Vec<String>,
        generation: u64,
    },
    /// There was no such entry.
    NoEntry,
    /// A rotation ended, and this is the entry now.
    Rotated {
        provider: String,
        version: u64,
        value: String,
    },
    /// A rotation ended, and the entry is gone.
    Gone {
        provider: String,
    },
}

/// What was seen.
#[derive(Clone, Debug)]
pub(crate) enum Sight {
    All(View),
    Picked {
        provider: String,
        label: String,
        version: u64,
        value: String,
        generation: u64,
    },
    NothingToPick {
        provider: String,
    },
    OnlyLost {
        provider: String,
    },
    /// The provider's default entry.
    Entry {
        provider: String,
        version: u64,
        value: String,
    },
    NoEntry {
        provider: String,
    },
    /// The provider's default entry is one of these; `true` if trying may notice a death.
    Held {
        provider: String,
        any_of: &'static [Held],
    },
    /// No state explains it.
    Never,
}

impl Told {
    pub(crate) fn is_of(&self, before: &State, after: &State, verdict: &Verdict) -> bool {
        match self {
            Self::Nothing => true,
            Self::Stored => matches!(verdict, Verdict::Done | Verdict::Nothing),
            Self::NoEntry => *verdict == Verdict::Nothing,
            Self::Cleared { provider, labels, generation } => {
                let gone = |slot: &credlatch_core::state::Slot| {
                    let stays = |label: &str| after.entry(provider, label).is_some();
                    let labels = slot.entries.iter().map(|entry| entry.label.as_str().to_owned());
                    labels.filter(|label| !stays(label)).collect::<Vec<_>>()
                };
                after.generation == *generation && before.slot(provider).map(gone).unwrap_or_default() == *labels
            }
            Self::Rotated { provider, version, value } => is_entry(after, provider, *version, value),
            Self::Gone { provider } => after.entry(provider, DEFAULT).is_none(),
        }
    }
}

impl Sight {
    pub(crate) fn is_of(&self, state: &State) -> bool {
        let choose = |provider: &str| state.slot(provider).map(|slot| (slot, pool::select(slot, &now(state), &ANY)));
        match self {
            Self::All(view) => state.generation == view.generation && View::of(state) == *view,
            Self::Picked { provider, label, version, value, generation } => {
                *generation == state.generation
                    && choose(provider).is_some_and(|(slot, chosen)| {
                        chosen.is_ok_and(|at| {
                            let entry = &slot.entries[at];
                            let secret = entry.secret().map(credlatch::Secret::expose_secret);
                            entry.label.as_str() == label && entry.version == *version && secret == Some(value)
                        })
                    })
            }
            Self::NothingToPick { provider } => {
                choose(provider).is_none_or(|(_, chosen)| chosen == Err(Unusable::Empty))
            }
            Self::OnlyLost { provider } => choose(provider).is_some_and(|(_, chosen)| chosen == Err(Unusable::SignIn)),
            Self::Entry { provider, version, value } => is_entry(state, provider, *version, value),
            Self::NoEntry { provider } => state.entry(provider, DEFAULT).is_none(),
            Self::Held { provider, any_of } => {
                state.entry(provider, DEFAULT).is_some_and(|entry| any_of.contains(&held(entry)))
            }
            Self::Never => false,
        }
    }
}

const ANY: Choice<'static> = Choice { model: None, label: None, turn: 0, drawn: None, passed: &[] };

fn is_entry(state: &State, provider: &str, version: u64, value: &str) -> bool {
    state.entry(provider, DEFAULT).is_some_and(|entry| {
        entry.version == version && entry.secret().is_some_and(|secret| secret.expose_secret() == value)
    })
}
