//! A request that may be served, with the latch it speaks to. A route gets its latch only through the checks.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, StatusCode};
use parking_lot::Mutex;

use super::Shared;
use super::response::Rejection;
use crate::latch::Latch;

/// A request that passed, and its latch.
pub(super) struct AuthorizedRequest {
    pub(super) latch: Latch,
    shared: Arc<Shared>,
}

impl FromRequestParts<Arc<Shared>> for AuthorizedRequest {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Rejection> {
        shared.origins.check(parts)?;
        if parts.method == Method::POST && !is_json(parts) {
            return Err(Rejection::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "only JSON is read",
                "send it with `Content-Type: application/json`",
            ));
        }
        let latch = (shared.latch_of)(parts).map_err(Rejection::no_profile)?;
        Ok(Self { latch, shared: Arc::clone(shared) })
    }
}

fn is_json(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// Latches with a login under way: a server that opens one for each request must not end the login with the request.
#[derive(Default)]
pub(super) struct Kept(Mutex<Vec<Latch>>);

impl Drop for AuthorizedRequest {
    /// Also where the client has gone away in the middle.
    fn drop(&mut self) {
        let idle: Vec<Latch> = {
            let mut kept = self.shared.kept.0.lock();
            let (at_work, idle) = std::mem::take(&mut *kept).into_iter().partition(Latch::is_at_work);
            *kept = at_work;
            if self.latch.is_at_work() && !kept.iter().any(|latch| latch.is_same(&self.latch)) {
                kept.push(self.latch.clone());
            }
            idle
        };
        drop(idle);
    }
}
