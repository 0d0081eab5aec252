//! What a program's log is told of a whole session: what happened, and no secret.
#![cfg(feature = "tracing")]

use std::fmt::{Debug, Write as _};
use std::sync::Mutex;
use std::time::Duration;

use credlatch::memory::FakeIssuer;
use credlatch::system::FakeClock;
use credlatch::{Answer, Label, Latch, Outcome, Profile, Secret, Tokens};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

static LOG: Mutex<String> = Mutex::new(String::new());

/// Writes down everything that anybody tells.
struct All;

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for All {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(&mut LOG.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut LOG.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = LOG.lock().unwrap();
        let _ = write!(log, "\n{}", event.metadata().target());
        event.record(&mut Line(&mut log));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_whole_session_is_told_and_no_secret_is() {
    tracing::subscriber::set_global_default(All).unwrap();
    let secret = |text: &str| Secret::try_from(text).unwrap();
    let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
    let builder = Latch::builder().profile(Profile::new("work").unwrap()).issuer(issuer.clone());
    let latch = builder.patience(Duration::ZERO).in_memory(clock.clone()).unwrap();
    let codex = "openai-codex";

    latch.set_as("minimax", &Label::new("first").unwrap(), secret("mm-SECRET-1")).unwrap();
    latch.set_as("minimax", &Label::new("second").unwrap(), secret("mm-SECRET-2")).unwrap();
    let used = latch.token("minimax").unwrap();
    let body = br#"{"error":{"code":"mm-SECRET-1"}}"#;
    let _ = latch.report(&used, &Outcome::from_http(401, &http::HeaderMap::new(), body)).unwrap();

    issuer.approve();
    latch.login(codex).unwrap().wait().unwrap();
    clock.advance(Duration::from_secs(3600));
    latch.token(codex).unwrap();
    clock.advance(Duration::from_secs(3500));
    latch.token(codex).unwrap();
    latch.wait_for_renewals(Duration::from_secs(60)).unwrap();
    let used = latch.token(codex).unwrap();
    let _ = latch.report(&used, &Outcome::unauthorized()).unwrap();
    latch.rotate_with(codex, |_| Answer::Granted(Tokens::new(secret("at-SECRET-3")))).unwrap();
    let rejected = "refresh-SECRET-4 is no code".to_owned();
    latch.rotate_with(codex, |_| Answer::Rejected(rejected)).unwrap_err();
    let _ = latch.clear("minimax").unwrap();
    let _ = latch.remove(codex, &Label::default()).unwrap().revoke();
    latch.close().unwrap();

    let log = LOG.lock().unwrap().clone();
    for told in [
        "changed profile=work generation=1",
        "reported profile=work provider=minimax label=first version=1 answer=unauthorized",
        "login profile=work provider=openai-codex started=true",
        "renewed profile=work provider=openai-codex label=default outcome=newer",
        "renewed profile=work provider=openai-codex label=default outcome=granted",
        "outcome=rejected",
        "cleared profile=work",
    ] {
        assert!(log.replace("message=", "").contains(told), "{told} in {log}");
    }
    for word in ["SECRET", "mm-", "access-", "refresh-", "at-", "FAKE-CODE", "device-code"] {
        assert!(!log.contains(word), "{word} in {log}");
    }
}
