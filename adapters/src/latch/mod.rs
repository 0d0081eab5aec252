//! The face of the library: one profile, ready to use.

mod builder;
mod change;
mod credential;
mod grant;
mod plan;
#[cfg(feature = "file")]
mod profiles;
mod read;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use credlatch_core::name::ProfileName;
use credlatch_core::port::Clock;
use credlatch_core::provider::{Provider, Table};
use credlatch_core::rotation::Times;

pub use builder::{Builder, default_home};
pub use change::Cleared;
pub use credential::{Credential, Kind};
pub use grant::NewGrant;
pub use plan::{Plan, PlannedCommand};
#[cfg(feature = "file")]
pub use profiles::Profiles;
pub use read::Status;

use crate::backend::Backend;
use crate::error::Error;

/// One profile of one store. Clones are the same latch; it may be shared by threads.
///
/// It hands out the current credential for each request, and changes what is stored in whole steps. Ask it again for every
/// request: a read is nearly free, and sees what any other process has committed.
#[derive(Clone)]
pub struct Latch(Arc<Inner>);

struct Inner {
    backend: Box<dyn Backend>,
    table: Table,
    profile: ProfileName,
    /// For pools that are used in turn.
    turn: AtomicU64,
}

impl Latch {
    /// Describes which profile of which store to open.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A latch that keeps nothing, for tests and for programs that store nothing. Its clock is the machine's.
    pub fn in_memory() -> Self {
        Builder::default().in_memory(crate::system::SystemClock)
    }

    /// A latch that keeps nothing, on a clock of the caller's: see [`FakeClock`](crate::system::FakeClock).
    pub fn in_memory_on(clock: impl Clock + 'static) -> Self {
        Builder::default().in_memory(clock)
    }

    /// Which profile it is.
    pub fn profile(&self) -> &ProfileName {
        &self.0.profile
    }

    /// The providers it knows.
    pub fn providers(&self) -> &Table {
        &self.0.table
    }

    /// The provider of this name or alias.
    ///
    /// # Errors
    /// No provider is called so: [`ErrorKind::Usage`](crate::ErrorKind::Usage), with the nearest that is.
    pub fn provider(&self, name: &str) -> Result<&Provider, Error> {
        Ok(self.0.table.resolve(name)?)
    }

    /// For pools used in turn: a number that is another each time.
    fn turn(&self) -> u64 {
        self.0.turn.fetch_add(1, Ordering::Relaxed)
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch").field("profile", &self.0.profile).finish_non_exhaustive()
    }
}

/// A provider's times, as the machine takes them.
pub(crate) fn times(provider: &Provider) -> Times {
    provider.oauth.as_ref().map_or_else(Times::default, |oauth| Times {
        skew_ms: oauth.refresh_skew_secs.saturating_mul(1000),
        http_timeout_ms: oauth.http_timeout_secs.saturating_mul(1000),
        grace_ms: oauth.grace_secs.saturating_mul(1000),
    })
}
