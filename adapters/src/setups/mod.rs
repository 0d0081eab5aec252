//! What `credlatch setup` has to remember, and what `doctor` looks at: where other programs keep their configuration, which
//! lines of it name credlatch, and what was written there. The command edits; nothing here changes a program's file.

mod mention;
mod place;
mod record;

pub use mention::{Mention, mentions};
pub use place::Program;
pub use record::{Hunk, Record, Setups, lines};
