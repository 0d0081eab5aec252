//! Sign-in over HTTP: routes that a server mounts, and one small page that uses them.
//!
//! ```
//! use credlatch::Latch;
//! use credlatch::web::Onboarding;
//!
//! # fn server(latch: Latch) -> axum::Router {
//! let onboarding = Onboarding::new(move |_| Ok(latch.clone())).allow_origin("https://agents.example");
//! axum::Router::new().nest("/onboarding", onboarding.router())
//! # }
//! ```
//!
//! | route | does |
//! |---|---|
//! | `GET sign-in` | the page; `?provider=minimax` names whom to sign in to |
//! | `POST start` | `{"provider":"…"}`: starts a login, or joins the one in progress |
//! | `GET poll/{flow_id}` | how far it is; an unknown one is 404 |
//! | `POST cancel/{flow_id}` | ends it; an unknown one is as good as cancelled |
//! | `GET status` | the providers that have a login, whether one is stored, and each one's newest flow |
//!
//! A flow is told as `flow_id, status, user_code, verification_uri, expires_at, poll_interval_seconds`, where `status` is
//! `pending`, `success`, `expired`, `cancelled` or `error`. No answer holds a secret, a path or a variable's name, and none
//! may be stored by a cache. An error is `{"error":{"kind","message","remedy"}}`; its cause, which may name a path, is for
//! the server's own log: a [`credlatch::Error`](crate::Error) among the response's extensions.
//!
//! Who may sign in is the server's business: mount the routes behind its own authentication. What is looked at here is that
//! a browser asks from a page of this server. The `Host` must be one that the server goes by, which stops a name that
//! is pointed at this machine (DNS rebinding); a request that says where it comes from must come from there; and a `POST`
//! is JSON, which no form of another site can send.
//!
//! Nothing here blocks an executor: what asks an issuer or writes runs on a thread of the latch, and a login goes on when
//! the client goes away. Reads run where they are asked, as those of [`Latch::token_async`] do.

mod origin;
mod page;
mod request;
mod response;
mod routes;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use axum::Router;
use http::request::Parts;

use crate::error::Error;
use crate::latch::Latch;
use origin::Origins;
use request::Kept;

/// The routes of a server, before they are mounted.
pub struct Onboarding(Shared);

/// Finds the latch that a request speaks to.
type LatchOf = dyn Fn(&Parts) -> Result<Latch, Error> + Send + Sync;

struct Shared {
    latch_of: Box<LatchOf>,
    origins: Origins,
    kept: Kept,
}

impl Onboarding {
    /// Routes for the latches that this function finds. It sees each request before anything is done, with what the
    /// server's own layers put into its extensions; a login belongs to the profile that was found when it started. It
    /// runs on the executor, so it should not wait: clone a latch that is kept, or ask [`Profiles`](crate::Profiles).
    pub fn new(latch_of: impl Fn(&Parts) -> Result<Latch, Error> + Send + Sync + 'static) -> Self {
        let (origins, kept) = (Origins::default(), Kept::default());
        Self(Shared { latch_of: Box::new(latch_of), origins, kept })
    }

    /// Lets pages of this origin in, and requests whose `Host` is its: the address under which people reach the server,
    /// such as `https://agents.example`. Unless said, only this machine's own names are let in.
    ///
    /// # Panics
    /// If it isn't a scheme and a host, with a port where it isn't the usual one, and nothing more.
    #[must_use]
    pub fn allow_origin(mut self, origin: &str) -> Self {
        self.0.origins.allow(origin);
        self
    }

    /// The routes, to be nested under a prefix.
    pub fn router(self) -> Router {
        routes::router(Arc::new(self.0))
    }
}

impl fmt::Debug for Onboarding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Onboarding").field("origins", &self.0.origins).finish_non_exhaustive()
    }
}
