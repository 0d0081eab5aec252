//! What a clear took away: waiting until nobody holds it, and revoking it.

use std::fmt;
use std::time::{Duration, Instant};

use credlatch_core::engine;
use credlatch_core::name::{Label, ProviderId};
use credlatch_core::port::Revoked;

use super::siblings::Siblings;
use super::{Inner, Latch};
use crate::error::{Error, ErrorKind};
use crate::when::whole_ms;

/// What a clear took away. Dropping it changes nothing.
#[derive(Clone, Debug)]
#[must_use = "requests may hold what was cleared (`drain`), and its issuer may still take it (`revoke`)"]
pub struct Cleared {
    pub(super) latch: Latch,
    pub(super) taken: engine::Cleared,
    pub(super) variables: Vec<String>,
    pub(super) others: Siblings,
}

/// What came of revoking what was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "what could not be revoked may still be used by whoever has it"]
#[non_exhaustive]
pub enum Revocation {
    /// Every issuer that can revoke confirmed it.
    Yes,
    /// An issuer could not be reached, or refused; or the provider's row names another than the login came from.
    No,
    /// It was left alone, because another entry holds it too ([`Cleared::held_by`]); nothing else failed.
    Held,
    /// A login was left alone, because another copy of the store may hold it too; nothing else failed.
    Shared,
    /// There was nothing that can be revoked: keys are not, nor other tools' logins, and some issuers offer none.
    Unsupported,
}

impl Revocation {
    /// The name that JSON output uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Held => "held",
            Self::Shared => "shared",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for Revocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Cleared {
    /// The entries that are gone: provider and label.
    pub fn entries(&self) -> &[(ProviderId, Label)] {
        &self.taken.entries
    }

    /// The variables whose lines were taken out of a `.env` file, in their order there.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The generation from which on readers see nothing of it.
    pub fn generation(&self) -> u64 {
        self.taken.generation
    }

    /// Whether nobody in this process holds what was cleared any more. Copies that callers made of the bytes don't count.
    pub fn is_drained(&self) -> bool {
        self.latch.0.engine.is_drained(&self.taken) && self.others.are_free_of(&self.taken)
    }

    /// Waits until [`Cleared::is_drained`].
    ///
    /// # Errors
    /// Somebody still holds it after `timeout`: [`ErrorKind::Busy`]. It is cleared all the same.
    pub fn drain(&self, timeout: Duration) -> Result<(), Error> {
        drain(&self.latch.0, &self.taken, &self.others, timeout)
    }

    /// The entries that stay and hold the same credential as one that is gone. Whoever ends it at its provider ends theirs.
    pub fn held_by(&self) -> &[(ProviderId, Label)] {
        &self.taken.held
    }

    /// Why a cleared login is not named to its issuer, if that is because the provider's row names another than it came
    /// from.
    pub fn why_withheld(&self) -> Option<Error> {
        let withheld = self.taken.withheld.first()?;
        Some(Error::not_revoked_elsewhere(&withheld.provider, withheld.from.as_ref(), withheld.to.as_ref()))
    }

    /// Revokes the cleared logins at their issuers, best effort, and says what came of it. They are cleared already, so
    /// this may take its time.
    pub fn revoke(&self) -> Revocation {
        self.latch.0.inner.revoke(&self.taken)
    }
}

impl Inner {
    pub(super) fn revoke(&self, taken: &engine::Cleared) -> Revocation {
        let answers = self.engine.revoke_all(&*self.issuer, &taken.effects);
        if answers.contains(&Revoked::No) || !taken.withheld.is_empty() {
            Revocation::No
        } else if !taken.held.is_empty() {
            Revocation::Held
        } else if taken.has_shared {
            Revocation::Shared
        } else if answers.contains(&Revoked::Yes) {
            Revocation::Yes
        } else {
            Revocation::Unsupported
        }
    }
}

/// Waits until nobody in this process holds what was cleared, whichever latch it came from.
pub(super) fn drain(inner: &Inner, taken: &engine::Cleared, others: &Siblings, timeout: Duration) -> Result<(), Error> {
    let began = Instant::now();
    let timeout_ms = whole_ms(timeout);
    let is_drained =
        inner.engine.drain(taken, timeout_ms) && others.drain(taken, timeout.saturating_sub(began.elapsed()));
    if is_drained { Ok(()) } else { Err(still_held(timeout_ms)) }
}

fn still_held(timeout_ms: u64) -> Error {
    Error::new(
        ErrorKind::Busy,
        format!("it is cleared, but a request of this process still held the old credential after {timeout_ms} ms"),
        "wait longer, or drop the Credential as soon as its request is sent",
    )
}
