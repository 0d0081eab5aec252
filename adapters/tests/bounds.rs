//! What a program may do very often without end: it leaves no files behind and takes no threads.
#![cfg(all(feature = "file", unix))]

use std::fs;
use std::path::Path;
use std::time::Duration;

use credlatch::{Answer, ErrorKind, Label, Latch, Secret, Tokens};

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn login_in(home: &Path) -> Latch {
    let latch = Latch::builder().home(home).open().unwrap();
    let tokens = Tokens {
        access: secret("access-0"),
        refresh: Some(secret("refresh-0")),
        expires_in: Some(Duration::from_secs(3_600)),
        scopes: None,
    };
    latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
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
