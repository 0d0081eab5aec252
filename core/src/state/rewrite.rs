//! What a clear still owes to a `.env` file.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::fingerprint::Fingerprint;

/// Lines to take out of a file: enough to do it again after a crash, and no secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rewrite {
    /// The file itself, symbolic links followed.
    pub path: String,
    /// Each line that goes: its variable, and the fingerprint of its value. A newer value stays.
    pub variables: Vec<(String, Fingerprint)>,
    /// Fields of a newer version.
    #[serde(flatten)]
    pub extra: Extra,
}
