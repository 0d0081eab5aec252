//! A read allocates nothing, so that it costs the same however busy the allocator is.

use std::time::Duration;

use credlatch::{Label, Latch, Profile, Secret, Tokens};

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn filled(latch: Latch) -> Latch {
    for label in ["a", "b"] {
        latch.set_as("minimax", &Label::new(label).unwrap(), secret(&format!("key-{label}"))).unwrap();
    }
    let tokens = Tokens::new(secret("access")).with_refresh(secret("refresh")).expiring_in(Duration::from_secs(86_400));
    let _ = latch.set_tokens("openai-codex", &Label::default(), tokens).unwrap();
    latch
}

fn reads_allocate_nothing(latch: &Latch) {
    let read = || {
        let credential = latch.current("minimax").unwrap();
        assert!(credential.is_current().unwrap());
        assert_eq!(credential.expose_secret(), "key-a");
        latch.current("codex").unwrap();
        latch.token("minimax").unwrap();
        latch.token("openai-codex").unwrap();
    };
    read();
    assert_eq!(allocation_counter::measure(read).count_total, 0);
    let counts = allocation_counter::measure(|| drop(String::from("the counter counts")));
    assert_eq!(counts.count_total, 1);
}

#[test]
fn a_read_in_memory_allocates_nothing() {
    reads_allocate_nothing(&filled(Latch::in_memory()));
}

#[cfg(all(feature = "file", unix))]
#[test]
fn a_read_on_files_allocates_nothing() {
    let home = tempfile::tempdir().unwrap();
    let profile = Profile::new("work").unwrap();
    let latch = Latch::builder().home(home.path().join("home")).profile(profile).open().unwrap();
    reads_allocate_nothing(&filled(latch));
}
