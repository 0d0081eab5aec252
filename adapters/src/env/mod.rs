//! The environment and `.env` files as sources, and children that get a planned environment.
//!
//! Nothing here writes the environment of this process, ever. Whoever imports passes a snapshot in, read once; whoever
//! starts a child gives it a whole environment of its own.

mod child;
pub mod dotenv_file;
mod environment;
mod replace;
mod rewrite;
mod whole;

#[cfg(test)]
mod tests;

pub use child::{ChildError, PlannedCommand};
pub use dotenv_file::{DotenvFileError, DotenvFileErrorKind};
pub use environment::import_env;
pub use rewrite::{PATIENCE, Prepared, Renamed, prepare, redo};
#[doc(hidden)]
pub use rewrite::{Ready, prepare_on, redo_on};
