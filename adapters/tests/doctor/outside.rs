//! What lies outside the store: the environment, a `.env`, other tools' files. None of it is used.

use std::fs;
use std::time::Duration;

use credlatch::core::Event;
use credlatch::core::engine::Engine;
use credlatch::core::extra::Extra;
use credlatch::core::name::ProfileName;
use credlatch::core::port::Ports;
use credlatch::core::put::PutMode;
use credlatch::core::rewrite::Rewrite;
use credlatch::doctor::Severity::{Note, Ok as InOrder, Warning};
use credlatch::doctor::{About, Diagnosis};
use credlatch::file::FileStore;
use credlatch::system::{ParkingLot, SystemClock, SystemNonces};
use credlatch::{Label, fingerprint};

use super::{Home, found, secret, sound};

fn outside(diagnosis: &Diagnosis) -> Vec<&str> {
    let of = diagnosis.findings.iter().filter(|finding| finding.about == About::Outside);
    of.map(|finding| finding.what.as_str()).collect()
}

#[test]
fn a_key_in_the_environment_is_seen_and_not_used() {
    let home = Home::new();
    let diagnosis = home.doctor_in(&[("MINIMAX_API_KEY", "mm-key-1"), ("PATH", "/bin"), ("GROQ_API_KEY", " ")]);
    sound(&diagnosis);
    let finding = found(&diagnosis, Note, &["MINIMAX_API_KEY of the environment, for minimax, is not used"]);
    assert_eq!(finding.remedy, "to take it in: `credlatch import env --provider minimax`");
    assert_eq!(outside(&diagnosis).len(), 1);
}

#[test]
fn report_81_a_token_that_would_win_elsewhere_is_named_with_the_way_to_keep_it_out() {
    let home = Home::new().with_key();
    let diagnosis = home.doctor_in(&[("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-0123456789abcdef")]);
    let finding = found(&diagnosis, Warning, &["CLAUDE_CODE_OAUTH_TOKEN is set", "minimax"]);
    assert!(finding.remedy.contains("credlatch run minimax -- "), "{finding:?}");
    assert_eq!(outside(&diagnosis).len(), 1, "it is told once");
    // In whatever variable it hides, and whatever case it is written in.
    found(&home.doctor_in(&[("MY_VAR", "sk-ant-oat01-0123456789abcdef")]), Warning, &["MY_VAR is set"]);
    found(&home.doctor_in(&[("anthropic_api_key", "x")]), Warning, &["anthropic_api_key is set"]);
    found(&home.doctor_in(&[("OPENAI_BASE_URL", "https://proxy.example/v1")]), Warning, &["OPENAI_BASE_URL is set"]);
}

#[test]
fn failure_13_a_variable_that_would_silently_outrank_what_is_stored_is_named() {
    let home = Home::new().with_key();
    let diagnosis = home.doctor_in(&[("MINIMAX_API_KEY", "mm-key-of-yesterday")]);
    let finding = found(&diagnosis, Warning, &["MINIMAX_API_KEY is set", "instead of what is stored for minimax"]);
    assert!(finding.remedy.contains("credlatch run minimax -- ") && finding.remedy.contains("unset MINIMAX_API_KEY"));
    assert_eq!(home.latch().current("minimax").unwrap().expose_secret(), "mm-key-1", "here it outranks nothing");
    // The stored key itself does no harm there.
    let diagnosis = home.doctor_in(&[("MINIMAX_API_KEY", "mm-key-1")]);
    sound(&diagnosis);
    assert!(outside(&diagnosis).iter().all(|what| !what.contains("is set")), "{:?}", outside(&diagnosis));
}

#[test]
fn what_was_cleared_is_told_to_stay_away() {
    let home = Home::new();
    let vars = [("MINIMAX_API_KEY", "mm-key-1")];
    let there = credlatch::env::import_env(
        vars.map(|(name, value)| (name.into(), value.into())),
        home.latch().providers(),
        None,
    );
    home.latch().import(there.found, PutMode::Bulk).unwrap();
    found(&home.doctor_in(&vars), InOrder, &["MINIMAX_API_KEY of the environment", "is what is stored"]);
    let _ = home.latch().clear("minimax").unwrap();
    let diagnosis = home.doctor_in(&vars);
    sound(&diagnosis);
    let finding =
        found(&diagnosis, Note, &["MINIMAX_API_KEY of the environment", "was cleared before, and stays away"]);
    assert!(finding.remedy.contains("--provider minimax --again"));
}

#[test]
fn a_dotenv_in_the_working_directory_is_seen_by_name() {
    let home = Home::new().with_key();
    let file = home.beside().join(".env");
    fs::write(&file, "GROQ_API_KEY=gsk_0123456789abcdef0123\nOPENAI_API_KEY=${OTHER}\nOTHER=value\n").unwrap();
    let diagnosis = home.doctor_in(&[]);
    sound(&diagnosis);
    found(&diagnosis, Note, &["GROQ_API_KEY in ", ".env, for groq, is not used"]);
    found(&diagnosis, Note, &["OPENAI_API_KEY", "the name of a variable"]);
    assert_eq!(outside(&diagnosis).len(), 2);
    fs::write(&file, [0xff, 0x80]).unwrap();
    let diagnosis = home.doctor_in(&[]);
    sound(&diagnosis);
    found(&diagnosis, Note, &[".env", "not text"]);
}

/// What a clear that dies after its commit leaves: the debt is stored, the file is as it was.
struct Disk;

impl Ports for Disk {
    type Seam = ParkingLot;
    type Store = FileStore;
    type Clock = SystemClock;
    type Nonces = SystemNonces;
}

#[test]
fn what_a_clear_that_died_owes_to_a_dotenv_is_told_until_it_is_paid() {
    let home = Home::new().with_key();
    let file = home.beside().join("other.env");
    fs::write(&file, "MINIMAX_API_KEY=mm-key-1\nOTHER=value\n").unwrap();
    let variables = vec![("MINIMAX_API_KEY".to_owned(), fingerprint(&secret("mm-key-1")))];
    let owed = Rewrite { path: file.to_str().unwrap().to_owned(), variables, extra: Extra::default() };
    let store = FileStore::new(&home.path(), &ProfileName::default());
    let engine = Engine::<Disk>::new(store, SystemClock, SystemNonces, 1000);
    engine.transact(&[Event::OweRewrite(owed)]).unwrap();
    let finding = found(&home.doctor(), Warning, &["other.env", "MINIMAX_API_KEY"]).clone();
    assert!(finding.remedy.contains("credlatch purge"), "{finding:?}");
    home.latch().purge().unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "OTHER=value\n");
    sound(&home.doctor());
}

#[test]
fn other_tools_logins_are_seen_and_not_used_until_they_are_linked() {
    let home = Home::new();
    let folder = home.beside().to_str().unwrap().to_owned();
    let file = home.beside().join(".credentials.json");
    let login = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-0123456789","refreshToken":"rt-1","expiresAt":4000000000000}}"#;
    fs::write(&file, login).unwrap();
    let vars = [("CLAUDE_CONFIG_DIR", folder.as_str())];
    let diagnosis = home.doctor_in(&vars);
    sound(&diagnosis);
    let finding = found(&diagnosis, Note, &["the anthropic credential in Claude Code's file", "is not used"]);
    assert!(finding.remedy.contains("credlatch import claude-code"));
    let there = credlatch::foreign::claude_code::read(&file).unwrap().unwrap().found;
    home.latch().import(there, PutMode::Bulk).unwrap();
    found(&home.doctor_in(&vars), InOrder, &["Claude Code's file", "is what is stored"]);
    fs::write(&file, "{").unwrap();
    let diagnosis = Home::new().doctor_in(&vars);
    sound(&diagnosis);
    found(&diagnosis, Note, &["a file of Claude Code, ends in the middle"]);
}

#[test]
fn failure_33_a_refresh_token_that_another_tool_holds_as_well_is_a_warning() {
    let home = Home::new().with_login(3600);
    let folder = home.beside().to_str().unwrap().to_owned();
    let codex = |refresh: &str| {
        format!(
            r#"{{"tokens":{{"id_token":null,"access_token":"at-9","refresh_token":"{refresh}","account_id":"a"}}}}"#
        )
    };
    for (name, variable, text) in [
        ("Codex", "CODEX_HOME", codex("refresh-0")),
        ("Hermes", "HERMES_HOME", r#"{"credential_pool":{"openai-codex":[{"id":"a1b2c3","auth_type":"oauth","source":"manual","access_token":"at-9","refresh_token":"refresh-0"}]}}"#.to_owned()),
    ] {
        fs::write(home.beside().join("auth.json"), text).unwrap();
        let diagnosis = home.doctor_in(&[(variable, &folder)]);
        let words = [name, "holds the refresh token of the openai-codex entry default too"];
        let finding = found(&diagnosis, Warning, &words);
        assert!(finding.remedy.contains("credlatch remove openai-codex --label 'default'"), "{finding:?}");
    }
    fs::write(home.beside().join("auth.json"), codex("refresh-1")).unwrap();
    sound(&home.doctor_in(&[("CODEX_HOME", &folder)]));
    // A key with the same bytes is no login, and one that has no refresh token is renewed by nobody.
    home.latch().set("minimax", secret("refresh-1")).unwrap();
    let bare = credlatch::Tokens::new(secret("refresh-1")).expiring_in(Duration::from_secs(60));
    let _ = home.latch().set_tokens("openai-codex", &Label::new("bare").unwrap(), bare).unwrap();
    sound(&home.doctor_in(&[("CODEX_HOME", &folder)]));
}
