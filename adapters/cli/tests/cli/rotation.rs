//! Tokens that are due, against a strict authorization server on loopback.

use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use credlatch::core::provider::TableFile;
use credlatch_sandbox::{Fault, Sandbox};

use super::helper::{Home, Said};

/// A store with a login of the sandbox that has ended, and may be renewed.
struct Stage {
    home: Home,
    sandbox: Sandbox,
    providers: String,
}

impl Stage {
    fn new() -> Self {
        let (home, sandbox) = (Home::new(), Sandbox::start().unwrap());
        let mut row = sandbox.provider_row("acme");
        row.env.oauth_token.push("ACME_TOKEN".to_owned());
        let file = home.folder().join("providers.json");
        std::fs::write(&file, serde_json::to_string(&TableFile { providers: vec![row] }).unwrap()).unwrap();
        let stage = Self { home, sandbox, providers: file.to_str().unwrap().to_owned() };
        let (access, refresh) = stage.sandbox.grant();
        let login = format!(r#"{{"access_token":"{access}","refresh_token":"{refresh}","expires_in":1}}"#);
        let args = ["set", "acme", "--kind", "oauth", "--providers", &stage.providers];
        assert_eq!(stage.home.feed(&args, login).status, 0);
        std::thread::sleep(Duration::from_millis(1100));
        stage
    }

    fn command(&self, args: &[&str]) -> Command {
        let (before, child) = args.split_at(args.iter().position(|arg| *arg == "--").unwrap_or(args.len()));
        self.home.command(&[before, &["--providers", &self.providers], child].concat())
    }

    fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    fn say(&self, args: &[&str]) -> Said {
        Said::from(self.command(args).output().unwrap())
    }
}

#[test]
fn report_8040_sixteen_processes_rotate_once_and_all_have_the_new_token() {
    let stage = Stage::new();
    let all: Vec<_> = (0..16).map(|_| stage.start(&["token", "acme"])).collect();
    let mut tokens: Vec<_> = all.into_iter().map(|one| Said::from(one.wait_with_output().unwrap())).collect();
    let first = tokens.pop().unwrap();
    assert_eq!(first.status, 0, "{}", first.err);
    assert!(stage.sandbox.accepts(first.out.trim()));
    for token in tokens {
        assert_eq!((token.status, &token.out), (0, &first.out), "{}", token.err);
    }
    let stats = stage.sandbox.stats();
    assert_eq!((stats.refresh_requests, stats.replays), (1, 0));
}

#[test]
fn a_child_is_started_with_a_token_that_lasts() {
    let stage = Stage::new();
    let child = stage.say(&["run", "acme", "--min-ttl", "600", "--", "env"]);
    let token = child.out.lines().find_map(|line| line.strip_prefix("ACME_TOKEN=")).expect(&child.err);
    assert!(stage.sandbox.accepts(token));
}

#[test]
fn a_signal_waits_until_the_new_token_is_saved() {
    let stage = Stage::new();
    stage.sandbox.adjust(|settings| settings.answer_delay = Duration::from_millis(700));
    let token = stage.start(&["token", "acme"]);
    let began = Instant::now();
    while stage.sandbox.stats().refresh_requests == 0 {
        assert!(began.elapsed() < Duration::from_secs(10), "the exchange did not begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    let kill = format!("kill -TERM {}", token.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    let ended = token.wait_with_output().unwrap();
    assert_eq!(ended.status.signal(), Some(15), "{}", String::from_utf8_lossy(&ended.stderr));

    stage.sandbox.adjust(|settings| settings.answer_delay = Duration::ZERO);
    assert!(stage.sandbox.accepts(stage.say(&["token", "acme"]).out.trim()));
    assert_eq!(stage.sandbox.stats().refresh_requests, 1, "what was granted was saved");
}

#[test]
fn a_cleared_login_is_revoked_where_its_issuer_can() {
    let stage = Stage::new();
    let cleared = stage.say(&["clear", "acme", "--json"]).json();
    assert_eq!(cleared["revoked"], "yes");
    assert_eq!(stage.sandbox.stats().revocations, 1);
    drop(stage.sandbox);

    let stage = Stage::new();
    let providers = stage.providers.clone();
    let home = stage.home;
    drop(stage.sandbox);
    let cleared = home.say(&["clear", "acme", "--json", "--providers", &providers]).json();
    assert_eq!(cleared["revoked"], "no");
    assert_eq!(home.say(&["token", "acme", "--providers", &providers]).status, 3);
}

#[test]
fn a_login_that_its_issuer_rejects_asks_for_a_new_one() {
    let stage = Stage::new();
    let fault = credlatch_sandbox::Fault::Refuse(400, "invalid_grant".to_owned());
    stage.sandbox.adjust(|settings| settings.fault = Some(fault));
    stage.say(&["token", "acme"]).failed(4, "acme");
    stage.say(&["run", "acme", "--", "env"]).failed(125, "acme");
    let shown = stage.say(&["status", "--json"]).json();
    assert_eq!(shown["providers"][0]["entries"][0]["health"], "lost");
}

#[test]
fn an_expires_in_of_zero_is_told_and_spends_one_token_for_each_call() {
    let stage = Stage::new();
    stage.sandbox.adjust(|settings| settings.token_lifetime = Duration::ZERO);
    for calls in 1..=3 {
        stage.say(&["token", "acme"]).failed(4, "granted just now and ended");
        assert_eq!(stage.sandbox.stats().refresh_requests, calls);
    }
    stage.sandbox.adjust(|settings| settings.token_lifetime = Duration::from_secs(3600));
    let far = u64::MAX.to_string();
    stage.say(&["run", "acme", "--min-ttl", &far, "--", "true"]).failed(125, "granted just now and ends sooner");
    assert_eq!((stage.sandbox.stats().refresh_requests, stage.sandbox.stats().replays), (4, 0));
}

#[test]
fn a_person_overrides_an_issuer_that_wants_to_be_left_alone() {
    let stage = Stage::new();
    stage.sandbox.adjust(|settings| settings.fault = Some(Fault::Busy(86_400)));
    stage.say(&["rotate", "acme"]).failed(7, "left alone");
    stage.sandbox.adjust(|settings| settings.fault = None);
    let refused = stage.say(&["rotate", "acme"]);
    assert!(refused.status == 7 && refused.err.contains("--now"), "{}", refused.err);
    let rotated = stage.say(&["rotate", "acme", "--now"]);
    assert!(rotated.status == 0 && rotated.out.starts_with("rotated acme, label default"), "{}", rotated.err);
}
