//! credlatch-core
pub mod dotenv;
pub mod name;
pub mod provider;
pub mod scrub;
pub mod secret;
