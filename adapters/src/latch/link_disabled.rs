//! Without the feature `foreign` nothing can read another tool's file.

use credlatch_core::engine::Chosen;

use super::Inner;
use super::credential::Read;
use crate::error::{Error, ErrorKind};

/// No links.
#[derive(Default)]
pub(super) struct Links {}

impl Inner {
    /// An entry of our own is not borrowed; a link can't be read.
    pub(super) fn read_link(&self, chosen: &Chosen) -> Read {
        let Links {} = self.links;
        let live = &chosen.live;
        if live.secret().is_some() {
            return Ok(None);
        }
        Err(Error::new(
            ErrorKind::Usage,
            format!("the {} entry {} is linked to another tool's file", live.provider, live.label),
            "build credlatch with its feature `foreign` to use it",
        )
        .into())
    }
}
