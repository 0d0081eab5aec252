//! The library people depend on: the ports of `credlatch-core`, carried out on real machines.

pub mod fingerprint;
pub mod memory;
#[cfg(feature = "oauth")]
pub mod oauth;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(any(feature = "oauth", feature = "sandbox"))]
mod served;
pub mod system;
