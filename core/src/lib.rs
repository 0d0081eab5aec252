//! credlatch-core
pub mod name;
pub mod secret;
