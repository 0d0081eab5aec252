//! What tells apart what a place holds, and which parts of that may be old.

use std::sync::{Arc, Weak};

use credlatch_core::engine::{Live, Snapshot};
use credlatch_core::state::time::Stamp;
use credlatch_core::state::{Nonce, State};

/// What tells apart what a place holds.
#[derive(Clone, Debug)]
pub(super) enum Holds {
    /// How it came to hold that.
    History,
    /// This.
    Told(u128),
    /// What its process has published, the state that it shows, and what tells it apart. Whoever has no such word finds that it is old, and looks
    /// no further.
    Published(Weak<Snapshot>, Arc<State>, Option<u64>, u128),
    /// What its process has noted.
    Ledger {
        /// Since when it has watched acts. One that no state tells of any more is forgotten unseen.
        watched: Vec<(Nonce, Stamp)>,
        /// The records that somebody holds. How often they are used counts where a commit finds them published.
        records: Vec<Weak<Live>>,
    },
    /// A sign of life of this name, whether it is over and has no answer, and what tells it apart.
    Sign {
        /// Its name.
        name: Nonce,
        /// Whether it is over, and no answer lies beside it.
        is_over: bool,
        /// What tells it apart.
        told: u128,
        /// What somebody sees who looks at it now.
        seen: u128,
    },
}

impl Holds {
    /// What it holds; nothing where only its history tells that.
    pub(super) fn told(&self) -> Option<u128> {
        if let Self::Told(told) = self { Some(*told) } else { None }
    }

    /// Which part it is of what may be old.
    pub(super) fn part(&self) -> Option<Part> {
        match self {
            Self::Published(..) => Some(Part::Published),
            Self::Ledger { .. } => Some(Part::Ledger),
            Self::Sign { name, .. } => Some(Part::Sign(*name)),
            Self::History | Self::Told(_) => None,
        }
    }
}

/// A part of what may be old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// What a process has published.
    Published,
    /// What it has noted beside.
    Ledger,
    /// A sign of life.
    Sign(Nonce),
}
