//! Acts that another process does, one that outlives whoever asked for them.

use super::code::Code;
use crate::machine::exchanged::Exchanged;
use crate::machine::flow::Step;
use crate::machine::rotation::Cause;
use crate::state::name::{Label, ProviderId};
use crate::state::times::Times;

/// A rotation that is wanted.
#[derive(Clone, Debug)]
pub struct RotationRequest {
    /// The provider.
    pub provider: ProviderId,
    /// The entry.
    pub label: Label,
    /// The version that isn't good enough any more.
    pub version: u64,
    /// Why.
    pub cause: Cause,
    /// The provider's times.
    pub times: Times,
}

/// A part of a login that another process can do.
#[derive(Clone, Copy, Debug)]
pub enum Part<'a> {
    /// To poll until the flow ends, in the place of whoever holds it: what is needed for that is in the store.
    Poll,
    /// To exchange this code, in the place of whoever holds the flow.
    Exchange(&'a Code),
}

/// What a process that was to do an act says of it. What came of the act is in the store.
#[derive(Clone, Debug, PartialEq)]
pub enum Elsewhere {
    /// It stored this version.
    Granted {
        /// The entry's version.
        version: u64,
    },
    /// The issuer granted nothing.
    Failed(Exchanged),
    /// It ended, and says no more: it was killed, or somebody else was faster.
    Ended,
    /// It is still at it.
    Pending,
}

/// Who does acts in a process of their own.
pub trait Delegate: Send + Sync {
    /// Has a rotation done, and waits for it at most so long. None if no process can be had: then the caller does it.
    fn rotate(&self, request: &RotationRequest, patience_ms: u64) -> Option<Elsewhere>;

    /// Has a part of a login done, and waits until a poll has begun, or an exchange has ended. Returns whether it did; if not the
    /// caller does it.
    fn log_in(&self, step: &Step, part: Part<'_>) -> bool;
}
