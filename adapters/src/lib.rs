//! The library people depend on: the ports of `credlatch-core`, carried out on real machines.

#[cfg(any(feature = "env", feature = "foreign"))]
mod digest;
#[cfg(feature = "env")]
pub mod env;
mod fingerprint;
#[cfg(feature = "foreign")]
pub mod foreign;
#[cfg(any(feature = "env", feature = "foreign"))]
pub mod found;
pub mod memory;
#[cfg(any(feature = "env", feature = "foreign"))]
pub mod plain_file;
pub mod system;
#[cfg(all(test, any(feature = "env", feature = "foreign")))]
mod testing;

pub use fingerprint::fingerprint;
