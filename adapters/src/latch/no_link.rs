//! Without the feature `foreign` nothing can read another tool's file.

use credlatch_core::engine::Picked;

use super::Latch;
use super::credential::Borrowed;
use crate::error::{Error, ErrorKind};

/// No links.
#[derive(Default)]
pub(super) struct Links {}

impl Latch {
    /// An entry of our own is not borrowed; a link can't be read.
    pub(super) fn borrow(&self, picked: &Picked) -> Result<Option<Borrowed>, Error> {
        let Links {} = self.0.links;
        let live = &picked.live;
        if live.secret().is_some() {
            return Ok(None);
        }
        Err(Error::new(
            ErrorKind::Usage,
            format!("the {} entry {} is linked to another tool's file", live.provider, live.label),
            "build credlatch with its feature `foreign` to use it",
        ))
    }
}
