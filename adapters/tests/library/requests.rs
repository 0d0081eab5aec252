//! A request that names its entry gets that one or an error that says why not; and exchanges of the caller's, for any entry.

use std::time::{Duration, SystemTime};

use credlatch::memory::FakeIssuer;
use credlatch::system::FakeClock;
use credlatch::{Answer, ErrorKind, Label, Latch, Outcome, RestCause, Scope, Secret, Tokens};

const CODEX: &str = "openai-codex";
const HOUR: Duration = Duration::from_secs(3600);
/// After so long a token of an hour is due, and good for 100 s.
const ALMOST: Duration = Duration::from_secs(3500);

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// A latch with a login under each of these labels, the first with `access-1`.
fn signed_in(labels: &[&str]) -> (Latch, FakeIssuer, FakeClock) {
    let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
    // Without patience nobody waits for the end of a doubt.
    let builder = Latch::builder().issuer(issuer.clone()).patience(Duration::ZERO);
    let latch = builder.in_memory(clock.clone()).unwrap();
    for name in labels {
        let _ = latch.set_tokens(CODEX, &label(name), issuer.signed_in()).unwrap();
    }
    (latch, issuer, clock)
}

fn two_keys() -> (Latch, FakeClock) {
    let clock = FakeClock::default();
    let latch = Latch::in_memory_on(clock.clone());
    for name in ["a", "b"] {
        latch.set_as("minimax", &label(name), secret(&format!("key-{name}"))).unwrap();
    }
    (latch, clock)
}

/// A provider's 429 for so many seconds.
fn limited(secs: u64) -> Outcome {
    let mut headers = http::HeaderMap::new();
    headers.insert("retry-after", secs.to_string().parse().unwrap());
    Outcome::from_http(429, &headers, b"")
}

#[test]
fn a_label_takes_that_entry_whatever_the_pool_would_take() {
    let (latch, _clock) = two_keys();
    for (name, key) in [("b", "key-b"), ("a", "key-a")] {
        let name = label(name);
        let request = latch.request("minimax").labelled(&name);
        assert_eq!(request.current().unwrap().expose_secret(), key);
        assert_eq!(request.token().unwrap().expose_secret(), key);
        assert_eq!(request.for_model("big").token().unwrap().expose_secret(), key);
    }
}

#[test]
fn a_labelled_entry_that_rests_is_busy_until_then_though_another_could_be_used() {
    let (latch, clock) = two_keys();
    let (a, b) = (label("a"), label("b"));
    let used = latch.request("minimax").labelled(&b).token().unwrap();
    let _ = latch.report(&used, &limited(90)).unwrap();
    for error in [
        latch.request("minimax").labelled(&b).token().unwrap_err(),
        latch.request("minimax").labelled(&b).current().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert_eq!(error.retry_at(), Some(clock.wall() + Duration::from_secs(90)));
        assert_eq!(error.rest_cause(), Some(RestCause::RateLimit));
        assert!(error.message().contains("minimax entry b rests"), "{error}");
    }
    assert_eq!(latch.request("minimax").labelled(&a).token().unwrap().expose_secret(), "key-a");
    clock.advance(Duration::from_secs(90));
    assert_eq!(latch.request("minimax").labelled(&b).token().unwrap().expose_secret(), "key-b");
}

#[test]
fn a_labelled_entry_that_rests_for_a_model_is_good_for_others() {
    let (latch, _clock) = two_keys();
    let a = label("a");
    let used = latch.request("minimax").labelled(&a).for_model("big").token().unwrap();
    let _ = latch.report(&used, &limited(90).of_model("big")).unwrap();
    let error = latch.request("minimax").labelled(&a).for_model("big").token().unwrap_err();
    assert_eq!((error.kind(), error.rest_cause()), (ErrorKind::Busy, Some(RestCause::RateLimit)));
    assert!(latch.request("minimax").labelled(&a).for_model("small").token().is_ok());
    assert_eq!(latch.request("minimax").for_model("big").token().unwrap().label(), &label("b"));
}

#[test]
fn a_label_that_was_cleared_or_never_there_is_no_credential_and_names_those_that_are() {
    let (latch, _clock) = two_keys();
    let (a, c) = (label("a"), label("c"));
    let _ = latch.remove("minimax", &a).unwrap();
    for gone in [&a, &c] {
        let error = latch.request("minimax").labelled(gone).token().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoCredential);
        assert!(error.message().contains("it has b"), "{error}");
    }
    let _ = latch.clear("minimax").unwrap();
    let error = latch.request("minimax").labelled(&a).current().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCredential);
}

#[test]
fn a_labelled_entry_in_doubt_is_busy_and_one_that_is_lost_asks_to_sign_in() {
    let (latch, _issuer, clock) = signed_in(&["a", "b", "c"]);
    let (a, b, c) = (label("a"), label("b"), label("c"));
    clock.advance(HOUR);
    let hasty = latch.request(CODEX).labelled(&b).rotate_with(|_| Answer::Unknown).unwrap_err();
    assert_eq!(hasty.kind(), ErrorKind::Unreachable);
    let doubtful = latch.request(CODEX).labelled(&b).token().unwrap_err();
    assert_eq!(doubtful.kind(), ErrorKind::Busy, "{doubtful}");
    assert!(doubtful.retry_at().is_some_and(|at| at > clock.wall()), "{doubtful}");
    let rejected = latch.request(CODEX).labelled(&c).rotate_with(|_| Answer::Rejected("invalid_grant".to_owned()));
    assert_eq!(rejected.unwrap_err().kind(), ErrorKind::SignIn);
    let lost = latch.request(CODEX).labelled(&c).token().unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::SignIn, "another's rest, doubt or health has no say: {lost}");
    assert_eq!(latch.request(CODEX).labelled(&a).token().unwrap().label(), &a);
}

#[test]
fn a_labelled_token_that_has_ended_is_renewed_and_no_other_is() {
    let (latch, issuer, clock) = signed_in(&["a", "b"]);
    clock.advance(HOUR);
    let b = label("b");
    let token = latch.request(CODEX).labelled(&b).token().unwrap();
    assert_eq!((token.label(), token.expose_secret()), (&b, "access-3"));
    assert_eq!(issuer.refreshes(), 1);
    let status = latch.status().unwrap();
    assert_eq!(status.state.entry(CODEX, "a").unwrap().secret().unwrap().expose_secret(), "access-1");
}

#[test]
fn an_exchange_of_the_callers_renews_the_entry_that_is_named() {
    let (latch, issuer, _clock) = signed_in(&["a", "b"]);
    let b = label("b");
    let renewed = latch.request(CODEX).labelled(&b).rotate_with(|refresh| {
        assert_eq!(refresh.expose_secret(), "refresh-2");
        Answer::Granted(Tokens::new(secret("access-own")).with_refresh(secret("refresh-own")))
    });
    let renewed = renewed.unwrap();
    assert_eq!((renewed.label(), renewed.expose_secret()), (&b, "access-own"));
    assert_eq!(issuer.refreshes(), 0);
    let none = latch.request(CODEX).labelled(&label("c")).rotate_with(|_| panic!("there is nothing to present"));
    assert_eq!(none.unwrap_err().kind(), ErrorKind::NoCredential);
}

#[test]
fn a_scope_without_a_profile_fails_whatever_is_asked_of_it() {
    let (scope, a) = (Scope::none(), label("a"));
    let usage = |kind: ErrorKind| assert_eq!(kind, ErrorKind::Usage);
    usage(scope.request("minimax").for_model("big").labelled(&a).token().unwrap_err().kind());
    usage(scope.request("minimax").current().unwrap_err().kind());
    usage(scope.set("minimax", secret("key-a")).unwrap_err().kind());
    usage(scope.clear("minimax").unwrap_err().kind());
    usage(scope.request("minimax").rotate_with(|_| Answer::Unknown).unwrap_err().kind());
}

#[test]
fn a_scope_takes_a_report_of_its_own_credentials_alone() {
    let (one, _) = two_keys();
    let (other, _) = two_keys();
    let (mine, theirs) = (Scope::from(one), Scope::from(other));
    let used = theirs.request("minimax").token().unwrap();
    assert_eq!(mine.report(&used, &limited(90)).unwrap_err().kind(), ErrorKind::Usage);
    assert!(mine.current("minimax").unwrap().label() == &label("a"), "nothing rests here");
    assert!(theirs.report(&used, &limited(90)).is_ok());
    assert_eq!(theirs.current("minimax").unwrap().label(), &label("b"));
}

#[test]
fn a_watch_wakes_for_a_change_and_not_without_one() {
    let (latch, _clock) = two_keys();
    let mut watch = latch.watch().unwrap();
    let before = watch.generation();
    assert!(!watch.changed(Duration::from_millis(1)).unwrap());
    assert!(!watch.changed(Duration::ZERO).unwrap());
    std::thread::scope(|threads| {
        let waiter = threads.spawn(|| watch.changed(Duration::from_secs(60)).unwrap());
        latch.set("groq", secret("gsk-1")).unwrap();
        assert!(waiter.join().unwrap());
    });
    assert_eq!(watch.generation(), before + 1);
    assert!(!watch.changed(Duration::ZERO).unwrap(), "once for each change");
}

#[cfg(all(feature = "file", unix))]
#[test]
fn a_watch_sees_what_another_handle_on_the_file_commits() {
    let home = tempfile::tempdir().unwrap();
    let open = || Latch::builder().home(home.path()).open().unwrap();
    let (reader, writer) = (open(), open());
    let mut watch = reader.watch().unwrap();
    writer.set("minimax", secret("mm-1")).unwrap();
    assert!(watch.changed(Duration::from_secs(60)).unwrap());
    assert_eq!(reader.current("minimax").unwrap().generation(), watch.generation());
}

#[test]
fn renewals_in_the_background_can_be_waited_for() {
    let (latch, issuer, clock) = signed_in(&["default"]);
    clock.advance(ALMOST);
    let held = issuer.hold();
    assert_eq!(latch.token(CODEX).unwrap().expose_secret(), "access-1", "it is due, and good for 100 s");
    assert_eq!(latch.wait_for_renewals(Duration::from_millis(1)).unwrap_err().kind(), ErrorKind::Busy);
    drop(held);
    latch.wait_for_renewals(Duration::from_secs(60)).unwrap();
    assert_eq!(latch.current(CODEX).unwrap().expose_secret(), "access-2");
    assert_eq!(issuer.refreshes(), 1);
    latch.wait_for_renewals(Duration::ZERO).unwrap();
}

#[test]
fn a_latch_that_is_closed_has_renewed_what_it_began_to() {
    let (latch, issuer, clock) = signed_in(&["default"]);
    clock.advance(ALMOST);
    assert_eq!(latch.token(CODEX).unwrap().expose_secret(), "access-1");
    let other = latch.clone();
    latch.close().unwrap();
    assert_eq!(other.current(CODEX).unwrap().expose_secret(), "access-2");
    assert_eq!(issuer.refreshes(), 1);
}

#[test]
fn a_moment_of_the_fake_clock_is_the_wall_clocks() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + HOUR);
    assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + HOUR);
    clock.set_wall(SystemTime::UNIX_EPOCH);
    clock.advance(HOUR);
    assert_eq!(clock.wall(), SystemTime::UNIX_EPOCH + HOUR);
}
