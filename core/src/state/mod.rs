//! What a profile stores, and nothing of what may happen to it: the ground of this crate, which imports nothing above it.
//!
//! A [`State`] is the one document. The types make nonsense unwritable: a provider has at most one live flow, because there
//! is one place for it; a grant is settled, rotating, in doubt or lost, and only a rotating one has a claim.

pub mod allowlist;
pub mod custody;
pub mod each_once;
mod entries;
mod entry;
pub mod extra;
pub mod fingerprint;
pub mod flow;
mod freshness;
pub mod health;
pub mod known;
pub mod mark;
mod marks;
mod material;
pub mod moving;
pub mod name;
mod nonce;
pub mod origin;
mod profile;
pub mod rewrite;
pub mod secret;
pub mod shared;
mod source;
pub mod strategy;
pub mod time;
pub mod times;
mod tokens;
mod tombstone;
pub mod turned_away;
pub mod unreached;
pub mod url;

pub use custody::{Actor, Claim, Custody, Doubt, DoubtCause, Lost};
pub use entries::Entries;
pub use entry::Entry;
pub use freshness::{Freshness, LEAST_LEFT_MS};
pub use material::{Grant, Link, Material};
pub use nonce::Nonce;
pub use profile::{MAX_COUNT, MAX_ENTRIES, Slot, State};
pub use source::Source;
pub use tombstone::{MAX_TOMBSTONES, Tombstone};

/// A count that says nothing is not written.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero<T: Default + PartialEq>(count: &T) -> bool {
    *count == T::default()
}
