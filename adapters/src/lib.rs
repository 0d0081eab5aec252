//! The library people depend on: the ports of `credlatch-core`, carried out on real machines.

pub mod memory;
pub mod system;
