//! The parts of the suite, each of which can be run alone.

pub mod calls;
pub mod cold;
pub mod commits;
pub mod counted;
pub mod crowds;
pub mod growth;
pub mod instructions;
pub mod peers;
pub mod profiles;
pub mod reads;
pub mod reloads;
pub mod sealed;

use crate::row::Row;
use crate::{Failure, Setup};

/// A part: its name, what it measures, and how.
pub struct Part {
    /// The name on the command line and in the rows.
    pub name: &'static str,
    /// What a person reads of it.
    pub about: &'static str,
    /// Measures it.
    pub run: fn(&Setup) -> Result<Vec<Row>, Failure>,
}

/// All of them, in the order in which they run.
pub const ALL: [Part; 11] = [
    Part { name: "reads", about: "a read with 1 to 8 threads, in memory and on files", run: reads::run },
    Part { name: "profiles", about: "a read of one profile of very many", run: profiles::run },
    Part { name: "reloads", about: "the first read after another's commit", run: reloads::run },
    Part { name: "commits", about: "a key stored and a token renewed, on disk and in memory", run: commits::run },
    Part { name: "growth", about: "a commit of a growing document", run: growth::run },
    Part { name: "sealed", about: "a commit and a first read of a sealed document", run: sealed::run },
    Part { name: "peers", about: "what others use for the same", run: peers::run },
    Part { name: "cold", about: "a process that prints a token", run: cold::run },
    Part { name: "instructions", about: "what callgrind counts of a read", run: instructions::run },
    Part { name: "calls", about: "what strace counts of a read, a commit and a refresh", run: calls::run },
    Part { name: "crowds", about: "processes that all write at once", run: crowds::run },
];
