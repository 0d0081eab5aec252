//! Scenarios in every order, by an explorer that remembers: no situation is entered twice. What it found is held against
//! plays that it left out, against mistakes in its own making, and, with the feature `loom`, against loom.

mod astray;
mod commuting;
#[cfg(feature = "loom")]
mod loom;
mod orders;
mod published;
mod sound;
mod untold;
mod wrong;
