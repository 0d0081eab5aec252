//! What a request carries to say whose credentials it may use.

use credlatch_core::name::ProfileName;
use credlatch_core::secret::Secret;

#[cfg(feature = "env")]
use super::Plan;
use super::{Cleared, Credential, Expanded, Latch, Next, Outcome, TokenRequest, expand};
use crate::error::{Error, ErrorKind};
#[cfg(feature = "env")]
use credlatch_core::scrub::Shape;

/// The profile of a request, a thread or a detached worker.
///
/// It is a value: whoever starts a thread or a task moves a clone into it, and keeps that profile whatever happens around
/// it. Nothing is ambient, so nothing can be inherited by mistake. It fails closed: without a profile, or after an error
/// while entering, everything asked of it is an error; there is no default to fall back to.
///
/// ```
/// use credlatch::{Latch, Scope};
///
/// let scope = Scope::from(Latch::in_memory()); // usually profiles.scope(name)
/// let worker = std::thread::spawn({
///     let scope = scope.clone();
///     move || scope.current("minimax").is_err() // no key is stored: an error, whatever the environment holds
/// });
/// assert!(worker.join().unwrap());
/// assert!(Scope::none().current("minimax").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct Scope(Result<Latch, Error>);

impl Scope {
    /// No profile. That of a request which names none.
    pub fn none() -> Self {
        Self(Err(Error::new(
            ErrorKind::Usage,
            "this request belongs to no profile, so it has no credentials",
            "name its profile where the request comes in",
        )))
    }

    /// The profile's latch.
    ///
    /// # Errors
    /// There is no profile; or why it could not be entered.
    pub fn latch(&self) -> Result<&Latch, Error> {
        self.0.as_ref().map_err(Clone::clone)
    }

    /// Which profile it is.
    ///
    /// # Errors
    /// As [`Scope::latch`].
    pub fn profile(&self) -> Result<&ProfileName, Error> {
        Ok(self.latch()?.profile())
    }

    /// As [`Latch::request`]; without a profile, whatever is asked by it is an error.
    pub fn request<'a>(&'a self, provider: &'a str) -> TokenRequest<'a> {
        TokenRequest::new(self.0.as_ref(), provider)
    }

    /// As [`Latch::current`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::current`].
    pub fn current(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).current()
    }

    /// As [`Latch::token`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::token`].
    pub fn token(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).token()
    }

    /// As [`Latch::report`]. A credential of another profile is refused: what is told of it would count here.
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::report`]; the credential is another profile's ([`ErrorKind::Usage`]).
    pub fn report(&self, credential: &Credential, outcome: &Outcome) -> Result<Next, Error> {
        self.own(credential)?.report(credential, outcome)
    }

    /// As [`Latch::set`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::set`].
    pub fn set(&self, provider: &str, key: Secret) -> Result<(), Error> {
        self.latch()?.set(provider, key)
    }

    /// As [`Latch::clear`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::clear`].
    pub fn clear(&self, provider: &str) -> Result<Cleared, Error> {
        self.latch()?.clear(provider)
    }

    fn own(&self, credential: &Credential) -> Result<&Latch, Error> {
        let latch = self.latch()?;
        if credential.is_of(latch) {
            return Ok(latch);
        }
        let what = format!("this {} credential is of another profile than {}", credential.provider(), latch.profile());
        Err(Error::new(ErrorKind::Usage, what, "report it in the scope that it was asked for in"))
    }

    /// The environment of a child that is started in this scope, as [`Latch::plan`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::plan`].
    #[cfg(feature = "env")]
    pub fn plan(&self, provider: &str, shape: Shape) -> Result<Plan, Error> {
        self.latch()?.plan(provider, shape)
    }

    /// Replaces each `${NAME}` in a text of a configuration. The names are those of the provider table, such as
    /// `MINIMAX_API_KEY`, and what they stand for is what this profile has stored *now*; the process's environment is not
    /// looked at. What is put in is not expanded again.
    ///
    /// # Errors
    /// A name that no provider has, a provider of which nothing of that kind is stored, a `${` without its `}`; and as
    /// [`Scope::latch`].
    pub fn expand(&self, text: &str) -> Result<Expanded, Error> {
        expand::expand(text, self.latch()?)
    }
}

/// What blocks no executor.
#[cfg(feature = "tokio")]
impl Scope {
    /// As [`Latch::token_async`].
    ///
    /// # Errors
    /// As [`Scope::latch`] and [`Latch::token_async`].
    pub async fn token_async(&self, provider: &str) -> Result<Credential, Error> {
        self.request(provider).token_async().await
    }

    /// As [`Scope::report`].
    ///
    /// # Errors
    /// As [`Scope::report`].
    pub async fn report_async(&self, credential: &Credential, outcome: &Outcome) -> Result<Next, Error> {
        self.own(credential)?.report_async(credential, outcome).await
    }

    /// As [`Scope::set`].
    ///
    /// # Errors
    /// As [`Scope::set`].
    pub async fn set_async(&self, provider: &str, key: Secret) -> Result<(), Error> {
        self.latch()?.set_async(provider, key).await
    }

    /// As [`Scope::clear`].
    ///
    /// # Errors
    /// As [`Scope::clear`].
    pub async fn clear_async(&self, provider: &str) -> Result<Cleared, Error> {
        self.latch()?.clear_async(provider).await
    }
}

impl Default for Scope {
    /// No profile.
    fn default() -> Self {
        Self::none()
    }
}

impl From<Latch> for Scope {
    fn from(latch: Latch) -> Self {
        Self(Ok(latch))
    }
}

impl From<Result<Latch, Error>> for Scope {
    fn from(entered: Result<Latch, Error>) -> Self {
        Self(entered)
    }
}
