//! Running a scenario: every harness sets the world up, lets the participants act, brings everything to rest, and judges.

pub mod astray;
mod breadth;
mod commute;
#[cfg(feature = "loom")]
pub mod deepen;
pub mod diamonds;
pub mod end;
pub mod exploration;
#[cfg(feature = "loom")]
pub mod explore;
pub mod hand;
mod map;
pub mod play;
pub mod situations;
pub mod stage;
pub mod staged;
mod walk;
