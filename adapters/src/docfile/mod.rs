//! A document that is locked, and replaced as a whole without a moment at which a crash loses it: what the store on disk and
//! the store of Hermes' file share, whatever is in the document.
//!
//! Beside a document `NAME` lie its lock file, whose lock excludes other writers, and a directory of claims with one locked
//! file for each act in progress. A commit writes a draft, makes it durable and renames it. Everything goes through
//! [`disk::Disk`], so that the same protocol runs on disks that fail and crash.

pub mod claims;
pub mod content;
pub mod disk;
pub mod draft;
pub mod errors;
#[cfg(target_os = "linux")]
mod fs_type;
pub mod held;
pub mod kept;
pub mod key;
pub mod left;
pub mod lock;
pub mod mapped;
#[cfg(feature = "etcd")]
pub(crate) mod named;
pub mod paths;
pub mod provenance;
mod real;
pub mod record;
pub mod sweep;
mod waiter;

pub use crate::files::RealDisk;
pub use real::RealGate;
