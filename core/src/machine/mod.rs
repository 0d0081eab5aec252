//! The machine: every way in which a profile may change, as one total function.
//!
//! Every event is legal in every state; what can't be done is refused, and what comes too late changes nothing. Nothing
//! here acts on the world: an [`Effect`] is only a description, and it may be carried out once the state that permits it
//! is durable.

pub mod allowlist;
mod apply;
pub mod clear;
mod event;
pub mod exchanged;
pub mod flow;
mod known;
pub mod left;
pub mod moving;
pub mod origins;
mod outcome;
pub mod pool;
pub mod purge;
pub mod put;
mod rewrite;
pub mod rotation;
pub mod shared;

pub use apply::{Step, apply};
pub use event::Event;
pub use outcome::{Act, Effect, Refusal, Sent, Verdict};
