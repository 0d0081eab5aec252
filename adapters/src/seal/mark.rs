//! Whether new profiles of a store are sealed, and with which key: what its home says, or something in its place.

#[cfg(feature = "etcd")]
use std::fmt;

use credlatch_core::port::StoreError;

use super::{Sealing, marker};
use crate::codec::KeyId;

/// What says with which key new profiles of a store are sealed.
#[cfg(feature = "etcd")]
pub(super) struct Mark(pub(super) Option<Box<Marking>>);

#[cfg(feature = "etcd")]
type Marking = dyn Fn() -> Result<Option<KeyId>, StoreError> + Send + Sync;

#[cfg(feature = "etcd")]
impl fmt::Debug for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mark({})", self.0.is_some())
    }
}

impl Sealing {
    /// The same, and this says whether new profiles are sealed.
    #[cfg(feature = "etcd")]
    pub(crate) fn marked_by(
        self,
        mark: impl Fn() -> Result<Option<KeyId>, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { mark: Mark(Some(Box::new(mark))), ..self }
    }

    /// The key of new profiles; none if they are not sealed, or nothing can say so.
    pub(super) fn marked(&self) -> Result<Option<KeyId>, StoreError> {
        #[cfg(feature = "etcd")]
        if let Some(mark) = &self.mark.0 {
            return mark();
        }
        self.home.as_deref().map_or(Ok(None), marker::read)
    }

    /// Whether anything can say that new profiles are sealed.
    pub(super) fn can_be_marked(&self) -> bool {
        #[cfg(feature = "etcd")]
        if self.mark.0.is_some() {
            return true;
        }
        self.home.is_some()
    }
}
