//! The library people depend on: the ports of `credlatch-core`, carried out on real machines.

#[cfg(all(feature = "file", unix))]
pub mod file;
pub mod memory;
pub mod system;
