//! A layer for HTTP clients that are tower services: each request gets the credential that is current when it is sent, what
//! came of it is reported, and one that was refused is sent once more if another credential may help.
//!
//! ```
//! use credlatch::tower::AuthorizeLayer;
//! use credlatch::{Latch, Secret};
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), tower::BoxError> {
//! let latch = Latch::in_memory();
//! latch.set("minimax", Secret::try_from("mm-1")?)?;
//!
//! // In place of a client over a network:
//! let client = service_fn(async |request: http::Request<String>| {
//!     assert_eq!(request.headers()["authorization"], "Bearer mm-1");
//!     Ok::<_, std::io::Error>(http::Response::new(()))
//! });
//! let client = ServiceBuilder::new().layer(AuthorizeLayer::new(latch, "minimax")).service(client);
//! let request = http::Request::post("https://api.minimax.io/v1/chat/completions").body("{}".to_owned())?;
//! assert!(client.oneshot(request).await?.status().is_success());
//! # Ok(())
//! # }
//! ```

use std::error::Error as StdError;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Credential, Error, Next, Outcome, Scope};

/// Why a request failed: an [`Error`] of this crate, or the client's own.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// Authorizes what a client sends: see the [module](self).
#[derive(Clone, Debug)]
pub struct AuthorizeLayer {
    scope: Scope,
    provider: Arc<str>,
}

impl AuthorizeLayer {
    /// For the requests to one provider, with what a latch or a scope has stored for it.
    pub fn new(of: impl Into<Scope>, provider: &str) -> Self {
        Self { scope: of.into(), provider: provider.into() }
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize { inner, layer: self.clone() }
    }
}

/// A client whose requests are authorized. Its requests' bodies are cloned, so that one can be sent once more.
///
/// A request that doesn't go to the provider is refused, and nothing of it is sent ([`ErrorKind::WrongHost`](crate::ErrorKind)).
/// A 401 and a 429 are reported by their headers; no body is read. After that a request is sent once more, if the report gives
/// another credential. What comes then is reported too, and is the answer.
#[derive(Clone, Debug)]
pub struct Authorize<S> {
    inner: S,
    layer: AuthorizeLayer,
}

impl<S, B, R> Service<Request<B>> for Authorize<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send> + Clone + Send + 'static,
    B: Clone + Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was asked whether it is ready is the one that is called.
        let next = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, next);
        let AuthorizeLayer { scope, provider } = self.layer.clone();
        Box::pin(async move {
            let credential = scope.token_async(&provider).await?;
            let again = request.clone();
            let answer = inner.call(authorized(request, &credential)?).await.map_err(Into::into)?;
            let told = outcome(&answer);
            let Next::Retry(another) = scope.report_async(&credential, &told).await? else { return Ok(answer) };
            drop((answer, credential));
            poll_fn(|context| inner.poll_ready(context)).await.map_err(Into::into)?;
            let answer = inner.call(authorized(again, &another)?).await.map_err(Into::into)?;
            // Whatever comes next is for the next request to find out.
            let told = outcome(&answer);
            let _ = scope.report_async(&another, &told).await?;
            Ok(answer)
        })
    }
}

fn authorized<B>(mut request: Request<B>, credential: &Credential) -> Result<Request<B>, Error> {
    credential.authorize_request(&mut request)?;
    Ok(request)
}

/// What is reported of an answer: what its status and headers say, if they turn the credential away.
fn outcome<R>(answer: &Response<R>) -> Outcome {
    match answer.status() {
        status @ (StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS) => {
            Outcome::from_http(status.as_u16(), answer.headers(), b"")
        }
        _ => Outcome::accepted(),
    }
}
