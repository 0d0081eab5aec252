//! A look at everything that decides which credential a program gets: the store, the pools, what goes on in them, and what
//! lies around outside. It writes nothing, rotates nothing, and works where the store can't be read: that is the point.
//!
//! ```no_run
//! # fn main() -> Result<(), credlatch::Error> {
//! use credlatch::doctor::{Severity, Surroundings};
//!
//! let latch = credlatch::Latch::builder().open()?;
//! let diagnosis = latch.doctor(&Surroundings::of_process());
//! for finding in diagnosis.findings.iter().filter(|finding| finding.severity >= Severity::Warning) {
//!     eprintln!("{}\n  {}", finding.what, finding.remedy);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! No secret is in what it answers, nor in what it prints for debugging: of the environment it names variables.

mod dotenv;
mod emptiness;
mod entry;
mod environment;
#[cfg(feature = "etcd")]
mod etcd;
mod finding;
mod flow;
mod health;
mod holder;
mod moving;
mod provider;
mod remembered;
mod replacement;
mod rows;
mod seen;
mod setups;
mod store;
mod surroundings;
mod tools;
mod twins;
mod verdict;

use credlatch_core::name::ProfileName;
use credlatch_core::port::Clock as _;
use credlatch_core::state::State;
use credlatch_core::time::Stamp;

pub use entry::EntryReport;
pub use finding::{About, Finding, Severity};
pub use flow::FlowReport;
pub use health::{Health, health, trouble};
pub use holder::{Holder, Life};
pub use provider::ProviderReport;
pub use store::StoreReport;
pub use surroundings::Surroundings;

use crate::latch::Latch;

/// What was found. None of it is secret.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The profile.
    pub profile: ProfileName,
    /// Its store, if that is on disk.
    pub store: Option<StoreReport>,
    /// How many commits made the profile; none if the store can't be read.
    pub generation: Option<u64>,
    /// Everything that is worth a line, what is in order too.
    pub findings: Vec<Finding>,
    /// Each provider of which something is stored, or which somebody is signing in to.
    pub providers: Vec<ProviderReport>,
}

impl Diagnosis {
    /// The gravest of the findings.
    pub fn severity(&self) -> Severity {
        self.findings.iter().map(|finding| finding.severity).max().unwrap_or(Severity::Ok)
    }

    /// Whether nothing asks for a remedy: no finding is a warning or an error.
    pub fn is_sound(&self) -> bool {
        self.severity() < Severity::Warning
    }
}

/// What an examination of the stored state starts from.
struct Case<'a> {
    latch: &'a Latch,
    state: &'a State,
    now: Stamp,
}

impl Latch {
    /// Looks everything over: the store, each provider's pool, and what these surroundings hold that is not used. Changes
    /// nothing, and asks nobody over a network but the store itself, if that is in etcd.
    pub fn doctor(&self, surroundings: &Surroundings) -> Diagnosis {
        let mut findings = Vec::new();
        let (store, state) = match self.file_store() {
            Some(store) => store::examine(&store, &mut findings),
            None => (None, store::readable(self, &mut findings)),
        };
        #[cfg(feature = "etcd")]
        if let Some(home) = self.etcd_home() {
            etcd::examine(&home.inspect(self.profile()), &mut findings);
        }
        if let Some((file, state)) = self.state_store().zip(state.as_ref()) {
            store::examine_document(file.inspect(), state, &mut findings);
        }
        if let Some(state) = &state {
            moving::examine(state, &mut findings);
        }
        let mut diagnosis = Diagnosis {
            profile: self.profile().clone(),
            store,
            generation: state.as_ref().map(|state| state.generation),
            findings,
            providers: Vec::new(),
        };
        // Where the store can't be read, what lies outside is told all the same, as beside an empty one.
        let empty = State::default();
        let case = Case { latch: self, state: state.as_ref().unwrap_or(&empty), now: self.engine().clock().now() };
        diagnosis.providers = provider::examine(&case, &mut diagnosis.findings);
        rows::examine(&case, &mut diagnosis.findings);
        environment::examine(&case, surroundings, &mut diagnosis.findings);
        dotenv::examine(&case, surroundings, &mut diagnosis.findings);
        tools::examine(&case, surroundings, &mut diagnosis.findings);
        setups::examine(&case, surroundings, self.home(), &mut diagnosis.findings);
        if let Some(home) = self.home() {
            twins::examine(&case, home, &mut diagnosis.findings);
            emptiness::examine(home, &mut diagnosis.findings);
        }
        diagnosis
    }
}
