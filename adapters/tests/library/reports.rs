//! The conformance cases of reports 1736, 3961 and 8040 that the library answers, on a real store with two latches for two
//! processes. Those of the command line, of real processes and of authorization servers are with these.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use credlatch::core::put::PutMode;
use credlatch::core::state::{Material, Source};
use credlatch::found::Found;
use credlatch::{Answer, ErrorKind, Label, Latch, Profile, ProviderId, Secret, Tokens, Took};
use tempfile::TempDir;

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// Two latches on one store, as two processes have them.
fn two() -> (TempDir, Latch, Latch) {
    let home = tempfile::tempdir().unwrap();
    let open = || Latch::builder().home(home.path().join("store")).open().unwrap();
    let (one, other) = (open(), open());
    (home, one, other)
}

fn found(provider: &str, name: &str, key: &str) -> Found {
    let key = secret(key);
    Found {
        provider: ProviderId::new(provider).unwrap(),
        label: label(name),
        material: Material::ApiKey(key),
        source: Source::Env(name.to_owned()),
    }
}

fn tokens(number: usize) -> Tokens {
    Tokens::new(secret(&format!("access-{number}")))
        .with_refresh(secret(&format!("refresh-{number}")))
        .expiring_in(Duration::from_secs(3600))
}

#[test]
fn report_1736_a_a_reader_beside_a_clear_sees_both_keys_or_neither() {
    let (_home, writer, reader) = two();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut seen = [0_u32; 3];
            while !done.load(Ordering::Relaxed) {
                let status = reader.status().unwrap();
                let keys = status.state.slot("anthropic").map_or(0, |slot| slot.entries.len());
                seen[keys] += 1;
            }
            seen
        });
        for round in 0..40 {
            let pair = ["ANTHROPIC_TOKEN", "ANTHROPIC_API_KEY"]
                .map(|name| found("anthropic", name, &format!("{name}-{round}")));
            writer.import(pair.to_vec(), PutMode::Named).unwrap();
            let _ = writer.clear("anthropic").unwrap();
        }
        done.store(true, Ordering::Relaxed);
        let [neither, half, both] = reading.join().unwrap();
        assert_eq!(half, 0, "{neither} times neither, {both} times both");
        assert!(neither > 0);
    });
}

#[test]
fn report_1736_b_after_a_clear_no_new_read_gives_the_old_value() {
    let (_home, one, other) = two();
    for round in 0..20 {
        one.set("anthropic", secret(&format!("key-{round}"))).unwrap();
        assert_eq!(other.current("anthropic").unwrap().expose_secret(), format!("key-{round}"));
        let _ = other.clear("anthropic").unwrap();
        for latch in [&one, &other] {
            assert_eq!(latch.current("anthropic").unwrap_err().kind(), ErrorKind::NoCredential);
        }
    }
}

#[test]
fn report_1736_c_a_value_cleared_while_somebody_holds_it_is_not_resurrected() {
    let (_home, one, other) = two();
    let key = found("anthropic", "ANTHROPIC_API_KEY", "key-1");
    one.import(vec![key.clone()], PutMode::Bulk).unwrap();
    let held = one.current("anthropic").unwrap();
    let plan = one.plan("anthropic", credlatch::Shape::Own).unwrap();
    let _ = other.clear("anthropic").unwrap();
    drop((held, plan));
    assert_eq!(one.current("anthropic").unwrap_err().kind(), ErrorKind::NoCredential);
    let taken = one.import(vec![key.clone()], PutMode::Bulk).unwrap();
    assert_eq!(taken[0].took, Took::Cleared, "a bulk import doesn't bring it back");
    assert_eq!(other.current("anthropic").unwrap_err().kind(), ErrorKind::NoCredential);
    one.import(vec![key], PutMode::Named).unwrap();
    assert_eq!(other.current("anthropic").unwrap().expose_secret(), "key-1", "naming it does");
}

#[test]
fn report_8040_a_a_pass_over_many_entries_is_one_write() {
    let (_home, one, other) = two();
    let entries: Vec<_> = (0..100).map(|at| found("minimax", &format!("KEY_{at}"), &format!("key-{at}"))).collect();
    let before = one.status().unwrap().state.generation;
    one.import(entries, PutMode::Bulk).unwrap();
    let state = other.status().unwrap().state;
    assert_eq!(state.slot("minimax").unwrap().entries.len(), 100);
    assert_eq!(state.generation, before + 1);
}

#[test]
fn report_8040_c_a_stale_writer_drops_nothing_that_another_wrote() {
    let (_home, one, other) = two();
    one.set_as("minimax", &label("a"), secret("key-a")).unwrap();
    assert_eq!(other.status().unwrap().state.slot("minimax").unwrap().entries.len(), 1);
    one.set_as("minimax", &label("b"), secret("key-b")).unwrap();
    let used = one.token("minimax").unwrap();
    let _ = one.report(&used, &credlatch::Outcome::from_http(429, &http::HeaderMap::new(), b"")).unwrap();
    other.set_as("minimax", &label("c"), secret("key-c")).unwrap();
    let state = one.status().unwrap().state;
    let slot = state.slot("minimax").unwrap();
    assert_eq!(slot.entries.iter().map(|entry| entry.label.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert!(slot.entry("a").unwrap().health.rest.is_some(), "the rest is still there");
}

#[test]
fn report_8040_d_a_losers_failure_does_not_wipe_the_winners_tokens() {
    let (_home, one, other) = two();
    let _ = one.set_tokens("codex", &Label::default(), tokens(0)).unwrap();
    one.rotate_with("codex", |_| {
        // While this exchange is under way a person signs in anew; its refusal then comes late.
        let _ = other.set_tokens("codex", &Label::default(), tokens(7)).unwrap();
        Answer::Rejected("invalid_grant".to_owned())
    })
    .unwrap_err();
    assert_eq!(one.token("codex").unwrap().expose_secret(), "access-7");
    assert_eq!(other.token("codex").unwrap().expose_secret(), "access-7");
}

#[test]
fn failure_12_a_clear_during_an_exchange_stays_cleared() {
    let (_home, one, other) = two();
    let _ = one.set_tokens("codex", &Label::default(), tokens(0)).unwrap();
    one.rotate_with("codex", |_| {
        let _ = other.clear("codex").unwrap();
        Answer::Granted(tokens(1))
    })
    .unwrap_err();
    for latch in [&one, &other] {
        assert_eq!(latch.token("codex").unwrap_err().kind(), ErrorKind::NoCredential);
    }
}

#[test]
fn report_3961_a_two_profiles_never_see_each_others_value() {
    let home = tempfile::tempdir().unwrap();
    let open = |name: &str| {
        let profile = Profile::new(name).unwrap();
        Latch::builder().home(home.path().join("store")).profile(profile).open().unwrap()
    };
    let reads = 4000;
    thread::scope(|scope| {
        for name in ["alice", "bob"] {
            let writer = open(name);
            writer.set("minimax", secret(&format!("{name}-0"))).unwrap();
            scope.spawn(move || {
                for round in 1..30 {
                    writer.set("minimax", secret(&format!("{name}-{round}"))).unwrap();
                }
            });
            let reader = open(name);
            scope.spawn(move || {
                for _ in 0..reads {
                    let credential = reader.current("minimax").unwrap();
                    assert!(credential.expose_secret().starts_with(name), "{name} was given another's key");
                }
            });
        }
    });
}

#[test]
fn report_3961_b_a_profile_without_a_key_gets_an_error_and_nobody_elses_key() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path().join("store");
    let default = Latch::builder().home(&at).open().unwrap();
    default.set("minimax", secret("the-default-profile's-key")).unwrap();
    let alice = Latch::builder().home(&at).profile(Profile::new("alice").unwrap()).open().unwrap();
    assert_eq!(alice.token("minimax").unwrap_err().kind(), ErrorKind::NoCredential);
    assert_eq!(alice.plan("minimax", credlatch::Shape::Own).unwrap_err().kind(), ErrorKind::NoCredential);
}

#[test]
fn report_3961_d_the_default_profile_is_the_one_that_nobody_names() {
    let home = tempfile::tempdir().unwrap();
    let at = home.path().join("store");
    Latch::builder().home(&at).open().unwrap().set("minimax", secret("key-1")).unwrap();
    let named = Latch::builder().home(&at).profile(Profile::new("default").unwrap()).open().unwrap();
    assert_eq!(named.token("minimax").unwrap().expose_secret(), "key-1");
}
