//! What holds the laws: one kind of scenario, a simulated world, and the harnesses that run the one in the other.
//!
//! A [`scenario`] is data. [`run`] plays it by a schedule, or has loom explore every order of its turns; both over the same
//! simulated [`world`], whose disk, lock, clocks and strict issuer write down what can be seen from outside. The laws of
//! the core judge what was written down. [`explored`] goes through every order with a memory. [`wrong`] has engines that make a
//! reported mistake: each must be caught, or the harnesses are worth nothing; [`kept`] are the counterexamples. [`coverage`] says
//! which harness holds which law.

mod acts;
pub mod arbitrary;
pub mod cases;
pub mod conduct;
pub mod coverage;
pub mod edits;
pub mod explored;
pub mod failures;
pub mod judging;
pub mod kept;
pub mod laws_page;
pub mod messages;
pub mod modules;
pub mod moves;
pub mod names;
pub mod picture;
#[cfg(feature = "loom")]
pub mod record;
pub mod registry;
pub mod run;
pub mod scenario;
pub mod schema;
pub mod sealed_home;
pub mod two_stores;
pub mod world;
pub mod wrong;
