//! Which entry is used and why, and what is said of the others.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use credlatch::core::pool::Strategy;
use credlatch::core::put::PutMode;
use credlatch::doctor::Severity::{Error, Note, Warning};
use credlatch::doctor::{Life, Surroundings};
use credlatch::foreign::claude_code;
use credlatch::{Answer, Latch, Outcome};
use http::HeaderMap;

use super::part::Player;
use super::{Home, entry, found, label, secret, sound, tokens, wrong};

/// Three keys of minimax, stored in this order.
fn three() -> Home {
    let home = Home::new();
    for name in ["first", "second", "third"] {
        home.latch().set_as("minimax", &label(name), secret(&format!("mm-key-{name}"))).unwrap();
    }
    home
}

/// Tells the provider's answer to a request with the entry that is used now.
fn answered(home: &Home, status: u16, body: &[u8]) {
    let latch = home.latch();
    let used = latch.current("minimax").unwrap();
    let _ = latch.report(&used, &Outcome::from_http(status, &HeaderMap::new(), body)).unwrap();
}

fn whys(home: &Home) -> Vec<String> {
    home.doctor().providers[0].entries.iter().map(|entry| entry.why.clone()).collect()
}

#[test]
fn the_entry_that_is_told_to_be_used_is_the_one_that_requests_get() {
    let home = three();
    let current = || home.latch().current("minimax").unwrap().label().clone();
    let used = || home.doctor().providers[0].used.clone().unwrap();
    assert_eq!((used(), current()), (label("first"), label("first")));
    assert_eq!(
        whys(&home),
        ["used: the first that may be used", "could be used, and comes later", "could be used, and comes later"]
    );
    answered(&home, 429, b"");
    assert_eq!((used(), current()), (label("second"), label("second")));
    answered(&home, 401, br#"{"error":{"code":"token_revoked"}}"#);
    assert_eq!((used(), current()), (label("third"), label("third")));
    let whys = whys(&home);
    assert!(whys[0].starts_with("rests until ") && whys[0].ends_with(" after a rate limit"), "{whys:?}");
    assert!(whys[1].starts_with("dead since ") && whys[1].ends_with(": token_revoked"), "{whys:?}");
    let diagnosis = home.doctor();
    found(&diagnosis, Note, &["minimax entry first", "rests until"]);
    found(&diagnosis, Warning, &["minimax entry second", "token_revoked"]);
    assert_eq!(wrong(&diagnosis).len(), 1);
    assert!(entry(&diagnosis, "first").rests_until.is_some());
}

#[test]
fn each_strategy_is_told_by_its_rule() {
    let home = three();
    for strategy in Strategy::ALL {
        home.latch().set_strategy("minimax", strategy).unwrap();
        let diagnosis = home.doctor();
        let pool = &diagnosis.providers[0];
        assert_eq!((pool.strategy, pool.why.as_str()), (strategy, strategy.rule()));
        let used = pool.entries.iter().filter(|entry| entry.is_used).count();
        let (told, count) = if strategy.is_steady() { (Some(label("first")), 1) } else { (None, 3) };
        assert_eq!((pool.used.clone(), used), (told, count), "{strategy:?}");
        sound(&diagnosis);
    }
}

#[test]
fn one_shot_processes_of_a_pool_in_turn_do_not_all_take_the_first() {
    let home = three();
    home.latch().set_strategy("minimax", Strategy::RoundRobin).unwrap();
    // Each handle begins as a process does. That forty begin at the same of three happens once in 10^18 runs.
    let picks: Vec<_> = (0..40).map(|_| home.latch().current("minimax").unwrap().label().clone()).collect();
    assert!(picks.iter().any(|pick| *pick != picks[0]), "{picks:?}");
    let latch = home.latch();
    let in_turn: Vec<_> = (0..4).map(|_| latch.current("minimax").unwrap().label().clone()).collect();
    assert_eq!(in_turn[0], in_turn[3]);
    assert!(in_turn[0] != in_turn[1] && in_turn[1] != in_turn[2] && in_turn[0] != in_turn[2], "{in_turn:?}");
}

#[test]
fn a_pool_that_rests_altogether_says_until_when_and_a_dead_one_that_it_is() {
    let home = Home::new().with_key();
    answered(&home, 402, b"");
    let diagnosis = home.doctor();
    found(&diagnosis, Warning, &["every minimax entry rests"]);
    assert!(diagnosis.providers[0].why.starts_with("all rest until "));
    home.latch().set("minimax", secret("mm-key-2")).unwrap();
    answered(&home, 401, br#"{"error":{"code":"token_revoked"}}"#);
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Error, &["no stored minimax credential can be used"]);
    assert!(finding.remedy.contains("credlatch set minimax"));
    assert_eq!(diagnosis.providers[0].used, None);
}

#[test]
fn a_rejected_login_is_lost() {
    let home = Home::new().with_login(3600);
    let rejected = |_: &credlatch::Secret| Answer::Rejected("invalid_grant".to_owned());
    home.latch().rotate_with("openai-codex", rejected).unwrap_err();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &["was lost at", "invalid_grant"]);
    assert!(finding.remedy.contains("credlatch login openai-codex"), "{finding:?}");
    found(&diagnosis, Error, &["no stored openai-codex credential"]);
    assert_eq!(entry(&diagnosis, "default").health.as_str(), "lost");
}

#[test]
fn a_login_in_doubt_says_when_it_is_presented_again() {
    let home = Home::new().with_login(3600);
    let before = home.doctor();
    home.latch().rotate_with("openai-codex", |_| Answer::Unknown).unwrap_err();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &["in doubt", "no usable answer"]);
    let ends = entry(&before, "default").expires_at.unwrap();
    assert_eq!(entry(&diagnosis, "default").presents_at, Some(ends), "not before the access token ends");
    assert!(finding.remedy.contains(&credlatch::rfc3339(ends)), "{finding:?}");
    assert!(entry(&diagnosis, "default").is_used, "the access token is served while it lives");
    assert_eq!(wrong(&diagnosis).len(), 1, "the back-off is not told beside the doubt");
}

#[test]
fn a_login_whose_issuer_gave_nothing_says_when_the_next_try_is() {
    let home = Home::new().with_login(3600);
    let busy = |_: &credlatch::Secret| Answer::NotConsumed { retry_after: Some(Duration::from_secs(600)) };
    home.latch().rotate_with("openai-codex", busy).unwrap_err();
    found(&home.doctor(), Warning, &["could not be rotated the last time", "the next try may be made at"]);
}

#[test]
fn a_login_that_has_ended_and_failed_every_time_is_told_though_the_next_try_may_be_made() {
    let failed = |_: &credlatch::Secret| Answer::NotConsumed { retry_after: Some(Duration::ZERO) };
    for (lifetime, is_told) in [(0, true), (3600, false)] {
        let home = Home::new().with_login(lifetime);
        for _ in 0..3 {
            home.latch().rotate_with("openai-codex", failed).unwrap_err();
        }
        let diagnosis = home.doctor();
        if is_told {
            found(&diagnosis, Warning, &["has ended, and could not be rotated 3 times in a row", "when it is needed"]);
        } else {
            sound(&diagnosis);
        }
    }
}

#[test]
fn a_token_that_ended_and_that_nothing_renews_is_told_and_passed_over() {
    let home = Home::new();
    let bare = credlatch::Tokens::new(secret("access-0")).expiring_in(Duration::ZERO);
    let _ = home.latch().set_tokens("openai-codex", &label("old"), bare).unwrap();
    let _ = home.latch().set_tokens("openai-codex", &label("new"), tokens(1, 3600)).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &["entry old ended at", "no refresh token"]);
    assert_eq!(diagnosis.providers[0].used, Some(label("new")), "it is passed over");
    assert!(finding.remedy.contains("credlatch remove openai-codex --label 'old'"), "{finding:?}");
    let _ = home.latch().remove("openai-codex", &label("old")).unwrap();
    sound(&home.doctor());
}

/// A login of Claude Code, linked; and its file.
fn linked() -> (Home, PathBuf) {
    let home = Home::new();
    let file = home.beside().join(".credentials.json");
    fs::write(&file, CLAUDE).unwrap();
    let there = claude_code::read(&file).unwrap().unwrap().found;
    home.latch().import(there, PutMode::Named).unwrap();
    (home, file)
}

const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-0123456789","refreshToken":"sk-ant-ort01-x","expiresAt":4000000000000,"organizationUuid":"one"}}"#;

#[test]
fn a_link_is_told_by_what_stands_in_its_file_now() {
    let (home, file) = linked();
    let diagnosis = home.doctor();
    sound(&diagnosis);
    assert_eq!(
        entry(&diagnosis, "claude-code").expires_at,
        Some(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000))
    );

    fs::write(&file, CLAUDE.replace("4000000000000", "1000000000000")).unwrap();
    let diagnosis = home.doctor();
    let finding =
        found(&diagnosis, Warning, &["a link whose access token ended at 2001-09-09", "has not rotated it yet"]);
    assert!(finding.remedy.contains("use Claude Code once"));
    assert_eq!(entry(&diagnosis, "claude-code").health.as_str(), "not_renewed");
    let finding = found(&diagnosis, Error, &["no stored anthropic credential can be used"]);
    assert!(finding.remedy.contains("have the tool rotate its login"), "{}", finding.remedy);

    let deadline = |ends_ms: &str, deadline: &str| {
        let ended = CLAUDE.replace("4000000000000", ends_ms);
        fs::write(&file, ended.replace("\"organ", &format!("\"refreshTokenExpiresAt\":{deadline},\"organ"))).unwrap();
        home.doctor()
    };
    let diagnosis = deadline("1000000000000", "1100000000000");
    let finding = found(&diagnosis, Warning, &["a link to a login that ended at", "can't rotate it"]);
    assert!(finding.remedy.contains("`/login`"), "{}", finding.remedy);
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() + 86_400_000;
    found(&deadline("4000000000000", &soon.to_string()), Note, &["login that ends at", "however often it is rotated"]);
    sound(&deadline("4000000000000", "4100000000000"));

    fs::write(&file, "{\"claudeAiOauth\":").unwrap();
    found(&home.doctor(), Warning, &["ends in the middle"]);
    found(&home.doctor(), Error, &["no stored anthropic credential can be used"]);
    assert_eq!(entry(&home.doctor(), "claude-code").health.as_str(), "unreadable");

    fs::remove_file(&file).unwrap();
    found(&home.doctor(), Warning, &["holds no login any more"]);

    fs::write(&file, CLAUDE.replace("\"one\"", "\"two\"")).unwrap();
    home.latch().current("anthropic").unwrap_err();
    let diagnosis = home.doctor();
    found(&diagnosis, Warning, &["suspended", "another account"]);
    assert!(entry(&diagnosis, "claude-code").why.starts_with("suspended"));
    found(&diagnosis, Error, &["no stored anthropic credential can be used"]);
}

#[test]
fn what_requests_pass_over_is_told_and_the_entry_behind_it_is_the_one_that_is_used() {
    let (home, file) = linked();
    home.latch().set_as("anthropic", &label("key"), secret("sk-ant-api03-0123456789abcdef")).unwrap();
    let spoilt = [
        CLAUDE.replace("4000000000000", "1000000000000"),
        "{\"claudeAiOauth\":".to_owned(),
        "{}".to_owned(),
        CLAUDE.replace("\"one\"", "\"two\""),
    ];
    for strategy in [Strategy::FillFirst, Strategy::LeastUsed, Strategy::RoundRobin] {
        home.latch().set_strategy("anthropic", strategy).unwrap();
        for text in &spoilt {
            fs::write(&file, text).unwrap();
            let diagnosis = home.doctor();
            let pool = &diagnosis.providers[0];
            let used: Vec<_> = pool.entries.iter().filter(|entry| entry.is_used).map(|entry| &entry.label).collect();
            assert_eq!(used, [&label("key")], "{strategy:?} {text}");
            assert_eq!(pool.used.is_some(), strategy.is_steady());
            let why = &entry(&diagnosis, "claude-code").why;
            assert!(why.starts_with("passed over: ") || why.starts_with("suspended"), "{why}");
            found(&diagnosis, Warning, &["anthropic entry claude-code"]);
            assert_eq!(wrong(&diagnosis).len(), 1);
            assert_eq!(home.latch().current("anthropic").unwrap().label(), &label("key"));
        }
        // The last of them suspended the link; a person takes it in anew.
        fs::write(&file, CLAUDE).unwrap();
        home.latch().import(claude_code::read(&file).unwrap().unwrap().found, PutMode::Named).unwrap();
        assert!(entry(&home.doctor(), "claude-code").health == credlatch::doctor::Health::Ok);
    }
}

#[test]
fn whoever_is_renewing_is_named_and_whether_they_live() {
    let home = Home::new().with_login(3600);
    let player = Player::start("rotate", &home.path());
    let pid = player.pid();
    let process = format!("process {pid}");
    let life = |home: &Home| entry(&home.doctor(), "default").holder.unwrap().life;

    let diagnosis = home.doctor();
    sound(&diagnosis);
    found(&diagnosis, Note, &["is being rotated by", &process]);
    assert_eq!((entry(&diagnosis, "default").holder.unwrap().pid, life(&home)), (Some(pid), Life::AtWork));

    player.stop();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &[&process, "was stopped while it rotated it"]);
    assert!(finding.remedy.contains(&format!("kill -CONT {pid}")));
    assert_eq!(life(&home), Life::Stopped);

    player.kill();
    found(&home.doctor(), Note, &[&process, "has ended"]);
    assert_eq!(life(&home), Life::Gone);
    // The next change notes it.
    home.latch().set("minimax", secret("mm-key-1")).unwrap();
    let diagnosis = home.doctor();
    found(&diagnosis, Warning, &["in doubt", "ended before the answer was saved"]);
    assert_eq!(entry(&diagnosis, "default").holder, None);
}

#[test]
fn what_a_stopped_process_was_granted_and_wrote_down_is_stored_by_the_next_change() {
    let home = Home::new().with_login(3600);
    let player = Player::start("write down", &home.path());
    player.stop();
    let diagnosis = home.doctor();
    let process = format!("process {}", player.pid());
    let finding = found(&diagnosis, Note, &[&process, "what its issuer granted is written down"]);
    assert_eq!(finding.remedy, "nothing: the next change stores it");
    assert_eq!(entry(&diagnosis, "default").holder.unwrap().life, Life::Answered);
    assert!(!format!("{diagnosis:?}").contains("-granted"), "{diagnosis:?}");

    home.latch().set("minimax", secret("mm-key-1")).unwrap();
    let diagnosis = home.doctor();
    sound(&diagnosis);
    assert_eq!(entry(&diagnosis, "default").holder, None);
    assert_eq!(home.latch().current("openai-codex").unwrap().expose_secret(), "at-granted");
}

#[test]
fn a_limit_on_one_model_is_told_with_the_model() {
    let home = Home::new().with_key();
    let latch = home.latch();
    let used = latch.current("minimax").unwrap();
    let _ = latch.report(&used, &Outcome::from_http(429, &HeaderMap::new(), b"").of_model("big")).unwrap();
    let diagnosis = home.doctor();
    sound(&diagnosis);
    let entry = entry(&diagnosis, "default");
    assert!(entry.is_used && entry.model_rests.contains_key("big"), "{entry:?}");
}

#[test]
fn what_is_stored_under_the_wrong_provider_is_told() {
    let home = Home::new();
    home.latch().set("groq", secret("sk-ant-api03-0123456789abcdef")).unwrap();
    let diagnosis = home.doctor();
    let finding = found(&diagnosis, Warning, &["groq entry default", "begins like a credential of anthropic"]);
    assert!(finding.remedy.contains("credlatch set anthropic"));
}

#[test]
fn what_is_stored_for_a_provider_that_nobody_knows_is_told() {
    let home = Home::new();
    let file = home.beside().join("providers.json");
    fs::write(&file, r#"{"providers":[{"id":"acme","env":{"api_key":["ACME_API_KEY"]}}]}"#).unwrap();
    let with_row = Latch::builder().home(home.path()).providers(&file).open().unwrap();
    with_row.set("acme", secret("acme-key-1")).unwrap();
    sound(&with_row.doctor(&Surroundings::default()));
    found(&home.doctor(), Warning, &["stored for acme", "no provider of that name"]);
}
