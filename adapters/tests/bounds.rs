//! What a program may do very often without end: it leaves no files behind and takes no threads.
#![cfg(all(feature = "file", unix))]

#[path = "common/folders.rs"]
mod folders;

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use credlatch::system::SystemClock;
use credlatch::{Answer, ErrorKind, Label, Latch, Outcome, Secret, Tokens};

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn login_in(home: &Path) -> Latch {
    let latch = Latch::builder().home(home).open().unwrap();
    let tokens =
        Tokens::new(secret("access-0")).with_refresh(secret("refresh-0")).expiring_in(Duration::from_secs(3_600));
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
    latch
}

fn files_in(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries.map(|entry| if entry.path().is_dir() { files_in(&entry.path()) } else { 1 }).sum()
}

#[test]
fn no_file_is_left_for_a_rotation_that_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let latch = login_in(home.path());
    let day = Some(Duration::from_secs(86_400));
    latch.rotate_with("codex", |_| Answer::NotConsumed { retry_after: day }).unwrap_err();
    let before = files_in(home.path());
    for _ in 0..200 {
        let error = latch.rotate_with("codex", |_| unreachable!("the issuer wants to be left alone")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreachable);
    }
    assert_eq!(files_in(home.path()), before);
}

#[test]
fn an_exchange_that_asks_for_its_own_entry_is_answered_at_once() {
    let home = tempfile::tempdir().unwrap();
    let latch = login_in(home.path());
    latch.set("minimax", secret("mm-1")).unwrap();
    let began = Instant::now();
    let (label, inner) = (Label::default(), latch.clone());
    let renewed = latch.rotate_with("codex", |_| {
        assert_eq!(inner.token("codex").unwrap().expose_secret(), "access-0", "what is good is there as ever");
        assert_eq!(inner.token("minimax").unwrap().expose_secret(), "mm-1");
        for error in [
            inner.rotate("codex", &label).unwrap_err(),
            inner.rotate_with("codex", |_| unreachable!("one is at it")).unwrap_err(),
            inner.report(&inner.token("codex").unwrap(), &Outcome::unauthorized()).unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
            assert!(error.message().contains("this thread rotates the openai-codex entry default"), "{error}");
        }
        Answer::NotConsumed { retry_after: None }
    });
    assert!(renewed.is_err() && began.elapsed() < Duration::from_secs(10), "the patience is 30 s");
    // It is over when it has returned.
    let error = latch.rotate_with("codex", |_| unreachable!("it backs off")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
}

#[test]
fn a_latch_in_memory_uses_the_provider_file_and_says_what_is_wrong_with_it() {
    let folder = folders::tempdir();
    let file = folder.path().join("providers.json");
    let open = || Latch::builder().providers(&file).in_memory(SystemClock);
    fs::write(&file, r#"{"providers":[{"id":"acme","env":{"api_key":["ACME_API_KEY"]}}]}"#).unwrap();
    assert!(open().unwrap().provider("acme").is_ok());
    fs::write(&file, "{").unwrap();
    let error = open().unwrap_err();
    assert!(error.kind() == ErrorKind::Usage && error.message().contains("providers.json"), "{error}");
}
