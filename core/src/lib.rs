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
//! of what was cleared. An [`Event`] is something that was asked for or that happened. [`apply`] takes a state, the time
//! and an event, and gives the next state, a [`Verdict`] and the [`Effect`]s that it permits:
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
//! [`law`] has the seventeen promises, each as a check of what can be observed from outside. The tests explore interleavings,
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

pub mod allowlist;
pub mod clear;
pub mod dotenv;
pub mod engine;
pub mod flow;
pub mod known;
pub mod law;
pub mod machine;
mod origins;
pub mod pool;
pub mod port;
pub mod provider;
pub mod put;
pub mod rewrite;
pub mod rotation;
#[cfg(test)]
mod sample;
pub mod scrub;
pub mod shared;
pub mod state;

pub use machine::{Effect, Event, Refusal, Step, Verdict, apply};
pub use state::{each_once, extra, name, time};

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

/// Where a secret may be sent.
pub mod origin {
    pub use crate::origins::NameOrigins;
    pub use crate::state::origin::*;
}

/// The bytes that must never be seen, and their digest.
pub mod secret {
    pub use crate::state::fingerprint::{Fingerprint, fingerprint};
    pub use crate::state::secret::*;
}
