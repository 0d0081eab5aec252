//! What a program's log is told of a whole session: what happened, and no secret.
#![cfg(feature = "tracing")]

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use credlatch::memory::FakeIssuer;
use credlatch::system::FakeClock;
use credlatch::{Answer, Label, Latch, Outcome, Profile, Secret, Tokens};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down everything that anybody tells.
#[derive(Clone, Default)]
struct All(Arc<Mutex<String>>);

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
        span.record(&mut Line(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        let _ = write!(log, "\n{}", event.metadata().target());
        event.record(&mut Line(&mut log));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn a_whole_session_is_told_and_no_secret_is() {
    let all = All::default();
    tracing::subscriber::set_global_default(all.clone()).unwrap();
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

    let log = all.0.lock().unwrap().clone();
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

#[cfg(feature = "tokio")]
#[tokio::test]
async fn what_a_thread_of_the_latch_does_is_told_to_whoever_is_told_of_its_callers() {
    let all = All::default();
    let _told = tracing::subscriber::set_default(all.clone());
    let latch = Latch::in_memory();
    latch.set("minimax", Secret::try_from("mm-SECRET-1").unwrap()).unwrap();
    let used = latch.token("minimax").unwrap();
    let _ = latch.report_async(&used, &Outcome::unauthorized()).await.unwrap();
    let log = all.0.lock().unwrap().clone();
    assert!(log.contains("message=reported"), "{log}");
}
