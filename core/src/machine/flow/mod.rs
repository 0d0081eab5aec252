//! Logins: reserve, ask for a code, wait for the person, exchange, end.
//!
//! A provider has one place for a live flow, so two starts can't both have one: the second joins. Its end and the entry
//! that it stores are one step, so a cancel and a success can't both win.

mod asked;
mod end;
mod steps;

pub use asked::{Adopt, Cancel, ClaimCode, Failed, Prompted, Start, Step, Succeeded};
pub(super) use end::{end_live, forget_ended, lapse};
pub use steps::{LIVE_MAX_MS, LIVE_MIN_MS, RESERVED_MAX_MS, SLOW_DOWN_SECS};
pub(super) use steps::{actor_gone, adopt, cancel, claim_code, failed, prompted, slowed_down, start, succeeded};

#[cfg(test)]
mod tests;
