//! One way to ask for a credential, whatever else is said of the request.

use std::fmt;

use credlatch_core::name::Label;

use super::passed_over::Wanted;
use super::{Credential, Latch};
use crate::error::Error;

/// What is asked for, said step by step: [`Latch::request`], [`Scope::request`](crate::Scope::request).
///
/// ```
/// use std::time::Duration;
/// use credlatch::{ErrorKind, Label, Latch, Secret};
///
/// # fn main() -> Result<(), credlatch::Error> {
/// let latch = Latch::in_memory();
/// let (work, own) = (Label::new("work")?, Label::new("own")?);
/// latch.set_as("minimax", &work, Secret::try_from("mm-work")?)?;
/// latch.set_as("minimax", &own, Secret::try_from("mm-own")?)?;
///
/// // Whichever the pool's strategy takes, of those that may be used for this model:
/// assert_eq!(latch.request("minimax").for_model("big").token()?.label(), &work);
/// // This one and no other:
/// assert_eq!(latch.request("minimax").labelled(&own).token()?.expose_secret(), "mm-own");
///
/// latch.remove("minimax", &own)?.drain(Duration::from_secs(5))?;
/// assert_eq!(latch.request("minimax").labelled(&own).token().unwrap_err().kind(), ErrorKind::NoCredential);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
#[must_use = "nothing is asked for before `current`, `token` or `token_async`"]
pub struct TokenRequest<'a> {
    latch: Result<&'a Latch, &'a Error>,
    pub(super) provider: &'a str,
    pub(super) wanted: Wanted<'a>,
}

impl Latch {
    /// A request for a provider's credential, of which more can be said before it is made.
    pub fn request<'a>(&'a self, provider: &'a str) -> TokenRequest<'a> {
        TokenRequest::new(Ok(self), provider)
    }
}

impl<'a> TokenRequest<'a> {
    pub(super) fn new(latch: Result<&'a Latch, &'a Error>, provider: &'a str) -> Self {
        Self { latch, provider, wanted: Wanted::default() }
    }

    /// It goes to this model: an entry that rests for it is passed over, which other models may still use.
    pub fn for_model(mut self, model: &'a str) -> Self {
        self.wanted.model = Some(model);
        self
    }

    /// It takes the entry of this label and no other, whatever the pool's strategy is. If that can't be used, the error says
    /// why, as [`ErrorKind`](crate::ErrorKind): `NoCredential` if there is none of this label, or it was cleared; `Busy` if it
    /// rests or is in doubt, with the time at which it may be used again ([`Error::retry_at`]); `SignIn` if only a new
    /// credential helps.
    pub fn labelled(mut self, label: &'a Label) -> Self {
        self.wanted.label = Some(label);
        self
    }

    /// The credential as it is now, as [`Latch::current`]: nothing is rotated.
    ///
    /// # Errors
    /// As [`Latch::current`]; in a scope without a profile, as [`Scope::latch`](crate::Scope::latch).
    pub fn current(self) -> Result<Credential, Error> {
        self.latch()?.chosen(self.provider, self.wanted)
    }

    /// The credential, good for a request, as [`Latch::token`].
    ///
    /// # Errors
    /// As [`Latch::token`]; in a scope without a profile, as [`Scope::latch`](crate::Scope::latch).
    pub fn token(self) -> Result<Credential, Error> {
        let (latch, wanted) = (self.latch()?, self.wanted);
        let row = latch.provider(self.provider)?;
        latch.good(row, wanted).map_err(|nothing| latch.explained(row, wanted, nothing))
    }

    /// As [`TokenRequest::token`], and blocks no executor.
    ///
    /// # Errors
    /// As [`TokenRequest::token`].
    #[cfg(feature = "tokio")]
    pub async fn token_async(self) -> Result<Credential, Error> {
        let (latch, wanted) = (self.latch()?, self.wanted);
        let row = latch.provider(self.provider)?;
        latch.good_async(row, wanted).await?.map_err(|nothing| latch.explained(row, wanted, nothing))
    }

    pub(super) fn latch(&self) -> Result<&'a Latch, Error> {
        self.latch.map_err(Clone::clone)
    }
}

impl fmt::Debug for TokenRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenRequest")
            .field("provider", &self.provider)
            .field("model", &self.wanted.model)
            .field("label", &self.wanted.label)
            .finish_non_exhaustive()
    }
}
