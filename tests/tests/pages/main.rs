//! Pages, lists and tables are what the code says, and name what is there.

mod contributing;
mod coverage;
mod features;
mod messages;
mod modules;
mod mutants;
mod picture;
mod provider_file;
mod readme;
#[cfg(feature = "loom")]
mod record;
mod registry;
mod stability;
