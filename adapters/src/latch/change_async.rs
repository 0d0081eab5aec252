//! Changes that block no executor: each is made by a thread of the latch, and is made though its future is dropped.

use std::sync::Arc;

use credlatch_core::clear::Clear;
use credlatch_core::name::Label;
use credlatch_core::port::Clock as _;
use credlatch_core::put::How;
use credlatch_core::secret::Secret;
use credlatch_core::state::Material;

use super::change::{named, stored};
use super::{Cleared, Latch, given};
use crate::error::Error;

impl Latch {
    /// As [`Latch::set`].
    ///
    /// # Errors
    /// As [`Latch::set`].
    pub async fn set_async(&self, provider: &str, key: Secret) -> Result<(), Error> {
        self.set_as_async(provider, &Label::default(), key).await
    }

    /// As [`Latch::set_as`].
    ///
    /// # Errors
    /// As [`Latch::set_as`].
    pub async fn set_as_async(&self, provider: &str, label: &Label, key: Secret) -> Result<(), Error> {
        let row = self.provider(provider)?;
        given::key(row, &key, &self.0.engine.clock().now())?;
        let provider = row.id.clone();
        let (inner, put) = (Arc::clone(&self.0.inner), named(&provider, label, Material::ApiKey(key), How::Named));
        let done = self.on_worker("change", move || inner.change(&[put])).await??;
        stored(&provider, done).map(drop)
    }

    /// As [`Latch::clear`].
    ///
    /// # Errors
    /// As [`Latch::clear`].
    pub async fn clear_async(&self, provider: &str) -> Result<Cleared, Error> {
        let clear = Clear::Provider(self.known(provider)?.id.clone());
        let inner = Arc::clone(&self.0.inner);
        let (cleared, others) = self.on_worker("change", move || inner.take_away(clear)).await??;
        Ok(self.cleared(cleared, others))
    }
}
