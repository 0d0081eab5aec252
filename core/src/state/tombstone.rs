//! The memory of what was cleared.

use serde::{Deserialize, Serialize};

use super::mark::Mark;
use super::source::Source;

/// Cleared secrets that are remembered per provider; the oldest are forgotten first.
pub const MAX_TOMBSTONES: usize = 256;

/// The memory of a cleared secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// Where it had come from.
    pub source: Source,
    /// What it was.
    #[serde(flatten)]
    pub mark: Mark,
    /// Whether it was a link: then the whole source stays away, whatever the other tool puts there.
    #[serde(default)]
    pub link: bool,
}
