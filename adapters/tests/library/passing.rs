//! A pool goes on behind an entry that can't be used, and says what is wrong with the first if none can.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use credlatch::core::pool::Strategy;
use credlatch::core::put::PutMode;
use credlatch::foreign::{claude_code, codex};
use credlatch::system::FakeClock;
use credlatch::{Answer, ErrorKind, Kind, Label, Latch, Next, Outcome, Secret, Tokens};
use http::HeaderMap;
use tempfile::TempDir;

const NOON_MS: u64 = 1_800_000_000_000;
const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-0123456789","refreshToken":"sk-ant-ort01-x","expiresAt":4000000000000,"organizationUuid":"one"}}"#;

fn secret(text: &str) -> Secret {
    Secret::try_from(text).unwrap()
}

fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// A login of Claude Code, linked, at the head of a pool of anthropic.
struct Linked {
    latch: Latch,
    clock: FakeClock,
    file: PathBuf,
    _folder: TempDir,
}

impl Linked {
    fn alone() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(".credentials.json");
        fs::write(&file, CLAUDE).unwrap();
        let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
        let latch = Latch::in_memory_on(clock.clone());
        let there = claude_code::read(&file).unwrap().unwrap().found;
        latch.import(there, PutMode::Named).unwrap();
        Self { latch, clock, file, _folder: folder }
    }

    fn with_key() -> Self {
        let linked = Self::alone();
        linked.latch.set_as("anthropic", &label("key"), secret("sk-ant-api03-0123456789")).unwrap();
        linked
    }

    fn used(&self) -> (String, String) {
        let name = |credential: credlatch::Credential| credential.label().to_string();
        (name(self.latch.current("anthropic").unwrap()), name(self.latch.token("anthropic").unwrap()))
    }

    /// Each way in which a link comes to be of no use, and what is said of it where nothing else can be used.
    fn spoil(&self, way: &str) -> (ErrorKind, &'static str) {
        match way {
            "ended" => {
                fs::write(&self.file, CLAUDE.replace("4000000000000", "1000000000000")).unwrap();
                (ErrorKind::SignIn, "is not rotated yet")
            }
            "signed out" => {
                fs::remove_file(&self.file).unwrap();
                (ErrorKind::SignIn, "holds no login any more")
            }
            "cut short" => {
                fs::write(&self.file, "{\"claudeAiOauth\":").unwrap();
                (ErrorKind::Unreadable, "ends in the middle")
            }
            "another account" => {
                fs::write(&self.file, CLAUDE.replace("\"one\"", "\"two\"")).unwrap();
                (ErrorKind::SignIn, "another account")
            }
            other => panic!("{other}"),
        }
    }

    fn mend(&self) {
        fs::write(&self.file, CLAUDE).unwrap();
    }
}

const WAYS: [&str; 4] = ["ended", "signed out", "cut short", "another account"];

#[test]
fn a_link_that_cannot_be_used_is_passed_over_and_comes_back_when_it_can() {
    for way in WAYS {
        let linked = Linked::with_key();
        let both = |text: &str| (text.to_owned(), text.to_owned());
        assert_eq!(linked.used(), both("claude-code"));
        linked.spoil(way);
        assert_eq!(linked.used(), both("key"), "{way}");
        linked.mend();
        // Another account's login was never handed out, and now a person has to say which is meant.
        let again = if way == "another account" { "key" } else { "claude-code" };
        assert_eq!(linked.used(), both(again), "{way}");
    }
}

#[test]
fn where_nothing_else_can_be_used_the_first_says_what_is_wrong() {
    for way in WAYS {
        let linked = Linked::alone();
        let (kind, words) = linked.spoil(way);
        for error in [linked.latch.current("anthropic").unwrap_err(), linked.latch.token("anthropic").unwrap_err()] {
            assert_eq!(error.kind(), kind, "{way}: {error}");
            assert!(error.to_string().contains(words) && !error.remedy().is_empty(), "{way}: {error}");
        }
    }
}

#[test]
fn an_unreadable_link_is_not_taken_for_absent() {
    let linked = Linked::with_key();
    linked.spoil("cut short");
    let generation = linked.latch.status().unwrap().state.generation;
    assert_eq!(linked.used().0, "key");
    let state = linked.latch.status().unwrap().state;
    assert_eq!(state.generation, generation, "nothing is written because a file can't be read");
    assert!(state.entry("anthropic", "claude-code").unwrap().health.is_clean());
    let _ = linked.latch.remove("anthropic", &label("key")).unwrap();
    assert_eq!(linked.latch.current("anthropic").unwrap_err().kind(), ErrorKind::Unreadable);
}

#[test]
fn what_rests_behind_it_is_waited_for() {
    let linked = Linked::with_key();
    linked.spoil("signed out");
    let used = linked.latch.current("anthropic").unwrap();
    let limited = Outcome::from_http(429, &HeaderMap::new(), b"");
    assert!(matches!(linked.latch.report(&used, &limited).unwrap(), Next::WaitUntil(_)));
    assert_eq!(linked.latch.current("anthropic").unwrap_err().kind(), ErrorKind::Busy);
    linked.clock.advance(Duration::from_secs(7_200));
    assert_eq!(linked.used().0, "key");
}

#[test]
fn a_report_goes_on_behind_it_too() {
    let linked = Linked::alone();
    let codex_file = linked.file.with_file_name("auth.json");
    let used = linked.latch.current("anthropic").unwrap();
    linked.spoil("signed out");
    let refused = Outcome::from_http(401, &HeaderMap::new(), br#"{"error":{"code":"token_revoked"}}"#);
    assert!(matches!(linked.latch.report(&used, &refused).unwrap(), Next::SignIn(_)));

    let jwt = "e30.eyJleHAiOjQwMDAwMDAwMDB9.x";
    let login =
        format!(r#"{{"tokens":{{"id_token":"{jwt}","access_token":"{jwt}","refresh_token":"rt","account_id":"a"}}}}"#);
    fs::write(&codex_file, login).unwrap();
    let latch = &linked.latch;
    latch.set_as("openai-codex", &label("first"), secret("key-1")).unwrap();
    latch.import(codex::read(&codex_file).unwrap().unwrap().found, PutMode::Named).unwrap();
    latch.set_as("openai-codex", &label("last"), secret("key-2")).unwrap();
    fs::remove_file(&codex_file).unwrap();
    let used = latch.current("openai-codex").unwrap();
    assert_eq!(used.label().as_str(), "first");
    let Next::Retry(next) = latch.report(&used, &refused).unwrap() else { panic!("there is another") };
    assert_eq!(next.label().as_str(), "last");
}

#[test]
fn a_file_is_not_read_before_its_turn_comes() {
    let linked = Linked::with_key();
    let latch = &linked.latch;
    let _ = latch.remove("anthropic", &label("claude-code")).unwrap();
    fs::write(&linked.file, CLAUDE.replace("\"one\"", "\"two\"")).unwrap();
    let there = claude_code::read(&linked.file).unwrap().unwrap().found;
    latch.import(there, PutMode::Named).unwrap();
    fs::write(&linked.file, CLAUDE).unwrap();
    for _ in 0..3 {
        assert_eq!(linked.used().0, "key");
    }
    let state = latch.status().unwrap().state;
    let entry = state.entry("anthropic", "claude-code").unwrap();
    assert!(entry.is_usable(&latch.status().unwrap().now, None), "nobody looked, so nobody saw the other account");
}

#[test]
fn those_that_are_used_in_turn_share_what_is_passed_over() {
    let linked = Linked::with_key();
    let latch = &linked.latch;
    latch.set_as("anthropic", &label("other"), secret("sk-ant-api03-9876543210")).unwrap();
    latch.set_strategy("anthropic", Strategy::RoundRobin).unwrap();
    linked.spoil("signed out");
    let picks: Vec<_> = (0..12).map(|_| latch.current("anthropic").unwrap().label().to_string()).collect();
    let count = |name: &str| picks.iter().filter(|pick| *pick == name).count();
    assert_eq!((count("key"), count("other")), (6, 6), "{picks:?}");
}

#[test]
fn only_what_was_handed_out_counts_as_used() {
    let linked = Linked::with_key();
    let latch = &linked.latch;
    linked.used();
    linked.spoil("ended");
    linked.used();
    latch.set("minimax", secret("mm-1")).unwrap();
    let state = latch.status().unwrap().state;
    let uses = |label: &str| state.entry("anthropic", label).unwrap().health.uses;
    assert_eq!((uses("claude-code"), uses("key")), (2, 2));
}

fn bare(number: u32, lifetime_secs: u64) -> Tokens {
    Tokens::new(secret(&format!("access-{number}"))).expiring_in(Duration::from_secs(lifetime_secs))
}

#[test]
fn a_token_that_ended_and_that_nothing_renews_is_passed_over() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock.clone());
    let _ = latch.set_tokens("openai-codex", &label("old"), bare(1, 60)).unwrap();
    let _ = latch.set_tokens("openai-codex", &label("new"), bare(2, 3600)).unwrap();
    let current = || latch.current("openai-codex").unwrap().label().to_string();
    let token = || latch.token("openai-codex").unwrap().label().to_string();
    assert_eq!((current(), token()), ("old".to_owned(), "old".to_owned()));
    // Too short for a request, and what is there.
    clock.advance(Duration::from_secs(55));
    assert_eq!((current(), token()), ("old".to_owned(), "new".to_owned()));
    clock.advance(Duration::from_secs(5));
    assert_eq!((current(), token()), ("new".to_owned(), "new".to_owned()));
    clock.advance(Duration::from_secs(3_600));
    for error in [latch.current("openai-codex").unwrap_err(), latch.token("openai-codex").unwrap_err()] {
        assert_eq!(error.kind(), ErrorKind::SignIn);
        assert!(error.to_string().contains("entry old has ended, and has no refresh token"), "{error}");
        assert!(error.remedy().contains("credlatch login openai-codex"), "{}", error.remedy());
    }
}

#[test]
fn a_login_that_is_rejected_just_now_gives_way_to_the_next() {
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock.clone());
    let renewable = bare(1, 3600).with_refresh(secret("refresh-1"));
    let _ = latch.set_tokens("openai-codex", &Label::default(), renewable).unwrap();
    latch.set_as("openai-codex", &label("key"), secret("key-1")).unwrap();
    latch.rotate_with("openai-codex", |_| Answer::Rejected("invalid_grant".to_owned())).unwrap_err();
    let next = latch.token("openai-codex").unwrap();
    assert_eq!((next.label().as_str(), next.kind()), ("key", Kind::ApiKey));
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn the_async_forms_go_on_behind_it_too() {
    let linked = Linked::with_key();
    for way in WAYS {
        linked.spoil(way);
        assert_eq!(linked.latch.token_async("anthropic").await.unwrap().label().as_str(), "key", "{way}");
    }
    // What is too short for a request is passed over by the thread that waits for a better one.
    let clock = FakeClock::at(SystemTime::UNIX_EPOCH + Duration::from_millis(NOON_MS));
    let latch = Latch::in_memory_on(clock.clone());
    let _ = latch.set_tokens("openai-codex", &label("short"), bare(1, 60)).unwrap();
    assert_eq!(latch.token_async("openai-codex").await.unwrap().label().as_str(), "short");
    clock.advance(Duration::from_secs(55));
    let error = latch.token_async("openai-codex").await.unwrap_err();
    assert!(error.to_string().contains("has no refresh token"), "{error}");
    latch.set_as("openai-codex", &label("key"), secret("key-1")).unwrap();
    assert_eq!(latch.token_async("openai-codex").await.unwrap().label().as_str(), "key");
}

#[cfg(feature = "tokio")]
#[tokio::test]
async fn on_an_executor_a_look_behind_a_link_neither_sleeps_nor_commits() {
    let linked = Linked::with_key();
    linked.spoil("cut short");
    let began = std::time::Instant::now();
    for _ in 0..100 {
        assert_eq!(linked.latch.current("anthropic").unwrap().label().as_str(), "key");
    }
    assert!(began.elapsed() < Duration::from_secs(10), "a file that is cut short is looked at for 200 ms elsewhere");
    // Whoever waits anyway looks as long as ever, and finds what was being written.
    let (file, waits) = (linked.file.clone(), linked.latch.clone());
    let writer = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        fs::write(file, CLAUDE).unwrap();
    });
    assert_eq!(waits.token_async("anthropic").await.unwrap().label().as_str(), "claude-code");
    writer.join().unwrap();
    // A worker sets a link aside behind which there is another account.
    linked.spoil("another account");
    assert_eq!(linked.latch.current("anthropic").unwrap().label().as_str(), "key");
    linked.mend();
    while linked.latch.current("anthropic").unwrap().label().as_str() != "key" {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
