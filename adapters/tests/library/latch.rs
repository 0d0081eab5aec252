//! The face of the library, on a store in memory and a clock that is moved by hand.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use credlatch::system::FakeClock;
use credlatch::{Answer, ErrorKind, Kind, Label, Latch, Next, Outcome, Secret, Tokens};
use http::HeaderMap;

const NOON_MS: u64 = 1_800_000_000_000;

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn tokens(number: usize, lifetime_secs: u64) -> Tokens {
    Tokens::new(secret(&format!("access-{number}")))
        .with_refresh(secret(&format!("refresh-{number}")))
        .expiring_in(Duration::from_secs(lifetime_secs))
}

fn signed_in(lifetime_secs: u64) -> (Latch, FakeClock) {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock.clone());
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens(0, lifetime_secs)).unwrap();
    (latch, clock)
}

#[test]
fn a_key_is_current_until_it_is_replaced_or_cleared() {
    let latch = Latch::in_memory();
    latch.set("minimax", secret("key-1")).unwrap();
    let first = latch.current("MiniMax").unwrap();
    assert_eq!((first.expose_secret(), first.kind()), ("key-1", Kind::ApiKey));
    latch.set("minimax", secret("key-2")).unwrap();
    assert!(!first.is_current().unwrap());
    let second = latch.current("minimax").unwrap();
    assert_eq!(second.expose_secret(), "key-2");
    assert!(second.version() > first.version());
    let _ = latch.clear("minimax").unwrap();
    assert!(!second.is_current().unwrap());
    assert_eq!(latch.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
}

#[test]
fn the_same_key_again_is_the_same_version() {
    let latch = Latch::in_memory();
    latch.set("minimax", secret("key-1")).unwrap();
    let first = latch.current("minimax").unwrap();
    latch.set("minimax", secret("key-1")).unwrap();
    assert!(first.is_current().unwrap());
}

#[test]
fn report_1736_f_a_clearer_can_wait_for_readers_of_the_old_value() {
    let latch = Latch::in_memory();
    latch.set("minimax", secret("key-1")).unwrap();
    let held = latch.current("minimax").unwrap();
    let cleared = latch.clear("minimax").unwrap();
    assert!(!held.is_current().unwrap(), "a reader can tell");
    assert_eq!(cleared.drain(Duration::from_millis(20)).unwrap_err().kind(), ErrorKind::Busy);
    let waiter = thread::spawn(move || cleared.drain(Duration::from_secs(20)));
    drop(held);
    waiter.join().unwrap().unwrap();
}

#[test]
fn authorize_uses_the_header_that_the_provider_expects() {
    let latch = Latch::in_memory();
    let mut headers = HeaderMap::new();
    latch.set("anthropic", secret("sk-ant-api03-example")).unwrap();
    latch.current("anthropic").unwrap().authorize(&mut headers);
    assert_eq!(headers["x-api-key"], "sk-ant-api03-example");
    latch.set("minimax", secret("key-1")).unwrap();
    latch.current("minimax").unwrap().authorize(&mut headers);
    assert_eq!(headers["authorization"], "Bearer key-1");
    assert!(headers["authorization"].is_sensitive());
    assert!(!format!("{headers:?}").contains("key-1"));
}

#[test]
fn rotate_with_presents_once_and_stores_what_came() {
    let (latch, _clock) = signed_in(3600);
    let before = latch.current("codex").unwrap();
    let after = latch.rotate_with("codex", |refresh| {
        assert_eq!(refresh.expose_secret(), "refresh-0");
        Answer::Granted(tokens(1, 3600))
    });
    let after = after.unwrap();
    assert_eq!(after.expose_secret(), "access-1");
    assert!(!before.is_current().unwrap());
    latch
        .rotate_with("codex", |refresh| {
            assert_eq!(refresh.expose_secret(), "refresh-1");
            Answer::NotConsumed { retry_after: None }
        })
        .unwrap_err();
}

#[test]
fn sixteen_threads_rotate_once() {
    let (latch, clock) = signed_in(3600);
    clock.advance(Duration::from_secs(3_600));
    let exchanges = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                let rotated = latch.rotate_with("codex", |_| {
                    let number = exchanges.fetch_add(1, Ordering::SeqCst) + 1;
                    thread::sleep(Duration::from_millis(30));
                    Answer::Granted(tokens(number, 3600))
                });
                rotated.unwrap();
            });
        }
    });
    let current = latch.current("codex").unwrap();
    let rotations = exchanges.load(Ordering::SeqCst);
    assert_eq!(current.expose_secret(), format!("access-{rotations}"), "the last one is stored");
}

#[test]
fn failure_3_a_time_out_is_not_a_revocation() {
    let (latch, clock) = signed_in(3600);
    latch.rotate_with("codex", |_| Answer::Unknown).unwrap_err();
    assert_eq!(latch.token("codex").unwrap().expose_secret(), "access-0", "served while it lives");
    let early = latch.rotate_with("codex", |_| panic!("a request may still be in flight")).unwrap_err();
    assert_eq!(early.kind(), ErrorKind::Busy);
    clock.advance(Duration::from_secs(3_600));
    let again = latch.rotate_with("codex", |refresh| {
        assert_eq!(refresh.expose_secret(), "refresh-0");
        Answer::Granted(tokens(1, 3600))
    });
    assert_eq!(again.unwrap().expose_secret(), "access-1");
}

#[test]
fn a_token_that_came_in_expired_is_rotated_before_it_is_handed_out() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock);
    let _ = latch.set_tokens("codex", &Label::default(), tokens(0, 0)).unwrap();
    let error = latch.token("codex").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "no issuer can be asked, and an ended token is not handed out");
}

#[test]
fn failure_4_only_a_rejection_of_these_bytes_loses_the_login() {
    let (latch, clock) = signed_in(3600);
    clock.advance(Duration::from_secs(3_600));
    let error = latch.rotate_with("codex", |_| Answer::Rejected("invalid_grant".to_owned())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn);
    assert!(error.message().contains("invalid_grant"), "{error}");
    let error = latch.rotate_with("codex", |_| panic!("a lost token is never presented")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn);
    let error = latch.set_tokens("codex", &Label::default(), tokens(0, 3600)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SignIn, "the same bytes again are refused");
    let _ = latch.set_tokens("codex", &Label::default(), tokens(7, 3600)).unwrap();
    assert_eq!(latch.token("codex").unwrap().expose_secret(), "access-7");
}

#[test]
fn a_report_rests_the_entry_that_was_used_and_hands_out_another() {
    let latch = Latch::in_memory();
    latch.set_as("minimax", &Label::new("a").unwrap(), secret("key-a")).unwrap();
    latch.set_as("minimax", &Label::new("b").unwrap(), secret("key-b")).unwrap();
    let used = latch.token("minimax").unwrap();
    assert_eq!(used.expose_secret(), "key-a");
    let limited = Outcome::from_http(429, &HeaderMap::new(), b"");
    let Next::Retry(next) = latch.report(&used, &limited).unwrap() else { panic!("another entry is there") };
    assert_eq!(next.expose_secret(), "key-b");
    let Next::WaitUntil(_) = latch.report(&next, &limited).unwrap() else { panic!("all rest") };
    let error = latch.token("minimax").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
}

#[test]
fn a_limit_on_one_model_is_answered_for_that_model_and_others_go_on() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock.clone());
    for label in ["a", "b"] {
        latch.set_as("minimax", &Label::new(label).unwrap(), secret(&format!("key-{label}"))).unwrap();
    }
    let used = latch.request("minimax").for_model("big").token().unwrap();
    let limited = Outcome::from_http(429, &HeaderMap::new(), b"").of_model("big");
    let Next::Retry(next) = latch.report(&used, &limited).unwrap() else { panic!("another entry is there") };
    assert_eq!(next.expose_secret(), "key-b");
    assert_eq!(latch.request("minimax").for_model("big").token().unwrap().expose_secret(), "key-b");
    assert_eq!(latch.request("minimax").for_model("big").current().unwrap().expose_secret(), "key-b");
    assert_eq!(latch.request("minimax").for_model("small").token().unwrap().expose_secret(), "key-a");
    assert_eq!(latch.token("minimax").unwrap().expose_secret(), "key-a");
    let Next::WaitUntil(_) = latch.report(&next, &limited).unwrap() else { panic!("both rest for it") };
    assert_eq!(latch.request("minimax").for_model("big").token().unwrap_err().kind(), ErrorKind::Busy);
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(latch.request("minimax").for_model("big").token().unwrap().expose_secret(), "key-a");
}

#[test]
fn law_6_a_late_report_about_an_old_version_changes_nothing() {
    let latch = Latch::in_memory();
    latch.set("minimax", secret("key-1")).unwrap();
    let old = latch.token("minimax").unwrap();
    latch.set("minimax", secret("key-2")).unwrap();
    let dead = Outcome::from_http(401, &HeaderMap::new(), br#"{"error":"token_revoked"}"#);
    let Next::Retry(next) = latch.report(&old, &dead).unwrap() else { panic!("a newer version is there") };
    assert_eq!(next.expose_secret(), "key-2");
    assert_eq!(latch.token("minimax").unwrap().expose_secret(), "key-2");
}

#[test]
fn a_dead_key_asks_for_a_new_one() {
    let latch = Latch::in_memory();
    latch.set("minimax", secret("key-1")).unwrap();
    let used = latch.token("minimax").unwrap();
    let dead = Outcome::from_http(401, &HeaderMap::new(), br#"{"error":{"code":"token_revoked"}}"#);
    let Next::SignIn(why) = latch.report(&used, &dead).unwrap() else { panic!("nothing else is there") };
    assert_eq!(why.kind(), ErrorKind::SignIn);
}

#[test]
fn an_unknown_provider_is_named_with_its_nearest() {
    let error = Latch::in_memory().current("minimx").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(error.remedy().contains("minimax"), "{}", error.remedy());
}

#[test]
fn a_request_gets_a_credential_only_on_its_way_to_the_provider() {
    let latch = Latch::in_memory();
    for provider in ["anthropic", "together", "custom"] {
        latch.set(provider, secret("key-1")).unwrap();
    }
    let asked = |provider: &str, url: &str| {
        let mut request = http::Request::get(url).body(()).unwrap();
        let outcome = latch.current(provider).unwrap().authorize_request(&mut request);
        (outcome, request.headers().clone())
    };
    let (outcome, headers) = asked("anthropic", "https://api.anthropic.com/v1/messages");
    outcome.unwrap();
    assert!(headers["x-api-key"] == "key-1" && headers["x-api-key"].is_sensitive());
    let (outcome, headers) = asked("together", "https://api.together.xyz/v1/models?key=hush");
    outcome.unwrap();
    assert_eq!(headers["authorization"], "Bearer key-1");

    for (provider, url, told) in [
        ("anthropic", "https://evil.example:8443/v1?key=hush", "https://evil.example:8443"),
        ("anthropic", "https://api.anthropic.com.evil.example/", "https://api.anthropic.com.evil.example"),
        ("anthropic", "http://api.anthropic.com/v1/messages", "use https"),
        ("anthropic", "/v1/messages", "not a plain http or https URL"),
        ("together", "https://api.anthropic.com/", "https://api.anthropic.com"),
    ] {
        let (outcome, headers) = asked(provider, url);
        let error = outcome.unwrap_err();
        assert_eq!((error.kind(), error.kind().exit_status()), (ErrorKind::WrongHost, 8), "{url}");
        assert!(error.message().contains(told) && error.message().contains(provider), "{error}");
        assert!(!error.remedy().is_empty() && !format!("{error:?}").contains("hush"), "{error:?}");
        assert_eq!(headers, HeaderMap::new(), "{url}");
    }
    let (outcome, headers) = asked("custom", "https://anywhere.example/");
    outcome.unwrap();
    assert_eq!(headers.len(), 1, "a row without hosts refuses nothing");
}
