//! Rotation: claim, exchange, settle. The claim is durable before the refresh token is presented, so nobody presents it
//! beside somebody else; the settlement names its attempt, so one that comes too late changes nothing.

mod claim;
mod settle;

pub(super) use claim::claim;
pub use claim::{CHALLENGE_SPACING_MS, Cause, ClaimRotation};
pub use settle::{BACK_OFF_FIRST_MS, BACK_OFF_MAX_MS, Settle};
pub(super) use settle::{actor_gone, settle};

#[cfg(test)]
pub(super) mod tests;
