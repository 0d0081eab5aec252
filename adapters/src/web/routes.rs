//! The routes.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::{get, post};
use http::StatusCode;
use http::request::Parts;
use serde::{Deserialize, Serialize};

use super::Shared;
use super::page;
use super::request::AuthorizedRequest;
use super::response::{FlowBody, Rejection, json};
use crate::core::provider::Provider;
use crate::core::state::{Entry, Material, State as Stored};
use crate::latch::{FlowState, FlowStatus};

/// The longest body that is read, in bytes.
const MAX_BODY: usize = 4096;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/sign-in", get(sign_in))
        .route("/start", post(start))
        .route("/poll/{flow_id}", get(poll))
        .route("/cancel/{flow_id}", post(cancel))
        .route("/status", get(status))
        .fallback(async || Rejection::new(StatusCode::NOT_FOUND, "there is nothing here", "look at the address"))
        .method_not_allowed_fallback(async || {
            Rejection::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this is asked for otherwise",
                "`start` and `cancel` are POST",
            )
        })
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(shared)
}

/// The page does nothing before a button is pressed, so a link from anywhere may lead to it.
async fn sign_in(State(shared): State<Arc<Shared>>, parts: Parts) -> Result<Response, Rejection> {
    shared.origins.check_host(&parts)?;
    Ok(page::page())
}

#[derive(Deserialize)]
struct Start {
    provider: String,
}

async fn start(request: AuthorizedRequest, body: Result<Bytes, BytesRejection>) -> Result<Response, Rejection> {
    let form = "send `{\"provider\":\"NAME\"}`";
    let body = body.map_err(|why| Rejection::new(why.status(), "the request could not be read", form))?;
    let start: Start = serde_json::from_slice(&body)
        .map_err(|_| Rejection::new(StatusCode::BAD_REQUEST, "the request is not what this route reads", form))?;
    let unknown = |error| Rejection::in_its_words(StatusCode::BAD_REQUEST, &error);
    // Whether its row may be used is said by the login, whose words may name a file.
    let provider = request.latch.known(&start.provider).map_err(unknown)?;
    if !has_login(provider) {
        let what = format!("there is no sign-in for {}", provider.id);
        return Err(Rejection::new(StatusCode::BAD_REQUEST, &what, "it uses an API key; store one"));
    }
    let flow = request.latch.login_async(provider.id.as_str()).await?;
    Ok(json(StatusCode::OK, &FlowBody::from(flow.status()?)))
}

async fn poll(request: AuthorizedRequest, flow_id: Result<Path<String>, PathRejection>) -> Result<Response, Rejection> {
    let Path(flow_id) = flow_id.map_err(|_| Rejection::unknown_flow())?;
    if request.latch.flow_if_known(&flow_id)?.is_none() {
        return Err(Rejection::unknown_flow());
    }
    Ok(json(StatusCode::OK, &FlowBody::from(request.latch.follow(&flow_id)?)))
}

async fn cancel(
    request: AuthorizedRequest,
    flow_id: Result<Path<String>, PathRejection>,
) -> Result<Response, Rejection> {
    let flow_id = flow_id.map_or_else(|_| String::new(), |Path(flow_id)| flow_id);
    request.latch.cancel_async(&flow_id).await?;
    let flow = request.latch.flow_if_known(&flow_id)?;
    Ok(json(StatusCode::OK, &flow.map_or_else(FlowBody::cancelled, FlowBody::from)))
}

#[derive(Serialize)]
struct Status {
    providers: Vec<Known>,
}

/// A provider that has a login.
#[derive(Serialize)]
struct Known {
    id: String,
    name: String,
    signed_in: bool,
    flow: Option<FlowBody>,
}

async fn status(request: AuthorizedRequest) -> Result<Response, Rejection> {
    let stored = request.latch.status()?.state;
    let flows = request.latch.flows()?;
    let rows = request.latch.providers().providers().filter(|row| has_login(row));
    let providers = rows.map(|row| Known {
        id: row.id.to_string(),
        name: row.display_name().to_owned(),
        signed_in: is_signed_in(&stored, row),
        flow: newest(&flows, row).map(FlowBody::from),
    });
    Ok(json(StatusCode::OK, &Status { providers: providers.collect() }))
}

fn has_login(row: &Provider) -> bool {
    row.oauth.as_ref().is_some_and(|oauth| oauth.flow.is_some())
}

/// Whether something is stored that its issuer has not rejected.
fn is_signed_in(stored: &Stored, row: &Provider) -> bool {
    let is_good = |entry: &Entry| {
        let is_suspended = matches!(&entry.material, Material::Link(link) if link.suspended);
        !entry.is_lost() && entry.health.dead.is_none() && !is_suspended
    };
    stored.slot(row.id.as_str()).is_some_and(|slot| slot.entries.iter().any(is_good))
}

/// The flow in progress, or the one that ended last.
fn newest(flows: &[FlowStatus], row: &Provider) -> Option<FlowStatus> {
    let of_row = flows.iter().filter(|flow| flow.provider == row.id);
    of_row.max_by_key(|flow| (flow.state == FlowState::Pending, flow.expires_at)).cloned()
}
