//! Who holds a claim, and whether they live.

use std::time::Duration;

use credlatch_core::name::ProviderId;
use credlatch_core::port::{Clock as _, Left, Store as _};
use credlatch_core::state::{Actor, Claim};

use super::Case;
use crate::latch::Latch;
use crate::system::{lockers, process};

/// Whoever holds a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Their process, if its number means the same process here: none if it is another container's, or can't be told.
    pub pid: Option<u32>,
    /// Whether they live.
    pub life: Life,
    /// How long they seem at work at most, though they have ended: none where that is seen at once, or nobody can tell.
    pub lingers: Option<Duration>,
}

/// Whether a holder lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// They are at work.
    AtWork,
    /// They live and are stopped, as by Ctrl-Z.
    Stopped,
    /// What the issuer granted them is written down: whoever changes the profile next stores it, whether they live or not.
    Answered,
    /// They have ended without finishing; the next change notices that.
    Gone,
    /// Nobody can tell.
    Unknown,
}

impl Life {
    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AtWork => "at_work",
            Self::Stopped => "stopped",
            Self::Answered => "answered",
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl Holder {
    /// Who it is, for people.
    pub(super) fn who(&self) -> String {
        self.pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
    }
}

impl Latch {
    /// Who keeps the login of this provider going, as [`Latch::doctor`] says it; none if nobody does, or the store can't be read.
    pub fn login_holder(&self, provider: &ProviderId) -> Option<Holder> {
        let (status, now) = (self.status().ok()?, self.engine().clock().now());
        let claim = status.state.slot(provider.as_str())?.flow.as_ref()?.holder.as_ref()?;
        Some(Case { latch: self, state: &status.state, now }.holder(claim))
    }
}

impl Case<'_> {
    /// Looks how the holder of a claim is.
    pub(super) fn holder(&self, claim: &Claim) -> Holder {
        let life = self.life(claim);
        let pid = match life {
            // Its number may be somebody else's by now, or nobody's.
            Life::Gone => process::shares_numbers(claim.actor.pid_namespace).then_some(claim.actor.pid),
            _ => self.locker(&claim.actor).or_else(|| process::named(&claim.actor)),
        };
        let lingers = || self.latch.engine().store().lingers_ms(&claim.actor).map(Duration::from_millis);
        Holder { pid, life, lingers: (life == Life::AtWork).then(lingers).flatten() }
    }

    /// Whoever has the lock in truth: the actor itself, or a child of it that inherited its file.
    fn locker(&self, actor: &Actor) -> Option<u32> {
        let store = self.latch.file_store()?;
        let lockers = lockers::pids(&store.sign(actor.name).ok()?);
        lockers.iter().copied().find(|pid| Some(*pid) == process::named(actor)).or_else(|| lockers.first().copied())
    }

    fn life(&self, claim: &Claim) -> Life {
        match self.latch.engine().store().left(claim) {
            Ok(Left::Answer(_)) => Life::Answered,
            Ok(Left::Going) if process::is_stopped(&claim.actor) => Life::Stopped,
            Ok(Left::Going) => Life::AtWork,
            Ok(Left::NoNote | Left::MaybeSent { .. }) => Life::Gone,
            Err(_) => Life::Unknown,
        }
    }
}
