//! credlatch-core
pub mod name;
pub mod provider;
pub mod scrub;
pub mod secret;
