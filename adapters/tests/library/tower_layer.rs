//! What a client on tower sends, and how often.

use std::sync::{Arc, Mutex};

use credlatch::memory::FakeIssuer;
use credlatch::system::FakeClock;
use credlatch::tower::{AuthorizeLayer, BoxError};
use credlatch::{Error, ErrorKind, Label, Latch, Scope, Secret};
use http::{Request, Response};
use tower::{ServiceBuilder, ServiceExt, service_fn};

const URL: &str = "https://api.minimax.io/v1/chat/completions";

fn keys(all: &[&str]) -> Latch {
    let latch = Latch::in_memory_on(FakeClock::default());
    for key in all {
        latch.set_as("minimax", &Label::new(key).unwrap(), Secret::try_from(*key).unwrap()).unwrap();
    }
    latch
}

/// Sends one request by the layer to a server that answers each header by this status; gives the status and what was sent.
async fn sent(
    of: impl Into<Scope>,
    provider: &str,
    url: &str,
    status: impl Fn(&str) -> u16 + Clone + Send + Sync + 'static,
) -> (Result<u16, BoxError>, Vec<String>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let server = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<String>| {
            let header = request.headers()["authorization"].to_str().unwrap().to_owned();
            assert_eq!(request.body(), "{}");
            let answer = Response::builder().status(status(&header)).body(()).unwrap();
            seen.lock().unwrap().push(header);
            async move { Ok::<_, std::io::Error>(answer) }
        })
    };
    let client = ServiceBuilder::new().layer(AuthorizeLayer::new(of, provider)).service(server);
    let answer = client.oneshot(Request::post(url).body("{}".to_owned()).unwrap()).await;
    let all = seen.lock().unwrap().clone();
    (answer.map(|answer| answer.status().as_u16()), all)
}

#[tokio::test]
async fn a_refused_key_rests_and_the_request_is_sent_once_more_with_another() {
    let latch = keys(&["bad", "good"]);
    let by_key = |header: &str| if header == "Bearer bad" { 401 } else { 200 };
    let (answer, all) = sent(latch.clone(), "minimax", URL, by_key).await;
    assert_eq!((answer.unwrap(), all), (200, vec!["Bearer bad".to_owned(), "Bearer good".to_owned()]));
    let (answer, all) = sent(latch, "minimax", URL, by_key).await;
    assert_eq!((answer.unwrap(), all), (200, vec!["Bearer good".to_owned()]), "the refusal was reported");
}

#[tokio::test]
async fn a_request_is_sent_twice_at_most_and_both_refusals_count() {
    let latch = keys(&["a", "b", "c"]);
    let (answer, all) = sent(latch.clone(), "minimax", URL, |_: &str| 429).await;
    assert_eq!((answer.unwrap(), all.len()), (429, 2));
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "c", "the others rest");
}

#[tokio::test]
async fn what_the_credential_is_not_to_blame_for_is_the_answer() {
    for status in [200, 403, 404, 500] {
        let latch = keys(&["a", "b"]);
        let (answer, all) = sent(latch.clone(), "minimax", URL, move |_: &str| status).await;
        assert_eq!((answer.unwrap(), all.len()), (status, 1));
        assert_eq!(latch.current("minimax").unwrap().expose_secret(), "a");
    }
}

#[tokio::test]
async fn a_refused_login_is_renewed_and_the_request_sent_once_more() {
    let issuer = FakeIssuer::new();
    let latch = Latch::builder().issuer(issuer.clone()).in_memory(FakeClock::default()).unwrap();
    let _ = latch.set_tokens("anthropic", &Label::default(), issuer.signed_in()).unwrap();
    let newest = |header: &str| if header == "Bearer access-2" { 200 } else { 401 };
    let (answer, all) = sent(latch, "anthropic", "https://api.anthropic.com/v1/messages", newest).await;
    assert_eq!((answer.unwrap(), all.len(), issuer.refreshes()), (200, 2, 1));
}

#[tokio::test]
async fn nothing_is_sent_to_another_host_or_without_a_profile() {
    for (scope, url, kind) in [
        (Scope::from(keys(&["a"])), "https://api.example.com/v1", ErrorKind::WrongHost),
        (Scope::from(keys(&[])), URL, ErrorKind::NoCredential),
        (Scope::none(), URL, ErrorKind::Usage),
    ] {
        let (answer, all) = sent(scope, "minimax", url, |_: &str| 200).await;
        assert_eq!(answer.unwrap_err().downcast::<Error>().unwrap().kind(), kind);
        assert!(all.is_empty());
    }
}
