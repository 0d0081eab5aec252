//! Rotating a token by an exchange of the caller's.

use credlatch_core::name::Label;
use credlatch_core::rotation::Cause;
use credlatch_core::secret::Secret;
#[cfg(feature = "tokio")]
use {std::future::Future, std::pin::pin, std::sync::Arc, tokio::sync::oneshot};

use super::exchange::Once;
use super::request::TokenRequest;
use super::{Credential, Latch};
use crate::answer::Answer;
use crate::error::Error;

impl Latch {
    /// Rotates the token of the entry `default` by an exchange of the caller's. The caller's function presents the refresh
    /// token, at most once, and says what came of it; everything else, who may and what is kept, is done here. What it asks of
    /// this latch meanwhile is answered, but for its own entry, which can't be renewed before it returns: that is an error at
    /// once. For another entry: [`TokenRequest::rotate_with`].
    ///
    /// ```
    /// use std::time::Duration;
    /// use credlatch::{Answer, Label, Latch, Secret, Tokens};
    ///
    /// # fn main() -> Result<(), credlatch::Error> {
    /// let latch = Latch::in_memory();
    /// let signed_in = Tokens::new(Secret::try_from("access-1")?).with_refresh(Secret::try_from("refresh-1")?);
    /// let stored = latch.set_tokens("openai-codex", &Label::default(), signed_in)?;
    /// assert!(stored.held_back.is_none());
    ///
    /// let renewed = latch.rotate_with("openai-codex", |refresh| {
    ///     // Send `refresh.expose_secret()` to the issuer. Without a usable answer: `Answer::Unknown`.
    ///     match (Secret::try_from("access-2"), Secret::try_from(format!("{}-2", refresh.expose_secret()))) {
    ///         (Ok(access), Ok(next)) => {
    ///             Answer::Granted(Tokens::new(access).with_refresh(next).expiring_in(Duration::from_secs(3600)))
    ///         }
    ///         _ => Answer::Unknown,
    ///     }
    /// })?;
    /// assert_eq!(renewed.expose_secret(), "access-2");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Latch::rotate`].
    pub fn rotate_with(
        &self,
        provider: &str,
        exchange: impl FnOnce(&Secret) -> Answer + Send,
    ) -> Result<Credential, Error> {
        self.request(provider).rotate_with(exchange)
    }

    fn rotate_entry_with(
        &self,
        provider: &str,
        label: &Label,
        exchange: impl FnOnce(&Secret) -> Answer + Send,
    ) -> Result<Credential, Error> {
        let row = self.provider(provider)?;
        let here = self.0.exchanging.enter(&row.id, label);
        let inside = move |secret: &Secret| {
            let _here = here.begun();
            exchange(secret)
        };
        Ok(self.rotate_by(&Once::new(inside), provider, label, Cause::Asked)?.credential)
    }

    #[cfg(feature = "tokio")]
    async fn rotate_entry_with_async<F: Future<Output = Answer>>(
        &self,
        provider: &str,
        label: &Label,
        exchange: impl FnOnce(Secret) -> F,
    ) -> Result<Credential, Error> {
        let row = self.provider(provider)?;
        let request = self.rotation_request_for(row, label, Cause::Asked)?;
        let here = self.0.exchanging.enter(&row.id, label);
        let (sender, pending) = oneshot::channel::<PendingExchange>();
        let mut pending = ExchangeReceiver(pending);
        // On a thread of the latch, which goes on if this future is dropped: what was claimed has to be settled.
        let once = Once::new(move |refresh: &Secret| {
            let (answer, answered) = oneshot::channel();
            match sender.send(PendingExchange { refresh: refresh.clone(), answer }) {
                Ok(()) => answered.blocking_recv().unwrap_or(Answer::Unknown),
                Err(_) => Answer::NotConsumed { retry_after: None },
            }
        });
        let inner = Arc::clone(&self.0.inner);
        let rotating = self.on_worker("rotation", move || inner.rotate(&once, &request));
        let exchanging = async {
            // Nobody asks where nothing was to be presented: the thread has ended with an answer of its own.
            let Ok(PendingExchange { refresh, answer }) = (&mut pending.0).await else { return };
            let mut exchange = pin!({
                let _here = here.begun();
                exchange(refresh)
            });
            let told = std::future::poll_fn(|context| {
                let _here = here.begun();
                exchange.as_mut().poll(context)
            });
            let _ = answer.send(told.await);
        };
        let ((), rotation) = both(exchanging, rotating).await;
        Ok(self.rotated_by(row, label, rotation??)?.credential)
    }
}

/// A refresh token that is to be presented, and where the answer is awaited.
#[cfg(feature = "tokio")]
struct PendingExchange {
    refresh: Secret,
    answer: oneshot::Sender<Answer>,
}

/// Where that comes in. If it is dropped before anybody took it out, nothing was sent, and the thread is told so.
#[cfg(feature = "tokio")]
struct ExchangeReceiver(oneshot::Receiver<PendingExchange>);

#[cfg(feature = "tokio")]
impl Drop for ExchangeReceiver {
    fn drop(&mut self) {
        self.0.close();
        if let Ok(PendingExchange { answer, .. }) = self.0.try_recv() {
            let _ = answer.send(Answer::NotConsumed { retry_after: None });
        }
    }
}

/// Both of two futures, in whatever order they end.
#[cfg(feature = "tokio")]
async fn both<A, B>(first: impl Future<Output = A>, second: impl Future<Output = B>) -> (A, B) {
    use std::task::Poll;
    let (mut first, mut second) = (pin!(first), pin!(second));
    let (mut a, mut b) = (None, None);
    std::future::poll_fn(|context| {
        if a.is_none()
            && let Poll::Ready(done) = first.as_mut().poll(context)
        {
            a = Some(done);
        }
        if b.is_none()
            && let Poll::Ready(done) = second.as_mut().poll(context)
        {
            b = Some(done);
        }
        match (a.take(), b.take()) {
            (Some(one), Some(other)) => Poll::Ready((one, other)),
            (one, other) => {
                (a, b) = (one, other);
                Poll::Pending
            }
        }
    })
    .await
}

impl TokenRequest<'_> {
    /// As [`Latch::rotate_with`], for the entry of the request's label; without one, for `default`.
    ///
    /// # Errors
    /// As [`Latch::rotate`].
    pub fn rotate_with(self, exchange: impl FnOnce(&Secret) -> Answer + Send) -> Result<Credential, Error> {
        let latch = self.latch()?;
        latch.rotate_entry_with(self.provider, self.wanted.label.unwrap_or(&Label::default()), exchange)
    }

    /// As [`TokenRequest::rotate_with`], by an exchange that waits. Who polls this future polls the exchange. Dropping it ends
    /// the exchange: what was to be presented and was not is left alone, and once the exchange was polled its outcome is taken
    /// for unknown.
    ///
    /// # Errors
    /// As [`Latch::rotate`].
    #[cfg(feature = "tokio")]
    pub async fn rotate_with_async<F: Future<Output = Answer>>(
        self,
        exchange: impl FnOnce(Secret) -> F,
    ) -> Result<Credential, Error> {
        let (latch, label) = (self.latch()?, self.wanted.label.cloned().unwrap_or_default());
        latch.rotate_entry_with_async(self.provider, &label, exchange).await
    }
}
