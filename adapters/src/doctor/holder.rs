//! Who holds a claim, and whether they live.

use credlatch_core::state::{Actor, Claim};

use super::Case;
use crate::system::process;

/// Whoever holds a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Their process.
    pub pid: u32,
    /// Whether they live.
    pub life: Life,
}

/// Whether a holder lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Life {
    /// They are at work.
    AtWork,
    /// They live and are stopped, as by Ctrl-Z.
    Stopped,
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
            Self::Gone => "gone",
            Self::Unknown => "unknown",
        }
    }
}

impl Case<'_> {
    /// Looks how the holder of a claim is.
    pub(super) fn holder(&self, claim: &Claim) -> Holder {
        Holder { pid: claim.actor.pid, life: self.life(&claim.actor) }
    }

    fn life(&self, actor: &Actor) -> Life {
        match self.latch.backend().is_alive(actor) {
            Ok(true) if process::is_stopped(actor) => Life::Stopped,
            Ok(true) => Life::AtWork,
            Ok(false) => Life::Gone,
            Err(_) => Life::Unknown,
        }
    }
}
