//! What goes out: flows and errors, with nothing in them that isn't public.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::json;

use super::origin::Stranger;
use crate::error::{Error, ErrorKind};
use crate::latch::{FlowState, FlowStatus};
use crate::when::rfc3339;

/// A flow, as it is told.
#[derive(Serialize)]
pub(super) struct FlowBody {
    flow_id: Option<String>,
    status: &'static str,
    user_code: Option<String>,
    verification_uri: Option<String>,
    expires_at: Option<String>,
    poll_interval_seconds: Option<u64>,
}

impl From<FlowStatus> for FlowBody {
    fn from(flow: FlowStatus) -> Self {
        let lives = flow.state == FlowState::Pending;
        Self {
            flow_id: Some(flow.id),
            status: match flow.state {
                FlowState::Pending => "pending",
                FlowState::Succeeded => "success",
                FlowState::Expired => "expired",
                FlowState::Cancelled => "cancelled",
                FlowState::Failed(_) => "error",
            },
            user_code: flow.user_code,
            verification_uri: flow.verification_uri,
            expires_at: lives.then(|| rfc3339(flow.expires_at)),
            poll_interval_seconds: lives.then_some(flow.interval.as_secs()).filter(|secs| *secs > 0),
        }
    }
}

impl FlowBody {
    /// What a cancel says of a flow that nobody knows: it is not repeated, because it may be anything.
    pub(super) fn cancelled() -> Self {
        let (flow_id, user_code, verification_uri) = (None, None, None);
        let (expires_at, poll_interval_seconds) = (None, None);
        Self { flow_id, status: "cancelled", user_code, verification_uri, expires_at, poll_interval_seconds }
    }
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // What is told has string keys and no floats, so it can be written.
    let text = serde_json::to_string(body).unwrap_or_default();
    with_type(status, "application/json", text)
}

/// An answer that no cache may keep, and whose type no browser may guess.
pub(super) fn with_type(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// A request that is not served, and why.
#[derive(Debug)]
pub(super) struct Rejection {
    status: StatusCode,
    kind: ErrorKind,
    message: String,
    remedy: String,
    /// What the server's log may want to know.
    cause: Option<Error>,
}

impl Rejection {
    pub(super) fn new(status: StatusCode, message: &str, remedy: &str) -> Self {
        let (message, remedy) = (message.to_owned(), remedy.to_owned());
        Self { status, kind: ErrorKind::Usage, message, remedy, cause: None }
    }

    /// An error that is known to name nothing but providers.
    pub(super) fn in_its_words(status: StatusCode, error: &Error) -> Self {
        Self { kind: error.kind(), ..Self::new(status, error.message(), error.remedy()) }
    }

    /// The server found no latch for a request.
    pub(super) fn no_profile(error: Error) -> Self {
        if error.kind() != ErrorKind::Usage {
            return error.into();
        }
        let (message, remedy) =
            ("this request belongs to no profile", "look at the address, or sign in to this server");
        Self { cause: Some(error), ..Self::new(StatusCode::BAD_REQUEST, message, remedy) }
    }

    pub(super) fn unknown_flow() -> Self {
        Self::new(StatusCode::NOT_FOUND, "no sign-in of this name is known", "start again")
    }
}

impl From<Error> for Rejection {
    /// The words of an error may name a path, so others are told by its kind only.
    fn from(error: Error) -> Self {
        let log = "whoever runs this server finds the cause in its log";
        let (status, message, remedy) = match error.kind() {
            ErrorKind::Usage | ErrorKind::WrongHost => {
                (StatusCode::BAD_REQUEST, "this can't be done here", "look at what was asked for")
            }
            ErrorKind::NoCredential => (StatusCode::NOT_FOUND, "nothing is stored for this", "sign in first"),
            ErrorKind::SignIn => (StatusCode::CONFLICT, "the sign-in was refused", "start again"),
            ErrorKind::Busy => (StatusCode::SERVICE_UNAVAILABLE, "somebody else is at it", "try again in a moment"),
            ErrorKind::Unreadable | ErrorKind::Sealed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "the credential store can't be used", log)
            }
            ErrorKind::Unreachable => {
                (StatusCode::BAD_GATEWAY, "the provider did not answer as it should", "try again in a moment")
            }
            ErrorKind::Other => (StatusCode::INTERNAL_SERVER_ERROR, "it could not be done", log),
        };
        Self { kind: error.kind(), cause: Some(error), ..Self::new(status, message, remedy) }
    }
}

impl From<Stranger> for Rejection {
    fn from(stranger: Stranger) -> Self {
        let (message, remedy) = match stranger {
            Stranger::Host => ("this server does not go by that name", "whoever runs it allows its public address"),
            Stranger::Page => ("only pages of this server may ask for this", "use the server's own page"),
        };
        Self::new(StatusCode::FORBIDDEN, message, remedy)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let error = json!({"kind": self.kind.as_str(), "message": self.message, "remedy": self.remedy});
        let mut response = json(self.status, &json!({ "error": error }));
        if let Some(cause) = self.cause {
            response.extensions_mut().insert(cause);
        }
        response
    }
}
