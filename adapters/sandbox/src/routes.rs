//! The endpoints: which request does what, and how it is answered.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use credlatch::http1::Request;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::CLIENT_ID;
use super::log::LogEvent;
use super::settings::Fault;
use super::state::{AuthCode, Issued, Poll, ServerState, random};

/// What goes back.
pub(super) enum Response {
    Json(u16, Value),
    /// 503 with `Retry-After`.
    Busy(u64),
    /// An HTML page.
    Html(u16, String),
    /// To another address.
    Redirect(String),
    /// The answer, cut off in the middle.
    CutOff(String),
    /// Nothing: the connection ends.
    Nothing,
}

/// Handles one request; returns the answer, and whether it is the token endpoint's.
pub(super) fn handle(state: &mut ServerState, url: &str, request: &Request) -> (Response, bool) {
    // A page that was led here under another name (DNS rebinding) is not a client.
    if request.host.as_deref().is_none_or(|host| url != format!("http://{host}")) {
        return (Response::Html(421, "This is another server.".to_owned()), false);
    }
    let body = String::from_utf8_lossy(&request.body);
    let (response, is_token) = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/device_authorization") => (device_authorization(state, url, &Form(&body)), false),
        ("POST", "/token") => (token(state, &Form(&body)), true),
        ("POST", "/revoke") => (revoke(state, &Form(&body)), false),
        ("GET", "/authorize") => (authorize(state, &Form(&request.query)), false),
        ("GET", "/device") => (page(&Form(&request.query)), false),
        ("POST", "/device") => (decide(state, &Form(&body)), false),
        ("POST", "/api/accounts/deviceauth/usercode") => (codex_device(state, &body), false),
        ("POST", "/api/accounts/deviceauth/token") => (codex_poll(state, url, &body), false),
        _ => (Response::Html(404, "There is nothing here.".to_owned()), false),
    };
    if matches!(&response, Response::Json(400.., body) if body["error"] != "authorization_pending") {
        state.log.note(LogEvent::Refused, None);
    }
    (response, is_token)
}

/// A form or a query.
struct Form<'a>(&'a str);

impl Form<'_> {
    fn get(&self, name: &str) -> Option<String> {
        let mut pairs = form_urlencoded::parse(self.0.as_bytes()).filter(|(key, _)| key == name);
        let value = pairs.next()?.1.into_owned();
        // A parameter that comes twice is an error (RFC 6749, 3.2), here taken as missing.
        pairs.next().is_none().then_some(value)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).as_deref() == Some(value)
    }
}

fn device_authorization(state: &mut ServerState, url: &str, form: &Form<'_>) -> Response {
    if !form.is("client_id", CLIENT_ID) {
        return error(401, "invalid_client");
    }
    let (device_code, user_code) = state.new_flow();
    Response::Json(
        200,
        json!({
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": format!("{url}/device"),
            "verification_uri_complete": format!("{url}/device?user_code={user_code}"),
            "expires_in": state.settings.code_lifetime.as_secs(),
            "interval": state.settings.interval.as_secs(),
        }),
    )
}

fn token(state: &mut ServerState, form: &Form<'_>) -> Response {
    if !form.is("client_id", CLIENT_ID) {
        return error(401, "invalid_client");
    }
    match form.get("grant_type").as_deref() {
        Some("refresh_token") => refresh(state, form),
        Some("urn:ietf:params:oauth:grant-type:device_code") => device_token(state, form),
        Some("authorization_code") => code_token(state, form),
        _ => error(400, "unsupported_grant_type"),
    }
}

fn refresh(state: &mut ServerState, form: &Form<'_>) -> Response {
    let Some(presented) = form.get("refresh_token") else { return error(400, "invalid_request") };
    state.count_refresh_request();
    let fault = state.settings.fault.clone();
    if fault.is_some() {
        state.log.note(LogEvent::Fault, None);
    }
    if let Some(fault) = fault.as_ref().filter(|fault| fault.spares()) {
        return match fault {
            Fault::Refuse(status, code) => error(*status, code),
            Fault::Busy(secs) => Response::Busy(*secs),
            _ => Response::Nothing,
        };
    }
    let Some(issued) = state.refresh(&presented) else { return error(400, "invalid_grant") };
    let good = tokens(&issued);
    match fault {
        None | Some(Fault::Refuse(..) | Fault::Busy(_)) => good,
        Some(Fault::Drop) => Response::Nothing,
        Some(Fault::Html(status)) => Response::Html(status, "<h1>Bad gateway</h1>".to_owned()),
        Some(Fault::CutOff) => match good {
            Response::Json(_, body) => Response::CutOff(body.to_string()),
            other => other,
        },
        Some(Fault::Malformed) => Response::Json(200, json!({"data": {"token": "sandbox"}})),
        Some(Fault::Huge) => Response::Json(200, json!({"access_token": issued.access, "pad": "x".repeat(2 << 20)})),
    }
}

fn device_token(state: &mut ServerState, form: &Form<'_>) -> Response {
    let Some(device_code) = form.get("device_code") else { return error(400, "invalid_request") };
    match state.poll(&device_code, None) {
        (Poll::Approved, Some(at)) => tokens(&state.redeem_flow(at)),
        (Poll::Pending, _) => error(400, "authorization_pending"),
        (Poll::Hasty, _) => error(400, "slow_down"),
        (Poll::Expired, _) => error(400, "expired_token"),
        (Poll::Denied, _) => error(400, "access_denied"),
        (Poll::Approved | Poll::Invalid, _) => error(400, "invalid_grant"),
    }
}

fn code_token(state: &mut ServerState, form: &Form<'_>) -> Response {
    let known = form.get("code").and_then(|code| state.take_code(&code));
    let verifier = form.get("code_verifier").unwrap_or_default();
    let proven = known.is_some_and(|code| {
        code.challenge == challenge(&verifier) && form.get("redirect_uri") == Some(code.redirect_uri)
    });
    if proven { tokens(&state.log_in()) } else { error(400, "invalid_grant") }
}

fn revoke(state: &mut ServerState, form: &Form<'_>) -> Response {
    if !form.is("client_id", CLIENT_ID) {
        return error(401, "invalid_client");
    }
    let Some(token) = form.get("token") else { return error(400, "invalid_request") };
    state.revoke(&token);
    Response::Json(200, json!({}))
}

/// A browser's visit: the person agrees or refuses at once, and goes back to the port it came from.
fn authorize(state: &mut ServerState, query: &Form<'_>) -> Response {
    let (redirect_uri, echoed) =
        (query.get("redirect_uri").unwrap_or_default(), query.get("state").unwrap_or_default());
    let asks_well = query.is("client_id", CLIENT_ID)
        && query.is("response_type", "code")
        && query.is("code_challenge_method", "S256")
        && redirect_uri.starts_with("http://127.0.0.1:");
    let Some(challenge) = query.get("code_challenge").filter(|_| asks_well) else {
        return Response::Html(400, "That is no authorization request.".to_owned());
    };
    let mut answer = form_urlencoded::Serializer::new(String::new());
    answer.append_pair("state", &echoed);
    if state.settings.auto_approve {
        let code = state.new_code(AuthCode { challenge, redirect_uri: redirect_uri.clone() });
        answer.append_pair("code", &code);
    } else {
        answer.append_pair("error", "access_denied");
    }
    Response::Redirect(format!("{redirect_uri}?{}", answer.finish()))
}

fn page(query: &Form<'_>) -> Response {
    let given = query.get("user_code").unwrap_or_default();
    let code: String = given.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    Response::Html(
        200,
        format!("<form method=post><input name=user_code value=\"{code}\"> <button>Allow</button></form>"),
    )
}

fn decide(state: &mut ServerState, form: &Form<'_>) -> Response {
    let known = form.get("user_code").is_some_and(|code| state.decide(&code, true));
    let text = if known { "Done. You may close this window." } else { "Nobody waits for this code." };
    Response::Html(if known { 200 } else { 404 }, text.to_owned())
}

fn codex_device(state: &mut ServerState, body: &str) -> Response {
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    if asked["client_id"] != CLIENT_ID {
        return error(401, "invalid_client");
    }
    let (id, user_code) = state.new_flow();
    // Written as text, as the real one does.
    let interval = state.settings.interval.as_secs().to_string();
    Response::Json(200, json!({"device_auth_id": id, "user_code": user_code, "interval": interval}))
}

fn codex_poll(state: &mut ServerState, url: &str, body: &str) -> Response {
    let asked: Value = serde_json::from_str(body).unwrap_or_default();
    let (id, user_code) = (asked["device_auth_id"].as_str(), asked["user_code"].as_str());
    let (Some(id), Some(user_code)) = (id, user_code) else { return error(400, "invalid_request") };
    match state.poll(id, Some(user_code)) {
        (Poll::Approved, Some(at)) => {
            let verifier = random("cv");
            let redirect_uri = format!("{url}/deviceauth/callback");
            let code = AuthCode { challenge: challenge(&verifier), redirect_uri };
            let code = state.redeem_flow_for_code(at, code);
            Response::Json(200, json!({"authorization_code": code, "code_verifier": verifier}))
        }
        (Poll::Pending, _) => Response::Json(403, json!({"error": "authorization_pending"})),
        (Poll::Hasty, _) => error(429, "slow_down"),
        (Poll::Denied, _) => error(400, "access_denied"),
        (Poll::Expired, _) => error(400, "expired_token"),
        (Poll::Approved | Poll::Invalid, _) => error(400, "invalid_grant"),
    }
}

fn tokens(issued: &Issued) -> Response {
    let mut body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.lifetime_secs,
    });
    if let Some(refresh) = &issued.refresh {
        body["refresh_token"] = json!(refresh);
    }
    Response::Json(200, body)
}

fn error(status: u16, code: &str) -> Response {
    Response::Json(status, json!({"error": code}))
}

fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
