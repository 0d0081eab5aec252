//! The async forms: they block no executor, and survive their future being dropped.
#![cfg(feature = "tokio")]

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use credlatch::core::flow::{FlowKind, Prompt};
use credlatch::core::port::{Code, CodeExchanged, Issuer, Polled, Prompting, Revoked};
use credlatch::core::rotation::{Exchanged, Fresh};
use credlatch::system::{FakeClock, SystemClock};
use credlatch::{ErrorKind, Label, Latch, Next, Outcome, ProviderId, Secret, Tokens};

/// Takes 50 ms for every refresh, and counts them.
#[derive(Clone, Default)]
struct Slow(Arc<AtomicUsize>);

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

impl Issuer for Slow {
    fn refresh(&self, _: &ProviderId, _: &Secret, _: &[String]) -> Exchanged {
        thread::sleep(Duration::from_millis(50));
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        let refresh = secret(&format!("refresh-{number}"));
        Exchanged::Granted(Fresh {
            access: secret(&format!("access-{number}")),
            refresh: Some(refresh),
            expires_in_ms: Some(3_600_000),
            scopes: None,
        })
    }

    fn prompt(&self, _: &ProviderId, _: FlowKind) -> Prompting {
        let prompt = Prompt {
            device_code: Some(secret("device-code")),
            user_code: "WXYZ-1234".to_owned(),
            verification_uri: "https://auth.example/device".to_owned(),
            verification_uri_complete: None,
            interval_secs: 5,
        };
        Prompting::Prompt { prompt, expires_in_ms: 600_000 }
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

fn spent(issuer: Slow) -> (Latch, FakeClock) {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let latch = Latch::builder().issuer(issuer).in_memory(clock.clone()).unwrap();
    let tokens = Tokens::new(secret("access-0")).with_refresh(secret("refresh-0")).expiring_in(Duration::from_secs(60));
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
    clock.advance(Duration::from_secs(60));
    (latch, clock)
}

#[test]
fn failure_36_a_dropped_future_does_not_cancel_the_exchange() {
    let issuer = Slow::default();
    let (latch, _clock) = spent(issuer.clone());
    {
        let mut call = pin!(latch.token_async("codex"));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "it waits without blocking");
    }
    assert_eq!(latch.token("codex").unwrap().expose_secret(), "access-1", "the next call joins what goes on");
    assert_eq!(issuer.0.load(Ordering::SeqCst), 1);
}

#[test]
fn the_last_handle_waits_for_the_exchange_it_began() {
    let issuer = Slow::default();
    let (latch, _clock) = spent(issuer.clone());
    {
        let mut call = pin!(latch.token_async("codex"));
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    drop(latch);
    assert_eq!(issuer.0.load(Ordering::SeqCst), 1);
}

#[test]
fn a_token_that_is_due_is_handed_out_at_once_and_rotated_by_a_worker() {
    let issuer = Slow::default();
    let (latch, clock) = spent(issuer.clone());
    assert_eq!(latch.token("codex").unwrap().expose_secret(), "access-1");
    clock.advance(Duration::from_secs(3_500));
    for _ in 0..3 {
        assert_eq!(latch.token("codex").unwrap().expose_secret(), "access-1", "100 s are left");
    }
    while latch.token("codex").unwrap().expose_secret() == "access-1" {
        thread::sleep(Duration::from_millis(5));
    }
    assert_eq!(issuer.0.load(Ordering::SeqCst), 2, "a crowd of readers starts one rotation");
}

#[test]
fn the_last_handle_does_not_wait_for_a_login_that_somebody_watched() {
    let latch = Latch::builder().issuer(Slow::default()).in_memory(SystemClock).unwrap();
    let flow = latch.login("codex").unwrap();
    {
        let mut wait = pin!(flow.wait_async());
        assert!(wait.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let began = Instant::now();
    drop((flow, latch));
    assert!(began.elapsed() < Duration::from_secs(30), "the login goes on for ten minutes");
}

#[tokio::test]
async fn a_limit_on_one_model_is_answered_for_that_model() {
    let latch = Latch::in_memory();
    for label in ["a", "b"] {
        latch.set_as("minimax", &Label::new(label).unwrap(), secret(&format!("key-{label}"))).unwrap();
    }
    let used = latch.request("minimax").for_model("big").token_async().await.unwrap();
    let limited = Outcome::from_http(429, &http::HeaderMap::new(), b"").of_model("big");
    let Next::Retry(next) = latch.report_async(&used, &limited).await.unwrap() else { panic!("another is there") };
    assert_eq!(next.expose_secret(), "key-b");
    assert_eq!(latch.request("minimax").for_model("big").token_async().await.unwrap().expose_secret(), "key-b");
    assert_eq!(latch.token_async("minimax").await.unwrap().expose_secret(), "key-a");
}

/// The threads of this latch's kind of work, by the names that the kernel shows.
#[cfg(target_os = "linux")]
fn threads_called(name: &str) -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().map(Result::unwrap);
    tasks.filter(|task| std::fs::read_to_string(task.path().join("comm")).is_ok_and(|comm| comm.trim() == name)).count()
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_crowd_that_waits_for_one_token_takes_one_thread() {
    let issuer = Slow::default();
    let (latch, _clock) = spent(issuer.clone());
    let mut calls: Vec<_> = (0..1_500).map(|_| Box::pin(latch.token_async("codex"))).collect();
    for call in &mut calls {
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    assert!(
        threads_called("credlatch token") < 20,
        "other tests of this process may have one each, and nobody one for each call"
    );
    for call in calls {
        assert_eq!(call.await.unwrap().expose_secret(), "access-1");
    }
    assert_eq!(issuer.0.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn whoever_comes_while_others_wait_gets_what_was_chosen_after_it_came() {
    let issuer = Slow::default();
    let (latch, _clock) = spent(issuer.clone());
    let mut early = pin!(latch.token_async("codex"));
    assert!(early.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    // A person replaces the login while it is renewed: who asks after that must not get the old one.
    thread::sleep(Duration::from_millis(10));
    let _ = latch.clear("codex").unwrap();
    latch.set("codex", secret("key-1")).unwrap();
    assert_eq!(latch.token_async("codex").await.unwrap().expose_secret(), "key-1");
    assert_eq!(early.await.unwrap().expose_secret(), "key-1", "what was granted came too late");
}

#[test]
fn a_login_for_another_label_is_not_joined() {
    let latch = Latch::builder().issuer(Slow::default()).in_memory(SystemClock).unwrap();
    let flow = latch.login("codex").unwrap();
    let other = Label::new("work").unwrap();
    let error = latch.login_as("codex", &other).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.message().contains("labelled default") && error.remedy().contains(&flow.id()), "{error}");
    assert_eq!(latch.login("codex").unwrap().id(), flow.id(), "for the same label it is joined");
    flow.cancel().unwrap();
    assert_ne!(latch.login_as("codex", &other).unwrap().id(), flow.id());
}

#[test]
fn a_login_that_nobody_confirmed_in_time_asks_for_a_new_one_and_not_for_patience() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
    let latch = Latch::builder().issuer(Slow::default()).in_memory(clock.clone()).unwrap();
    let flow = latch.login("codex").unwrap();
    clock.advance(Duration::from_secs(900));
    assert_eq!(flow.wait().unwrap_err().kind(), ErrorKind::SignIn);
}
