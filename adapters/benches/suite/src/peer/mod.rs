//! What others use for the same, each behind the few calls that are measured.

#[cfg(feature = "peers")]
pub mod dbx;
#[cfg(feature = "peers")]
pub mod desktop;
pub mod msal;
#[cfg(feature = "peers")]
pub mod sqlite;
#[cfg(feature = "peers")]
pub mod xdk;
