//! Every route and every refusal, asked without a network.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::core::flow::{FlowKind, Prompt};
use crate::core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use crate::core::rotation::Exchanged;
use crate::core::secret::Secret;
use crate::{ErrorKind, Label, ProviderId};

/// Gives a code, or refuses to, and waits for ever.
struct Patient(Option<&'static str>);

impl Issuer for Patient {
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        Exchanged::NotConsumed { retry_after_ms: None }
    }

    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        let prompt = Prompt {
            device_code: Some(Secret::try_from("device-code-secret").unwrap()),
            user_code: "WXYZ-1234".to_owned(),
            verification_uri: "https://auth.example/device".to_owned(),
            verification_uri_complete: Some("https://auth.example/device?user_code=WXYZ-1234".to_owned()),
            interval_secs: 5,
        };
        match self.0 {
            Some(code) => Prompting::Failed(code.into()),
            None => Prompting::Prompt { prompt, expires_in_ms: 600_000 },
        }
    }

    fn poll(&self, _: &ProviderId, _: &Prompt) -> Polled {
        Polled::Pending
    }

    fn exchange(&self, _: &ProviderId, _: &Code) -> CodeExchanged {
        CodeExchanged::Failed("unsupported".into())
    }

    fn revoke(&self, _: &ProviderId, _: &Secret) -> Revoked {
        Revoked::Unsupported
    }
}

fn latch(refuses: Option<&'static str>) -> Latch {
    Latch::builder().issuer(Patient(refuses)).in_memory(crate::system::SystemClock).unwrap()
}

fn routes_of(latch: &Latch) -> Router {
    let latch = latch.clone();
    Router::new().nest("/onboarding", Onboarding::new(move |_| Ok(latch.clone())).router())
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("/onboarding/{path}")).header("host", "localhost:3000")
}

fn get(path: &str) -> Request<Body> {
    request("GET", path).body(Body::empty()).unwrap()
}

fn post(path: &str, body: &Value) -> Request<Body> {
    request("POST", path).header(CONTENT_TYPE, "application/json").body(Body::from(body.to_string())).unwrap()
}

async fn answer(router: &Router, request: Request<Body>) -> Response {
    let response = router.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    response
}

async fn told(router: &Router, request: Request<Body>) -> (StatusCode, Value) {
    let response = answer(router, request).await;
    assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
    let status = response.status();
    let text = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    for secret in ["device-code-secret", "mm-key-1"] {
        assert!(!String::from_utf8_lossy(&text).contains(secret));
    }
    let body: Value = serde_json::from_slice(&text).unwrap();
    if !status.is_success() {
        let error = body["error"].as_object().unwrap();
        assert_eq!(error.keys().collect::<Vec<_>>(), ["kind", "message", "remedy"]);
        assert!(error.values().all(|text| !text.as_str().unwrap().is_empty()));
    }
    (status, body)
}

const KEYS: [&str; 6] = ["expires_at", "flow_id", "poll_interval_seconds", "status", "user_code", "verification_uri"];

fn assert_flow(flow: &Value, status: &str) {
    assert_eq!(flow.as_object().unwrap().keys().collect::<Vec<_>>(), KEYS);
    assert_eq!(flow["status"], status);
}

#[tokio::test]
async fn a_login_is_started_joined_looked_at_and_cancelled() {
    let latch = latch(None);
    let router = routes_of(&latch);
    let (status, flow) = told(&router, post("start", &json!({"provider": " Codex "}))).await;
    assert_eq!(status, StatusCode::OK, "{flow}");
    assert_flow(&flow, "pending");
    assert_eq!((&flow["user_code"], &flow["poll_interval_seconds"]), (&json!("WXYZ-1234"), &json!(5)));
    assert_eq!(flow["verification_uri"], "https://auth.example/device");
    assert!(flow["expires_at"].as_str().unwrap().ends_with('Z'));

    let (_, joined) = told(&router, post("start", &json!({"provider": "openai-codex"}))).await;
    assert_eq!(joined, flow);
    let id = flow["flow_id"].as_str().unwrap();
    let (_, polled) = told(&router, get(&format!("poll/{id}"))).await;
    assert_eq!(polled, flow);

    let (status, cancelled) = told(&router, post(&format!("cancel/{id}"), &json!({}))).await;
    assert_eq!(status, StatusCode::OK);
    assert_flow(&cancelled, "cancelled");
    assert_eq!((&cancelled["flow_id"], &cancelled["expires_at"]), (&flow["flow_id"], &Value::Null));
    let (_, again) = told(&router, post(&format!("cancel/{id}"), &json!({}))).await;
    assert_eq!(again, cancelled);
    let (status, polled) = told(&router, get(&format!("poll/{id}"))).await;
    assert_eq!((status, &polled), (StatusCode::OK, &cancelled), "an ended one is visible for its 300 s");
}

#[tokio::test]
async fn an_unknown_flow_is_404_to_poll_and_as_good_as_cancelled() {
    let router = routes_of(&latch(None));
    for id in ["0123456789abcdef0123456789abcdef", "nonsense", "%FF", "..%2F..%2Fetc"] {
        let (status, body) = told(&router, get(&format!("poll/{id}"))).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{body}");
        let (status, flow) = told(&router, post(&format!("cancel/{id}"), &json!({}))).await;
        assert_eq!(status, StatusCode::OK);
        assert_flow(&flow, "cancelled");
    }
}

#[tokio::test]
async fn status_tells_who_has_a_login_and_how_it_stands() {
    let latch = latch(None);
    let router = routes_of(&latch);
    let of_codex = async || {
        let (_, body) = told(&router, get("status")).await;
        let all = body["providers"].as_array().unwrap().clone();
        assert!(all.iter().all(|one| one["id"] != "minimax" || !one["signed_in"].as_bool().unwrap()));
        all.into_iter().find(|one| one["id"] == "openai-codex").unwrap()
    };
    let before = of_codex().await;
    assert_eq!((&before["signed_in"], &before["flow"]), (&json!(false), &Value::Null));
    let (_, flow) = told(&router, post("start", &json!({"provider": "openai-codex"}))).await;
    assert_eq!(of_codex().await["flow"], flow);
    told(&router, post(&format!("cancel/{}", flow["flow_id"].as_str().unwrap()), &json!({}))).await;
    assert_flow(&of_codex().await["flow"], "cancelled");
    let tokens = crate::Tokens {
        access: Secret::try_from("access-secret").unwrap(),
        refresh: None,
        expires_in: None,
        scopes: None,
    };
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
    assert_eq!(of_codex().await["signed_in"], true);
}

#[tokio::test]
async fn what_cannot_be_started_says_so() {
    let router = routes_of(&latch(None));
    for (body, kind) in [
        (json!({"provider": "nobody"}), "usage"),
        (json!({"provider": ""}), "usage"),
        (json!({"provider": "minimax"}), "usage"),
        (json!({"provider": 7}), "usage"),
        (json!({}), "usage"),
        (json!([]), "usage"),
    ] {
        let (status, error) = told(&router, post("start", &body)).await;
        assert_eq!((status, &error["error"]["kind"]), (StatusCode::BAD_REQUEST, &json!(kind)), "{body}");
    }
    let (status, _) = told(&router, post("start", &json!({"provider": "x".repeat(5000)}))).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    for (code, expected) in [
        ("temporarily_unavailable", StatusCode::BAD_GATEWAY),
        ("access_denied", StatusCode::CONFLICT),
        ("unsupported", StatusCode::BAD_REQUEST),
    ] {
        let router = routes_of(&latch(Some(code)));
        let (status, _) = told(&router, post("start", &json!({"provider": "openai-codex"}))).await;
        assert_eq!(status, expected, "{code}");
    }
}

#[tokio::test]
async fn report_3972_c_a_refused_start_leaves_the_way_open_over_http() {
    let latch = latch(Some("temporarily_unavailable"));
    for _ in 0..2 {
        let (status, _) = told(&routes_of(&latch), post("start", &json!({"provider": "openai-codex"}))).await;
        assert_eq!(status, StatusCode::BAD_GATEWAY);
    }
    assert_eq!(latch.flows().unwrap().len(), 2, "each was asked for anew");
}

#[tokio::test]
async fn a_form_of_another_site_can_start_and_cancel_nothing() {
    let latch = latch(None);
    let router = routes_of(&latch);
    for kind in ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", "text/json", ""] {
        for path in ["start", "cancel/0123456789abcdef0123456789abcdef"] {
            let body = Body::from(r#"{"provider":"openai-codex"}"#);
            let request = request("POST", path).header(CONTENT_TYPE, kind).body(body).unwrap();
            assert_eq!(told(&router, request).await.0, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{kind}");
        }
    }
    assert!(latch.flows().unwrap().is_empty());
    let request = request("POST", "start").header(CONTENT_TYPE, "Application/JSON; charset=utf-8");
    let request = request.body(Body::from(r#"{"provider":"openai-codex"}"#)).unwrap();
    assert_eq!(told(&router, request).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_stranger_is_refused_on_every_route_before_anything_is_done() {
    let latch = latch(None);
    let seen = Arc::new(parking_lot::Mutex::new(0));
    let counted = Arc::clone(&seen);
    let onboarding = Onboarding::new(move |_| {
        *counted.lock() += 1;
        Ok(latch.clone())
    });
    let router = Router::new().nest("/onboarding", onboarding.router());
    let id = "0123456789abcdef0123456789abcdef";
    for path in ["start", "status", &format!("poll/{id}"), &format!("cancel/{id}")] {
        for (name, value) in
            [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site"), ("host", "evil.example")]
        {
            let method = if path.starts_with("start") || path.starts_with("cancel") { "POST" } else { "GET" };
            let mut request = request(method, path).header(CONTENT_TYPE, "application/json");
            let headers = request.headers_mut().unwrap();
            headers.insert(name, value.parse().unwrap());
            let (status, _) = told(&router, request.body(Body::empty()).unwrap()).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path} {name}");
        }
    }
    let mut rebound = get("sign-in");
    rebound.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(told(&router, rebound).await.0, StatusCode::FORBIDDEN);
    assert_eq!(*seen.lock(), 0);
}

#[tokio::test]
async fn other_methods_and_addresses_are_answered_in_the_same_form() {
    let router = routes_of(&latch(None));
    assert_eq!(told(&router, get("start")).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(told(&router, post("status", &json!({}))).await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(told(&router, get("elsewhere")).await.0, StatusCode::NOT_FOUND);
    let preflight = request("OPTIONS", "start").header("origin", "https://evil.example");
    let answer = answer(&router, preflight.body(Body::empty()).unwrap()).await;
    assert!(answer.headers().keys().all(|name| !name.as_str().starts_with("access-control")));
}

#[tokio::test]
async fn a_request_without_a_profile_is_refused_and_its_cause_is_for_the_log() {
    let cause = || Error::new(ErrorKind::Unreadable, "could not read /srv/secret-place/alice.json", "see $SECRET_VAR");
    let router = Router::new().nest("/onboarding", Onboarding::new(move |_| Err(cause())).router());
    let response = answer(&router, post("start", &json!({"provider": "openai-codex"}))).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(response.extensions().get::<Error>(), Some(&cause()));
    let text = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8_lossy(&text);
    assert!(!text.contains("secret-place") && !text.contains("SECRET_VAR"), "{text}");
}

#[tokio::test]
async fn the_page_may_run_its_own_script_and_nothing_else() {
    let router = routes_of(&latch(None));
    let mut linked = get("sign-in?provider=openai-codex");
    linked.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
    let page = answer(&router, linked).await;
    assert_eq!(page.status(), StatusCode::OK);
    let policy = page.headers()["content-security-policy"].to_str().unwrap();
    for part in ["default-src 'none'", "frame-ancestors 'none'", "connect-src 'self'", "form-action 'none'"] {
        assert!(policy.contains(part), "{policy}");
    }
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
}
