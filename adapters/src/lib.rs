//! The library people depend on: the ports of `credlatch-core`, carried out on real machines.

#[cfg(feature = "foreign")]
mod digest;
mod fingerprint;
#[cfg(feature = "foreign")]
pub mod foreign;
#[cfg(feature = "foreign")]
pub mod found;
pub mod memory;
#[cfg(feature = "foreign")]
pub mod plain_file;
pub mod system;
#[cfg(test)]
mod testing;

pub use fingerprint::fingerprint;
