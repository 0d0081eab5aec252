//! What may be asked of a profile or happen to it.

use super::allowlist::Allow;
use super::clear::{Clear, Remove};
use super::flow::{Adopt, Cancel, ClaimCode, Failed, Prompted, Start, Step, Succeeded};
use super::moving::MoveStep;
use super::origins::NameOrigins;
use super::outcome::Sent;
use super::pool::{CountUses, Report, SetStrategy};
use super::put::{Put, SuspendLink};
use super::rotation::{ClaimRotation, Settle};
use super::shared::MarkShared;
use crate::state::Nonce;
use crate::state::rewrite::Rewrite;

/// Something that was asked for, or that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Store an entry.
    Put(Put),
    /// Remove one entry.
    Remove(Remove),
    /// Remove a provider's entries, end its login and remember what was there.
    Clear(Clear),
    /// An actor wants to present a grant's refresh token.
    ClaimRotation(ClaimRotation),
    /// What came of it.
    Settle(Settle),
    /// An actor wants to start a login, or to join the one in progress.
    StartFlow(Start),
    /// The issuer gave a code for the person to enter.
    FlowPrompted(Prompted),
    /// The issuer asks to be polled less often (RFC 8628, 3.5).
    FlowSlowedDown(Step),
    /// The poller wants to exchange the code it was given.
    ClaimCode(ClaimCode),
    /// The login is through: end the flow and store the entry, in one step.
    FlowSucceeded(Succeeded),
    /// The login failed.
    FlowFailed(Failed),
    /// A person cancels a login.
    CancelFlow(Cancel),
    /// A waiter takes over the polling of a login whose poller died.
    AdoptFlow(Adopt),
    /// The store says that the actor of this attempt is dead.
    ActorGone {
        /// Its attempt.
        attempt: Nonce,
        /// Whether it can have presented a refresh token.
        sent: Sent,
    },
    /// What a provider answered to a request that used an entry.
    Report(Report),
    /// Readers of this process used entries so many times.
    CountUses(CountUses),
    /// A variable is meant to reach the profile's children, or no longer.
    Allow(Allow),
    /// Choose how a pool is used.
    SetStrategy(SetStrategy),
    /// Another account appeared behind a link.
    SuspendLink(SuspendLink),
    /// These lines of a `.env` file are to go: recorded with the clear that they belong to.
    OweRewrite(Rewrite),
    /// They are gone.
    RewriteDone(Rewrite),
    /// Write down where a grant came from.
    NameOrigins(NameOrigins),
    /// Forget what is past its time.
    Purge,
    /// The store turned out to be a copy, or to have been rolled back.
    MarkShared(MarkShared),
    /// A person said that this copy is the one that lives on: nothing counts as shared any more.
    AdoptCopy,
    /// A step of a move from one store to another.
    Move(MoveStep),
}
