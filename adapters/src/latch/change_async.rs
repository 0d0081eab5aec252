//! Changes that block no executor: each is made by a thread of the latch, and is made though its future is dropped.

use std::sync::Arc;

use credlatch_core::clear::Clear;
use credlatch_core::engine::Transacted;
use credlatch_core::name::Label;
use credlatch_core::port::Clock as _;
use credlatch_core::provider::Provider;
use credlatch_core::put::PutMode;
use credlatch_core::secret::Secret;
use credlatch_core::state::Material;

use super::change::{named, stored};
use super::{Cleared, Latch, Revocation, Stored, given};
use crate::answer::Tokens;
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
        self.put_async(row, label, Material::ApiKey(key), PutMode::Named).await.map(drop)
    }

    /// As [`Latch::set_tokens`].
    ///
    /// # Errors
    /// As [`Latch::set_tokens`].
    pub async fn set_tokens_async(&self, provider: &str, label: &Label, tokens: Tokens) -> Result<Stored, Error> {
        let (row, grant) = (self.provider(provider)?, self.grant(tokens)?);
        let done = self.put_async(row, label, grant, PutMode::Named).await?;
        Ok(Stored::new(&done, row.id.as_str(), label))
    }

    async fn put_async(
        &self,
        row: &Provider,
        label: &Label,
        material: Material,
        how: PutMode,
    ) -> Result<Transacted, Error> {
        let (inner, put) = (Arc::clone(&self.0.inner), named(&row.id, label, material, how));
        stored(&row.id, self.on_worker("change", move || inner.change(&[put])).await??)
    }

    /// As [`Latch::remove`].
    ///
    /// # Errors
    /// As [`Latch::remove`].
    pub async fn remove_async(&self, provider: &str, label: &Label) -> Result<Cleared, Error> {
        let row = self.known(provider)?;
        let (inner, id, whose) = (Arc::clone(&self.0.inner), row.id.clone(), label.clone());
        let removed = self.on_worker("change", move || inner.remove(id, whose)).await??;
        self.removed(row, label, removed)
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

impl Cleared {
    /// As [`Cleared::revoke`]. The issuers are asked by a thread of the latch, though this future is dropped.
    ///
    /// # Errors
    /// No thread could be started: nothing was asked.
    pub async fn revoke_async(&self) -> Result<Revocation, Error> {
        let (inner, taken) = (Arc::clone(&self.latch.0.inner), self.taken.clone());
        self.latch.on_worker("revocation", move || inner.revoke(&taken)).await
    }
}
