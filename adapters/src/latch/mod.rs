//! The face of the library: one profile, ready to use.

mod adopt;
mod allowlist;
mod builder;
mod change;
#[cfg(feature = "tokio")]
mod change_async;
mod cleared;
mod counters;
mod credential;
#[cfg(feature = "tokio")]
mod crowd;
#[cfg(feature = "env")]
mod debts;
#[cfg(feature = "env")]
mod dotenv;
mod exchange;
mod expand;
mod flows;
mod given;
#[cfg(all(feature = "file", unix))]
mod guard;
#[cfg(any(feature = "env", feature = "foreign"))]
mod import;
#[cfg(any(feature = "http", all(feature = "file", unix)))]
mod inside;
mod issuer;
mod keyless;
#[cfg_attr(not(feature = "foreign"), path = "link_disabled.rs")]
mod link;
mod login;
mod moving;
#[cfg(feature = "env")]
pub(crate) mod nothing_in;
mod outcome;
mod own;
mod passed_over;
#[cfg(feature = "env")]
mod plan;
#[cfg(all(feature = "file", unix))]
mod profiles;
mod read;
mod recognise;
mod renewals;
mod report;
mod request;
mod rotate;
mod rotate_with;
mod scope;
#[cfg(all(feature = "file", unix))]
mod serve_exchange;
mod siblings;
#[cfg(feature = "tokio")]
mod wait;
mod watch;
mod watcher;
mod workers;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use credlatch_core::name::ProfileName;
use credlatch_core::port::{Clock, Issuer};
use credlatch_core::provider::{OAuth, Provider, Table};
use credlatch_core::rotation::Times;

pub use builder::{Builder, default_home};
pub use change::{HeldBack, Stored, StoredChange};
pub use cleared::{Cleared, Revocation};
pub use credential::{Credential, Kind};
pub use expand::Expanded;
pub use flows::{FlowState, FlowStatus};
#[cfg(all(feature = "doctor", unix))]
pub(crate) use guard::list;
#[cfg(all(feature = "doctor", unix))]
pub(crate) use import::preview;
#[cfg(any(feature = "env", feature = "foreign"))]
pub use import::{Taken, Took};
pub use login::Flow;
pub use moving::Moved;
pub use outcome::Outcome;
#[cfg(feature = "env")]
pub use plan::{Plan, Planning};
#[cfg(all(feature = "file", unix))]
pub use profiles::Profiles;
#[cfg(all(feature = "doctor", unix))]
pub(crate) use profiles::listed;
pub use read::Status;
pub use report::Next;
pub use request::TokenRequest;
pub use rotate::{BackOff, Rotated};
pub use scope::Scope;
pub use watch::Watch;

use crate::engine::Engine;
use crate::error::Error;
use workers::Workers;

/// One profile of one store. Clones are the same latch; it may be shared by threads.
///
/// It hands out the current credential for each request, and changes what is stored in whole steps. Ask it again for every
/// request: a read is nearly free, and sees what any other process has committed.
///
/// ```
/// use credlatch::{Latch, Secret};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let latch = Latch::in_memory();
/// latch.set("minimax", Secret::try_from("mm-1")?)?;
/// let worker = std::thread::spawn({
///     let latch = latch.clone();
///     move || latch.token("minimax").map(|credential| credential.version())
/// });
/// let version = latch.token("minimax")?.version();
/// assert_eq!(worker.join().unwrap()?, version);
///
/// latch.set("minimax", Secret::try_from("mm-2")?)?;
/// assert_ne!(latch.token("minimax")?.version(), version, "whoever asks again has the new one");
/// # Ok(())
/// # }
/// ```
///
/// Dropping the last clone waits for an exchange with an issuer that this latch has begun, because tokens that nobody
/// saves are lost; an exchange lasts at most the provider's HTTP time-out.
#[derive(Clone)]
pub struct Latch(Arc<Open>);

/// What the clones of a latch share. Its credentials keep the handle, and not this.
#[repr(C)]
struct Open {
    /// The handle's, so that a read has it in one step.
    inner: Arc<Inner>,
    counters: counters::Counters,
    handle: Arc<Handle>,
}

struct Handle {
    inner: Arc<Inner>,
    workers: Workers,
    #[cfg(feature = "tokio")]
    crowds: wait::Crowds,
    #[cfg(feature = "tokio")]
    waiting: watch::Waiting,
}

/// What workers share with the handles: they don't keep a latch alive, so that its last handle can wait for them. In this order,
/// what a read needs lies together.
#[repr(C)]
struct Inner {
    table: Arc<Table>,
    #[cfg(all(feature = "file", unix))]
    guard: Arc<guard::Guard>,
    /// Where it begins in a pool that is used in turn: processes that ask once must not all ask for the first entry.
    first_turn: u64,
    engine: Engine,
    /// Shared by all latches of one [`Profiles`], as the table is.
    issuer: Arc<dyn Issuer>,
    profile: ProfileName,
    /// What it was opened with.
    #[cfg(all(any(feature = "env", feature = "doctor"), feature = "file", unix))]
    opened: Builder,
    /// Whether a token that is due is rotated by a worker while the present one is handed out.
    looks_ahead: bool,
    patience_ms: u64,
    links: link::Links,
    /// Who makes exchanges in processes of their own.
    #[cfg(all(feature = "file", unix))]
    exchanger: Option<Arc<crate::exchanger::Exchanger>>,
    exchanging: own::Exchanging,
    #[cfg(feature = "env")]
    debts: debts::Debts,
    /// Where its document is, so that a clear asks the other latches of this process that are on the same one.
    document: siblings::DocumentId,
}

#[cfg(feature = "env")]
impl Inner {
    /// The directory of the store, if it is one.
    #[cfg_attr(
        not(all(feature = "file", unix)),
        expect(clippy::unused_self, reason = "without files there is no directory")
    )]
    pub(crate) fn home(&self) -> Option<&std::path::Path> {
        #[cfg(all(feature = "file", unix))]
        return self.opened.directory();
        #[cfg(not(all(feature = "file", unix)))]
        None
    }
}

#[cfg(feature = "env")]
impl Inner {
    /// The variables by which a child's own calls of credlatch mean this store, its key and this profile; none of a store in memory.
    #[cfg_attr(
        not(all(feature = "file", unix)),
        expect(clippy::unused_self, reason = "without files there is nothing to come back to")
    )]
    pub(crate) fn context(&self) -> Vec<(&'static str, String)> {
        #[cfg(all(feature = "file", unix))]
        return self.opened.context();
        #[cfg(not(all(feature = "file", unix)))]
        Vec::new()
    }
}

impl Drop for Handle {
    /// What was granted and could not be saved gets a last chance: after this nobody has it.
    fn drop(&mut self) {
        self.workers.finish();
        let _ = self.inner.engine.save_unsaved();
    }
}

impl Deref for Open {
    type Target = Handle;
    fn deref(&self) -> &Handle {
        &self.handle
    }
}

impl Deref for Handle {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl Latch {
    /// Describes which profile of which store to open.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A latch that keeps nothing, for tests and for programs that store nothing. Its clock is the machine's.
    pub fn in_memory() -> Self {
        Builder::default().in_memory_built_in(crate::system::SystemClock)
    }

    /// A latch that keeps nothing, on a clock of the caller's: see [`FakeClock`](crate::system::FakeClock).
    pub fn in_memory_on(clock: impl Clock + 'static) -> Self {
        Builder::default().in_memory_built_in(clock)
    }

    /// Whether a process of ours is asking an issuer, and this one waits for it.
    #[cfg(all(feature = "file", unix))]
    pub fn waits_for_exchange(&self) -> bool {
        self.0.exchanger.as_ref().is_some_and(|exchanger| exchanger.is_at_work())
    }

    /// Why an exchange was made by this process though [`Builder::exchange_process`] asks for one of its own; told once.
    #[cfg(all(feature = "file", unix))]
    pub fn take_exchange_trouble(&self) -> Option<String> {
        self.0.exchanger.as_ref()?.take_trouble()
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
    /// No provider is called so, with the nearest that is; or its row in the provider file moves it to other hosts, and
    /// nobody has agreed to them yet. Both are [`ErrorKind::Usage`](crate::ErrorKind::Usage).
    pub fn provider(&self, name: &str) -> Result<&Provider, Error> {
        let inner = &*self.0.inner;
        let row = inner.table.resolve(name)?;
        #[cfg(all(feature = "file", unix))]
        inner.guard.check(&inner.table, row)?;
        Ok(row)
    }

    /// The same for what sends nothing to where the provider's row points: taking away.
    pub(crate) fn known(&self, name: &str) -> Result<&Provider, Error> {
        Ok(self.0.table.resolve(name)?)
    }
}

impl fmt::Debug for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Latch").field("profile", &self.0.profile).finish_non_exhaustive()
    }
}

/// A provider's times, as the machine takes them.
pub(crate) fn times(provider: &Provider) -> Times {
    provider.oauth.as_ref().map_or_else(Times::default, OAuth::times)
}
