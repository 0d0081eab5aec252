//! The library as a program uses it. What counts or changes something of its whole process is a program of its own.

#[cfg(all(feature = "keyring", unix))]
mod key_stores;
#[cfg(feature = "file")]
mod latch;
mod looking;
mod memory;
#[cfg(feature = "env")]
mod mute;
mod overtaken;
mod own_tests;
#[cfg(feature = "foreign")]
mod passing;
#[cfg(all(feature = "env", feature = "file", feature = "foreign"))]
mod reports;
mod requests;
#[cfg(feature = "tokio")]
mod requests_async;
#[cfg(all(feature = "env", feature = "file", unix))]
mod scopes;
#[cfg(all(feature = "seal", unix))]
mod seal_keys;
#[cfg(all(feature = "seal", unix))]
mod sealed_bytes;
#[cfg(all(feature = "seal", unix))]
mod seals;
mod statuses;
#[cfg(feature = "tower")]
mod tower_layer;
mod turns;
mod values;
