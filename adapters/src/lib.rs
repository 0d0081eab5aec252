//! The place where a program's model-provider credentials live.
//!
//! A program that calls model providers holds credentials that change under it: a login arrives, a token is rotated, a
//! user signs out, a second process does the same at the same moment. A [`Latch`] hands out the current credential for
//! each request, changes what is stored in whole steps, and never lets two actors do what only one may do.
//!
//! # One request, as a whole
//!
//! Ask for each request anew, tell what came of it, and send it once more if another credential may help:
//!
//! ```
//! use credlatch::{Error, Latch, Next, Outcome, Secret};
//!
//! type Answer = (u16, http::HeaderMap, Vec<u8>);
//!
//! fn ask(latch: &Latch, send: impl Fn(&http::Request<()>) -> Answer) -> Result<Answer, Error> {
//!     let mut credential = latch.token("minimax")?; // renewed first, if it would not last
//!     let mut is_again = false;
//!     loop {
//!         let mut request = http::Request::new(());
//!         *request.uri_mut() = http::Uri::from_static("https://api.minimax.io/v1/chat/completions");
//!         credential.authorize_request(&mut request)?; // refuses a host that isn't the provider's
//!         let (status, headers, body) = send(&request);
//!         match latch.report(&credential, &Outcome::from_http(status, &headers, &body))? {
//!             Next::Retry(another) if !is_again => (credential, is_again) = (another, true),
//!             Next::SignIn(why) => return Err(why),
//!             // The credential is not to blame; or nothing is usable before a time, which the next `token` tells.
//!             _ => return Ok((status, headers, body)),
//!         }
//!     }
//! }
//!
//! # fn main() -> Result<(), Error> {
//! let latch = Latch::in_memory(); // or Latch::builder().profile(Profile::new("work")?).open()?
//! for (label, key) in [("first", "mm-revoked"), ("second", "mm-good")] {
//!     latch.set_as("minimax", &label.parse()?, Secret::try_from(key)?)?;
//! }
//! // A server that takes one of the two keys:
//! let send = |request: &http::Request<()>| {
//!     let is_good = request.headers()["authorization"] == "Bearer mm-good";
//!     (if is_good { 200 } else { 401 }, http::HeaderMap::new(), Vec::new())
//! };
//! assert_eq!(ask(&latch, send)?.0, 200);
//! # Ok(())
//! # }
//! ```
//!
//! # Which type for which job
//!
//! | to | use |
//! |---|---|
//! | open one profile of a store | [`Latch::builder`], [`Builder::open`] |
//! | get a credential for a request | [`Latch::token`]; by model or label: [`Latch::request`] |
//! | put it into the request | [`Credential::authorize_request`], or [`Credential::expose_secret`] for a client of your own |
//! | say what came of the request | [`Outcome`], [`Latch::report`], [`Next`] |
//! | store, take away, wait until nobody holds it | [`Latch::set`], [`Latch::clear`], [`Cleared::drain`] |
//! | let a person sign in | [`Latch::login`], [`Flow`]; over HTTP: `credlatch::web` |
//! | renew by an exchange of your own | [`Latch::rotate_with`], [`Tokens`], [`Answer`] |
//! | see what is stored, and be woken when it changes | [`Latch::status`], [`Latch::watch`] |
//! | serve many users | `Profiles`, and a [`Scope`] for each request |
//! | start a child with one provider's variables | `Latch::plan`, `PlannedCommand` |
//! | test your program | [`memory`], [`system::FakeClock`]: [below](#in-your-own-tests) |
//!
//! # Errors
//!
//! Every [`Error`] says what happened to what, and what to do; [`Error::kind`] says what a program should do next:
//!
//! | [`ErrorKind`] | do this |
//! |---|---|
//! | `Usage` | mend the call, or what somebody set: a name, a secret, an option, a row or a proxy is not what it must be |
//! | `NoCredential` | store a credential, or sign in |
//! | `SignIn` | sign in again: what is stored is not accepted any more |
//! | `Busy` | try again, at [`Error::retry_at`] if it says when: it rests, is in doubt, or somebody else is at it |
//! | `Unreadable` | mend the store: it is never taken for empty |
//! | `Unreachable` | try again, at [`Error::retry_at`] if it says when: the store or the issuer can't be reached |
//! | `WrongHost` | mend the request: it goes to a host that is not the provider's |
//! | `Sealed` | bring the key: the store is sealed, and is never taken for empty |
//! | `Other` | look at the message, and at [`source`](std::error::Error::source): a full disk, for one |
//!
//! # Threads and async
//!
//! A [`Latch`] is `Send` and `Sync`, its clones are the same latch, and a read takes no lock that a writer needs. What waits
//! for a disk, another process or an issuer blocks its thread; with the feature `tokio` it has a form with `_async` in its
//! name, which blocks no executor and runs on any. A future that is dropped stops nobody: what was begun goes on, on a thread
//! of the latch, because tokens that nobody saves are lost. Dropping the last handle waits for that; [`Latch::close`]
//! says what came of it.
//!
//! # In your own tests
//!
//! ```
//! use std::time::Duration;
//! use credlatch::memory::FakeIssuer;
//! use credlatch::system::FakeClock;
//! use credlatch::{Answer, ErrorKind, Label, Latch};
//!
//! # fn main() -> Result<(), credlatch::Error> {
//! let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
//! let latch = Latch::builder().issuer(issuer.clone()).in_memory(clock.clone())?;
//! let stored = latch.set_tokens("anthropic", &Label::default(), issuer.signed_in())?;
//! assert!(stored.held_back.is_none());
//!
//! // A token that is due is handed out while a thread renews it.
//! clock.advance(Duration::from_secs(3500));
//! assert_eq!(latch.token("anthropic")?.expose_secret(), "access-1");
//! latch.wait_for_renewals(Duration::from_secs(5))?;
//! assert_eq!(latch.token("anthropic")?.expose_secret(), "access-2");
//!
//! // The issuer ends the login: your program has to ask for a new one.
//! clock.advance(Duration::from_secs(3600));
//! issuer.answer_next(Answer::Rejected("invalid_grant".to_owned()));
//! assert_eq!(latch.token("anthropic").unwrap_err().kind(), ErrorKind::SignIn);
//! # Ok(())
//! # }
//! ```
//!
//! Latches of one [`memory::MemoryHome`] share what is stored, as processes share a file, and `Profiles::in_memory` is for
//! servers of many. [`Builder::provider`] brings a row that points at a server of the test's, and [`Builder::clock`] stops
//! the clock of a store on disk too.
//!
//! # Features
//!
//! | feature | what it adds | default |
//! |---|---|---|
//! | `file` | the store on disk, shared by processes: `Builder::home`, `Profiles` | yes |
//! | `env` | the environment of children, imports from it, `.env` files: `Latch::plan` | yes |
//! | `foreign` | links to, and imports from, other tools' logins | yes |
//! | `doctor` | what is unsafe, and which credential is used and why: `Latch::doctor` | yes |
//! | `oauth` | logins and renewal at the providers' own servers | |
//! | `tokio` | async forms, on any executor | |
//! | `http` | sign-in routes and a page for servers on axum: `credlatch::web` | |
//! | `conformance` | checks of a store of your own: `credlatch::conformance` | |
//! | `etcd` | a store in etcd, for the programs of many machines: `credlatch::etcd`, `Builder::etcd` | |
//! | `seal` | sealed stores: `Builder::seal`, `Builder::seal_key` | |
//! | `keyring` | a seal's key in the system's key store: `Builder::key_store` | |
//! | `secrecy` | secrets from and for the crate secrecy: `credlatch::secrecy` | |
//! | `tower` | a layer for HTTP clients: authorizes, reports a refusal, sends once more: `credlatch::tower` | |
//! | `tracing` | events of what changes, on the target `credlatch`: names, versions and generations, never a secret | |
//!
//! Hermes' own `auth.json` as the store is a crate beside this one, credlatch-hermes.
//!
//! # Platforms
//!
//! The store on disk needs Unix, and is tested on Linux. Elsewhere, and without the feature `file`, a latch keeps what it has
//! in memory. Rust 1.88 or newer.
//!
//! What is promised is written as laws in [`credlatch_core::law`], and the code that ships is checked against
//! them.

#[cfg(all(feature = "file", unix))]
mod accepted;
mod answer;
#[doc(hidden)]
pub mod any_store;
#[doc(hidden)]
pub mod codec;
mod commands;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(all(feature = "file", unix))]
#[doc(hidden)]
pub mod docfile;
#[cfg(all(feature = "doctor", unix))]
pub mod doctor;
mod engine;
#[cfg(feature = "env")]
pub mod env;
mod error;
#[cfg(all(feature = "etcd", unix))]
pub mod etcd;
mod events;
#[cfg(all(feature = "file", unix))]
mod exchanger;
#[cfg(all(feature = "file", unix))]
pub mod file;
#[cfg(any(feature = "env", all(feature = "file", unix)))]
#[doc(hidden)]
pub mod files;
#[cfg(feature = "foreign")]
pub mod foreign;
#[cfg(any(feature = "env", feature = "foreign"))]
pub mod found;
#[cfg(feature = "oauth")]
#[doc(hidden)]
pub mod http1;
mod jwt;
#[cfg(all(feature = "file", unix))]
mod key_file;
mod latch;
mod login_codes;
pub mod memory;
#[cfg(all(feature = "file", unix))]
mod noted;
#[cfg(feature = "oauth")]
pub mod oauth;
#[cfg(all(feature = "file", unix))]
mod outside;
mod patience;
#[doc(hidden)]
pub mod plain;
#[cfg(any(feature = "env", feature = "foreign", feature = "file"))]
#[cfg_attr(not(any(feature = "env", feature = "foreign")), allow(dead_code))]
pub mod plain_file;
#[cfg(all(feature = "file", unix))]
mod private_file;
#[cfg(all(feature = "seal", unix))]
#[doc(hidden)]
pub mod seal;
#[cfg(not(all(feature = "seal", unix)))]
#[path = "seal_disabled.rs"]
#[doc(hidden)]
pub mod seal;
#[cfg(feature = "secrecy")]
pub mod secrecy;
#[cfg(all(feature = "doctor", unix))]
#[doc(hidden)]
pub mod setups;
#[cfg(all(feature = "file", unix))]
#[doc(hidden)]
pub mod states;
pub mod store;
pub mod system;
mod table;
#[cfg(all(test, any(feature = "env", feature = "file", feature = "foreign")))]
mod testing;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(all(feature = "file", unix))]
mod trusted;
#[cfg(feature = "http")]
pub mod web;
mod when;
#[cfg(all(feature = "file", unix))]
mod whole;
mod zeroizing;

pub use answer::{Answer, Tokens};
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
    BackOff, Builder, Cleared, Credential, Expanded, Flow, FlowState, FlowStatus, HeldBack, Kind, Latch, Moved, Next,
    Outcome, Revocation, Rotated, Scope, Status, Stored, StoredChange, TokenRequest, Watch, default_home,
};
#[cfg(feature = "env")]
pub use latch::{Plan, Planning};
#[cfg(any(feature = "env", feature = "foreign"))]
pub use latch::{Taken, Took};
#[doc(hidden)]
#[cfg(all(feature = "seal", unix))]
pub use seal::SealKeySource;
pub use table::merge_file;
pub use when::rfc3339;
#[doc(hidden)]
pub use when::{counted_ms, parse_rfc3339, rfc3339_ms};
