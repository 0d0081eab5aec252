//! credlatch-core
pub mod clear;
pub mod extra;
pub mod flow;
pub mod machine;
pub mod name;
pub mod pool;
pub mod put;
pub mod rotation;
pub mod secret;
pub mod state;
pub mod time;

pub use machine::{Effect, Event, Refusal, Step, Verdict, apply};
pub mod port;
