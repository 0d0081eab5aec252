//! What blocks no executor, and what becomes of it when its future is dropped.

use std::future::{Future, pending};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use credlatch::memory::FakeIssuer;
use credlatch::system::FakeClock;
use credlatch::{Answer, ErrorKind, Label, Latch, Next, Outcome, Revocation, Scope, Secret, StoredChange, Tokens};

const CODEX: &str = "openai-codex";
const HOUR: Duration = Duration::from_secs(3600);
/// After so long a token of an hour is due, and good for 100 s.
const ALMOST: Duration = Duration::from_secs(3500);

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn signed_in() -> (Latch, FakeIssuer, FakeClock) {
    let (issuer, clock) = (FakeIssuer::new(), FakeClock::default());
    // Without patience nobody waits for the end of a doubt.
    let builder = Latch::builder().issuer(issuer.clone()).patience(Duration::ZERO);
    let latch = builder.in_memory(clock.clone()).unwrap();
    let _ = latch.set_tokens(CODEX, &Label::default(), issuer.signed_in()).unwrap();
    (latch, issuer, clock)
}

fn granted() -> Answer {
    Answer::Granted(Tokens::new(secret("access-own")).with_refresh(secret("refresh-own")).expiring_in(HOUR))
}

#[tokio::test]
async fn a_labelled_token_is_renewed_without_blocking() {
    let (latch, issuer, clock) = signed_in();
    let work = Label::new("work").unwrap();
    let _ = latch.set_tokens(CODEX, &work, issuer.signed_in()).unwrap();
    clock.advance(HOUR);
    let token = latch.request(CODEX).labelled(&work).token_async().await.unwrap();
    assert_eq!((token.label(), token.expose_secret()), (&work, "access-3"));
    let none = Label::new("none").unwrap();
    let error = latch.request(CODEX).labelled(&none).token_async().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoCredential);
}

#[tokio::test]
async fn an_exchange_that_waits_renews_the_token_and_is_refused_its_own_entry() {
    let (latch, _issuer, clock) = signed_in();
    clock.advance(HOUR);
    let renewed = latch.request(CODEX).rotate_with_async(async |refresh: Secret| {
        tokio::task::yield_now().await;
        assert_eq!(refresh.expose_secret(), "refresh-1");
        let own = latch.token_async(CODEX).await.unwrap_err();
        assert_eq!(own.kind(), ErrorKind::Usage, "it would wait for itself");
        granted()
    });
    assert_eq!(renewed.await.unwrap().expose_secret(), "access-own");
}

/// Tells when a future is woken.
struct Woken(mpsc::Sender<()>);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
    }
}

#[tokio::test]
async fn an_exchange_that_was_dropped_before_it_began_leaves_the_refresh_token_good() {
    for is_asked in [false, true] {
        let (latch, issuer, clock) = signed_in();
        clock.advance(HOUR);
        {
            let exchange = async |_: Secret| -> Answer { panic!("nobody polls it") };
            let mut call = pin!(latch.request(CODEX).rotate_with_async(exchange));
            let (wake, woken) = mpsc::channel();
            let waker = Waker::from(Arc::new(Woken(wake)));
            assert!(call.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            if is_asked {
                woken.recv().unwrap();
            }
        }
        latch.wait_for_renewals(Duration::from_secs(60)).unwrap();
        // It would be busy if the token were in doubt.
        let rotated = latch.rotated(CODEX, &Label::default(), credlatch::BackOff::Overridden).unwrap();
        assert_eq!((rotated.credential.expose_secret(), issuer.refreshes()), ("access-2", 1));
    }
}

#[tokio::test]
async fn an_exchange_that_was_dropped_after_it_began_is_in_doubt() {
    let (latch, issuer, clock) = signed_in();
    clock.advance(HOUR);
    {
        let (began, told) = tokio::sync::oneshot::channel();
        let call = latch.request(CODEX).rotate_with_async(async |_: Secret| {
            let _ = began.send(());
            pending::<Answer>().await
        });
        tokio::select! {
            _ = call => panic!("it never answers"),
            _ = told => {}
        }
    }
    latch.wait_for_renewals(Duration::from_secs(60)).unwrap();
    let error = latch.rotate(CODEX, &Label::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
    assert!(error.retry_at().is_some() && issuer.refreshes() == 0);
}

#[tokio::test]
async fn a_scope_sets_reports_and_clears_without_blocking() {
    let scope = Scope::from(Latch::in_memory());
    scope.set_async("minimax", secret("mm-1")).await.unwrap();
    let used = scope.token_async("minimax").await.unwrap();
    let next = scope.report_async(&used, &Outcome::unauthorized()).await.unwrap();
    assert!(matches!(next, Next::WaitUntil(_)), "{next}");
    drop(used);
    let cleared = scope.clear_async("minimax").await.unwrap();
    cleared.drain_async(Duration::from_secs(60)).await.unwrap();
    assert_eq!(scope.current("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(Scope::none().set_async("minimax", secret("mm-1")).await.unwrap_err().kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn a_change_is_made_though_its_future_is_dropped() {
    let latch = Latch::in_memory();
    let mut watch = latch.watch().unwrap();
    {
        // It is done already if its thread was quick.
        let mut call = pin!(latch.set_async("minimax", secret("mm-1")));
        let _ = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    watch.changed_async().await.unwrap();
    assert_eq!(latch.current("minimax").unwrap().expose_secret(), "mm-1");
}

#[tokio::test]
async fn all_watches_wake_for_a_change_and_a_dropped_one_keeps_nothing() {
    let latch = Latch::in_memory();
    let (mut one, mut other, mut dropped) = (latch.watch().unwrap(), latch.watch().unwrap(), latch.watch().unwrap());
    {
        let mut call = pin!(dropped.changed_async());
        assert!(call.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    }
    let change = async {
        tokio::task::yield_now().await;
        latch.set_async("minimax", secret("mm-1")).await.unwrap();
    };
    let (first, second, ()) = tokio::join!(one.changed_async(), other.changed_async(), change);
    assert_eq!(first.unwrap(), second.unwrap());
    drop((one, other, dropped));
    // The last handle waits for its threads: one that watched on would never end.
    latch.close_async().await.unwrap();
}

#[tokio::test]
async fn closing_without_blocking_waits_for_what_is_renewed() {
    let (latch, issuer, clock) = signed_in();
    clock.advance(ALMOST);
    let held = issuer.hold();
    assert_eq!(latch.token_async(CODEX).await.unwrap().expose_secret(), "access-1");
    let other = latch.clone();
    let mut closing = pin!(latch.close_async());
    assert!(closing.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(held);
    closing.await.unwrap();
    assert_eq!(other.current(CODEX).unwrap().expose_secret(), "access-2");
}

#[tokio::test]
async fn a_login_is_stored_removed_and_revoked_without_blocking() {
    let (latch, issuer, _clock) = signed_in();
    let work = Label::new("work").unwrap();
    let stored = latch.set_tokens_async(CODEX, &work, issuer.signed_in()).await.unwrap();
    assert_eq!((stored.change, stored.held_back), (StoredChange::Tokens, None));
    let removed = latch.remove_async(CODEX, &work).await.unwrap();
    assert_eq!(removed.entries().iter().map(|(_, label)| label).collect::<Vec<_>>(), [&work]);
    assert_eq!(removed.revoke_async().await.unwrap(), Revocation::Yes);
    assert_eq!(issuer.revocations(), 1);
    assert_eq!(latch.remove_async(CODEX, &work).await.unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(latch.token_async(CODEX).await.unwrap().expose_secret(), "access-1", "the other one stays");
}
