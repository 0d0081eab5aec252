//! The place where a program's model-provider credentials live.
//!
//! A program that calls model providers holds credentials that change under it: a login arrives, a token is rotated, a
//! user signs out, a second process does the same at the same moment. A [`Latch`] hands out the current credential for
//! each request, changes what is stored in whole steps, and never lets two actors do what only one may do.
//!
//! ```
//! use std::time::Duration;
//! use credlatch::{Latch, Secret};
//!
//! # fn main() -> Result<(), credlatch::Error> {
//! let latch = Latch::in_memory(); // or Latch::builder().profile(Profile::new("work")?).open()?
//! latch.set("minimax", Secret::try_from("mm-example-key")?)?;
//!
//! let credential = latch.current("minimax")?; // for each request anew
//! let mut headers = http::HeaderMap::new();
//! credential.authorize(&mut headers);
//! assert!(headers["authorization"].is_sensitive());
//! drop(credential);
//!
//! latch.clear("minimax")?.drain(Duration::from_secs(5))?;
//! assert!(latch.current("minimax").is_err());
//! # Ok(())
//! # }
//! ```
//!
//! What is promised is written as laws in [`credlatch_core::law`], and the code that ships is checked against
//! them. What the store is, see [`file`](mod@file).

#[cfg(all(feature = "file", unix))]
mod accepted;
mod backend;
mod commands;
#[cfg(all(feature = "doctor", unix))]
pub mod doctor;
#[cfg(feature = "env")]
pub mod env;
mod error;
#[cfg(all(feature = "file", unix))]
mod exchanger;
#[cfg(all(feature = "file", unix))]
pub mod file;
#[cfg(feature = "foreign")]
pub mod foreign;
#[cfg(any(feature = "env", feature = "foreign"))]
pub mod found;
#[cfg(all(feature = "hermes", unix))]
pub mod hermes;
mod issuers;
mod latch;
pub mod memory;
#[cfg(all(feature = "file", unix))]
mod noted;
#[cfg(feature = "oauth")]
pub mod oauth;
mod patience;
#[doc(hidden)]
pub mod plain;
#[cfg(any(feature = "env", feature = "foreign", feature = "file"))]
#[cfg_attr(not(any(feature = "env", feature = "foreign")), allow(dead_code))]
pub mod plain_file;
#[cfg(all(feature = "file", unix))]
mod private_file;
#[cfg(feature = "sandbox")]
pub mod sandbox;
#[cfg(any(feature = "oauth", feature = "sandbox"))]
mod served;
mod set_aside;
pub mod system;
mod table;
#[cfg(all(test, any(feature = "env", feature = "file", feature = "foreign")))]
mod testing;
#[cfg(all(feature = "file", unix))]
mod trusted;
#[cfg(feature = "http")]
pub mod web;
mod when;

pub use credlatch_core as core;
#[doc(no_inline)]
pub use credlatch_core::name::{BadName, Label, ProfileName as Profile, ProviderId};
#[doc(no_inline)]
pub use credlatch_core::origin::Origin;
#[doc(no_inline)]
pub use credlatch_core::pool::{BadStrategy, Strategy};
#[doc(no_inline)]
pub use credlatch_core::port::{Clock, Issuer, StoreError, StoreErrorKind};
#[doc(no_inline)]
pub use credlatch_core::provider::{BadTable, NotAKey, Provider, Table, UnknownProvider};
#[doc(no_inline)]
pub use credlatch_core::scrub::PlanError;
pub use credlatch_core::scrub::Shape;
pub use credlatch_core::secret::{BadSecret, Secret, fingerprint};
#[doc(no_inline)]
pub use credlatch_core::state::State;
#[doc(no_inline)]
pub use credlatch_core::time::Stamp;
#[cfg(feature = "env")]
pub use env::PlannedCommand;
pub use error::{Error, ErrorKind, RestCause};
#[cfg(all(feature = "file", unix))]
pub use latch::Profiles;
pub use latch::{
    Answer, BackOff, Builder, Cleared, Credential, Expanded, Flow, FlowState, FlowStatus, HeldBack, Kind, Latch, Next,
    Outcome, Revocation, Rotated, Scope, Status, Stored, StoredChange, TokenRequest, Tokens, Watch, default_home,
};
#[cfg(feature = "env")]
pub use latch::{Plan, Planning};
#[cfg(any(feature = "env", feature = "foreign"))]
pub use latch::{Taken, Took};
#[doc(hidden)]
pub use table::merge_file;
pub use when::rfc3339;
#[doc(hidden)]
pub use when::{counted_ms, parse_rfc3339, rfc3339_ms};
