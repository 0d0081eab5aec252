//! Where the rows of providers point: those that a process reads may have moved since a grant came.

use std::sync::atomic::{AtomicBool, Ordering};

use credlatch_core::law::Fact;
use credlatch_core::origin::{Origin, Origins, Reach};

use super::here::{Here, Recorder};
use super::places;

/// What is known of rows beside what each process reads.
#[derive(Debug, Default)]
pub struct Rows {
    agreed: AtomicBool,
}

/// Where the rows point that everybody read at first.
pub fn home() -> Origins {
    at("https://issuer.example")
}

fn elsewhere() -> Origins {
    at("https://elsewhere.example")
}

fn at(url: &str) -> Origins {
    Origins { token: Origin::of(url), revocation: Origin::of(url) }
}

impl Here {
    /// Where the rows point that its process reads.
    pub fn origins(&self) -> Origins {
        if self.has_moved_row { elsewhere() } else { home() }
    }

    /// Notes that a token is sent where its row points.
    pub(super) fn sends(&self, token: &str) {
        if let Some(to) = self.origins().token {
            self.record(Fact::Sent { token: token.to_owned(), to });
        }
    }
}

impl Rows {
    /// How far the rows reach that a process reads. None of them ships: the table is a file of the person's own.
    pub(super) fn reach(&self, here: &Here) -> Reach {
        // They agreed to the rows that moved, and to no others.
        places::looks_at("agreed");
        let accepted = here.has_moved_row && self.agreed.load(Ordering::Relaxed);
        places::finds(accepted);
        Reach { present: here.origins(), usual: home(), former: Vec::new(), ships: false, accepted }
    }

    /// A person agrees that grants may go where the rows point that moved.
    pub fn agree(&self, recorder: &Recorder) {
        recorder.push(Fact::Agreed { to: elsewhere() });
        self.agreed.store(true, Ordering::Relaxed);
        places::alter("agreed", true);
    }
}
