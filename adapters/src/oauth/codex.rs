//! OpenAI's device dialect: JSON instead of forms, a status instead of `authorization_pending`, and at the end a code that
//! is exchanged like that of a browser, with a verifier that the issuer chose.

use credlatch_core::port::{Code, Polled, Prompting};
use credlatch_core::provider::OAuth;
use serde::Deserialize;
use serde_json::Value;

use super::answer::Wiped;
use super::classify::{UNUSABLE, failure, sent};
use super::device;
use super::http::{HttpResponse, Reply};

#[derive(Deserialize)]
struct Authorization {
    device_auth_id: Wiped,
    #[serde(alias = "usercode")]
    user_code: String,
    #[serde(default)]
    interval: Value,
    #[serde(default)]
    expires_in: Value,
}

#[derive(Deserialize)]
struct Confirmed {
    authorization_code: Wiped,
    code_verifier: Wiped,
}

/// What to show; the device id takes the place of the device code.
pub(super) fn prompted(reply: &Reply, row: &OAuth) -> Prompting {
    let sent = &sent(&[], row.client_id.as_deref());
    let Reply::Response(answer) = reply else { return Prompting::Failed(failure(reply, sent)) };
    if !answer.is_success() {
        return Prompting::Failed(failure(reply, sent));
    }
    let device = answer.body.as_deref().and_then(|body| serde_json::from_slice::<Authorization>(body).ok());
    let shown = device.and_then(|device| {
        let page = row.codex_verification_uri()?;
        let id = device.device_auth_id.secret()?;
        Some(device::show(id, device.user_code, page, None, &device.interval, &device.expires_in))
    });
    shown.unwrap_or_else(|| Prompting::Failed(UNUSABLE.into()))
}

/// What a poll brought: 403 and 404 mean not yet.
pub(super) fn polled(reply: &Reply, row: &OAuth, sent: &[&str]) -> Polled {
    if let Reply::Response(HttpResponse { status: 403 | 404, .. }) = reply {
        return Polled::Pending;
    }
    if let Some(wait) = device::wait(reply) {
        return wait;
    }
    let Reply::Response(answer) = reply else { return Polled::Pending };
    if !answer.is_success() {
        return Polled::Failed(failure(reply, sent));
    }
    let confirmed = answer.body.as_deref().and_then(|body| serde_json::from_slice::<Confirmed>(body).ok());
    let code = confirmed.and_then(|confirmed| {
        let code = confirmed.authorization_code.secret()?;
        let verifier = Some(confirmed.code_verifier.secret()?);
        Some(Code { code, verifier, redirect_uri: row.codex_redirect_uri()? })
    });
    code.map_or_else(|| Polled::Failed(UNUSABLE.into()), Polled::Code)
}
