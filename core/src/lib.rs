//! The pure heart of credlatch: how a stored credential may change, and the laws that every change keeps.
//!
//! Programs that call model providers hold credentials that change under them: a login arrives, a token is rotated, a user
//! signs out, a second process does the same at the same moment. This crate says what may happen then. It has no clock, no
//! file, no network, no thread, no randomness and no environment: whatever it needs is passed in, so that everything it
//! does can be explored.
//!
//! # The story
//!
//! A profile holds a [`State`](state::State): for each provider its entries, at most one login in progress, and the memory
//! of what was cleared. What is stored stands in [`state`], which knows nothing of what may happen to it; that is the
//! [`machine`]. An [`Event`] is something that was asked for or that happened. [`apply`] takes a state, the time and an
//! event, and gives the next state, a [`Verdict`] and the [`Effect`]s that it permits:
//!
//! ```text
//! apply(&State, &Stamp, &Event) -> Step { state, effects, verdict }
//! ```
//!
//! It is total: every event is legal in every state, and what can't be done is refused. One arm a transition:
//!
//! 1. [`put`] stores an entry, by name or as one of many that an import brings;
//! 2. [`rotation`] claims a refresh token, and settles what came of presenting it;
//! 3. [`flow`] reserves a login, shows its code, polls, exchanges and ends it;
//! 4. [`pool`] chooses among several entries, and lets those rest that a provider turned away;
//! 5. [`clear`](mod@clear) takes away in one step, and remembers; [`rewrite`] keeps what it still owes to a `.env` file.
//!
//! The [`engine`] is the only place that knows the order of things. It works over [`port`]s: a store, a clock, a source of
//! nonces, an issuer and a lock. Every change is *lock, load, apply, commit once, publish, unlock, then act*; so what
//! permits an act is durable before the act, and nothing is locked while somebody waits for a network. What keeps two
//! actors from doing what only one may do is a [`Claim`](custody::Claim) in the state, which is alive exactly as long as its
//! actor is.
//!
//! [`law`] has what is promised, each law as a check of what can be observed from outside. The tests explore interleavings,
//! crashes and arbitrary histories against them; builds with debug assertions check those that speak of one step after
//! every step.
//!
//! Beside the machine stand three pure tables and plans: [`provider`] is the table of providers, [`scrub`] plans the
//! environment of a child, and [`dotenv`] rewrites a `.env` file.
//!
//! # What it refuses to do
//!
//! It never reads a clock, takes over an act because time has passed, serializes a secret that a field didn't ask for,
//! prints one, falls back from one provider's credential to another's, or takes an unreadable store for an empty one.

pub mod dotenv;
pub mod engine;
pub mod law;
pub mod machine;
pub mod port;
pub mod provider;
#[cfg(test)]
mod sample;
pub mod scrub;
pub mod state;

pub use machine::{Effect, Event, Refusal, Step, Verdict, apply, clear, put};
pub use state::{each_once, extra, known, name, rewrite, time};

// By subject, under one path: what is stored of it, and what may happen to it.

/// The variables that a profile's children inherit because a person said so.
pub mod allowlist {
    pub use crate::machine::allowlist::*;
    pub use crate::state::allowlist::*;
}

/// Who may act.
pub mod custody {
    pub use crate::state::Nonce;
    pub use crate::state::custody::*;
}

/// The digest by which a secret is recognised, and the keyed one that outlives it.
pub mod fingerprint {
    pub use crate::state::fingerprint::*;
    pub use crate::state::mark::*;
}

/// Logins.
pub mod flow {
    pub use crate::machine::flow::*;
    pub use crate::state::flow::*;
}

/// Where a secret may be sent.
pub mod origin {
    pub use crate::machine::origins::*;
    pub use crate::state::origin::*;
}

/// Pools, and what keeps an entry from being used.
pub mod pool {
    pub use crate::machine::pool::*;
    pub use crate::machine::purge::*;
    pub use crate::state::health::*;
    pub use crate::state::strategy::*;
}

/// Rotation: claim, exchange, settle.
pub mod rotation {
    pub use crate::machine::exchanged::*;
    pub use crate::machine::left::*;
    pub use crate::machine::rotation::*;
    pub use crate::state::times::*;
    pub use crate::state::turned_away::*;
    pub use crate::state::unreached::*;
}

/// The bytes that must never be seen, and their digest.
pub mod secret {
    pub use crate::state::fingerprint::{Fingerprint, fingerprint};
    pub use crate::state::secret::*;
}

/// Moving a profile to another store.
pub mod moving {
    pub use crate::machine::moving::*;
    pub use crate::state::moving::*;
}

/// Grants that another copy of the store may hold too.
pub mod shared {
    pub use crate::machine::shared::*;
    pub use crate::state::shared::*;
}
