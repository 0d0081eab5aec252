//! Whether a store keeps the [contract](crate::store): a suite that looks at it from outside.
//!
//! ```
//! use std::sync::Arc;
//! use credlatch::conformance::Suite;
//! # use credlatch::store::{ByteStore, StoreError, StoreHome};
//! # fn check(open: impl Fn() -> Arc<dyn StoreHome> + Sync) {
//! let report = Suite::new(open).run(); // `open` makes one more handle on the same store, as another process would
//! println!("{report}");
//! assert!(report.is_kept());
//! # }
//! ```
//!
//! Each clause is checked in profiles of its own, whose names begin with `conformance-`; run it over a store that nobody uses. What
//! can be checked only if the store can be made to fail, to be full, to be copied or to have processes, is checked where the
//! suite is told how: a report names what was not.

mod acts;
mod case;
mod clause;
mod commits;
mod failures;
mod processes;
mod readers;
mod report;

use std::process::Command;
use std::sync::Arc;

use credlatch_core::name::ProfileName;

pub use clause::Clause;
pub use report::{Checked, Report};

use crate::store::{StoreErrorKind, StoreHome};
use case::Case;

type Hook<'a> = Box<dyn Fn(&ProfileName) + Sync + 'a>;
type Switch<'a> = Box<dyn Fn(&ProfileName, bool) + Sync + 'a>;

/// The checks, and what they may do with the store.
pub struct Suite<'a> {
    open: Box<dyn Fn() -> Arc<dyn StoreHome> + Sync + 'a>,
    left_out: Vec<Clause>,
    largest: usize,
    fails: Option<Hook<'a>>,
    fills: Option<Switch<'a>>,
    copies: Option<Hook<'a>>,
    troubles: Vec<(StoreErrorKind, Switch<'a>)>,
    processes: Option<Box<dyn Fn() -> Command + Sync + 'a>>,
}

impl<'a> Suite<'a> {
    /// Over this store: each call makes one more handle on it, as another process would.
    pub fn new(open: impl Fn() -> Arc<dyn StoreHome> + Sync + 'a) -> Self {
        Self {
            open: Box::new(open),
            left_out: Vec::new(),
            largest: 1 << 20,
            fails: None,
            fills: None,
            copies: None,
            troubles: Vec::new(),
            processes: None,
        }
    }

    /// Leaves a clause out.
    #[must_use]
    pub fn without(mut self, clause: Clause) -> Self {
        self.left_out.push(clause);
        self
    }

    /// The largest document that is tried, in bytes; 1 MiB unless said. Documents can have 16 MiB.
    #[must_use]
    pub fn largest(mut self, bytes: usize) -> Self {
        self.largest = bytes;
        self
    }

    /// How to make the next commit of a profile fail, as a broken medium does. It is asked several times, and may make it fail in
    /// another way each time.
    #[must_use]
    pub fn failing(mut self, fail_next: impl Fn(&ProfileName) + Sync + 'a) -> Self {
        self.fails = Some(Box::new(fail_next));
        self
    }

    /// How to leave a profile no space but what was reserved, or to give it space again.
    #[must_use]
    pub fn filling(mut self, is_full: impl Fn(&ProfileName, bool) + Sync + 'a) -> Self {
        self.fills = Some(Box::new(is_full));
        self
    }

    /// How to make what stands in a profile a copy from elsewhere.
    #[must_use]
    pub fn copying(mut self, copy: impl Fn(&ProfileName) + Sync + 'a) -> Self {
        self.copies = Some(Box::new(copy));
        self
    }

    /// How to bring a profile into a trouble of this kind, and out of it. May be said once for each kind.
    #[must_use]
    pub fn troubling(mut self, kind: StoreErrorKind, trouble: impl Fn(&ProfileName, bool) + Sync + 'a) -> Self {
        self.troubles.push((kind, Box::new(trouble)));
        self
    }

    /// How to start another process that calls [`Suite::serve`] on a suite over the same store. The suite adds a variable to the
    /// command.
    #[must_use]
    pub fn processes(mut self, command: impl Fn() -> Command + Sync + 'a) -> Self {
        self.processes = Some(Box::new(command));
        self
    }

    /// Checks every clause that wasn't left out, one after the other.
    pub fn run(&self) -> Report {
        let run = |clause: &Clause| {
            if self.left_out.contains(clause) {
                return (*clause, Checked::NotAsked("it was left out"));
            }
            let checked = clause.check()(&Case::new(self));
            (*clause, checked.map_or_else(Checked::Broken, |reason| reason.map_or(Checked::Kept, Checked::NotAsked)))
        };
        Report(Clause::ALL.iter().map(run).collect())
    }

    /// In a process that the suite started: does its part, and returns true. In any other it returns false.
    pub fn serve(&self) -> bool {
        processes::serve(self)
    }
}
