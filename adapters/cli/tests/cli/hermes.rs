//! Hermes' `auth.json`: shared as a store, or taken in by an import.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::helper::{Home, Said, count, said};

const HERMES: &str = r#"{"version":1,"providers":{},"active_provider":"anthropic","credential_pool":{
  "anthropic":[
    {"id":"aaa111","label":"work","auth_type":"api_key","priority":0,"source":"manual",
     "access_token":"sk-ant-api03-hermes-0123456789","unknown":[1]}],
  "openai-codex":[
    {"id":"bbb222","auth_type":"oauth","source":"device_code","access_token":"at-hermes","refresh_token":"rt-hermes",
     "expires_at_ms":4000000000000}],
  "openrouter":[{"id":"ccc333","source":"env:OPENROUTER_API_KEY"}]},
  "suppressed_sources":{"groq":["env:GROQ_API_KEY"]}}"#;

fn hermes(home: &Home) -> PathBuf {
    let file = home.folder().join("auth.json");
    fs::write(&file, HERMES).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// The command on Hermes' file.
fn on(home: &Home, args: &[&str]) -> Command {
    let store = format!("hermes:{}", home.folder().join("auth.json").display());
    let mut command = home.command(args);
    command.env_remove("CREDLATCH_HOME").env("CREDLATCH_STORE", store);
    command
}

fn say(home: &Home, args: &[&str]) -> Said {
    said(&mut on(home, args))
}

fn set(home: &Home, provider: &str, key: &str) {
    use std::io::Write;
    let mut child = on(home, &["set", provider]).stdin(std::process::Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(key.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn hermes_file_is_a_store_that_both_use() {
    let home = Home::new();
    let file = hermes(&home);
    assert_eq!(say(&home, &["token", "anthropic"]).out, "sk-ant-api03-hermes-0123456789\n");
    assert_eq!(say(&home, &["token", "codex"]).out, "at-hermes\n");
    let child = say(&home, &["run", "anthropic", "--", "env"]);
    assert!(child.out.contains("ANTHROPIC_API_KEY=sk-ant-api03-hermes-0123456789"), "{}", child.out);

    set(&home, "minimax", "mm-key-1");
    let document = || -> Value { serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap() };
    assert_eq!(document()["credential_pool"]["minimax"][0]["access_token"], "mm-key-1");
    assert_eq!(document()["credential_pool"]["anthropic"][0]["unknown"], serde_json::json!([1]));
    let status = say(&home, &["status", "--json"]).json();
    assert_eq!(["anthropic", "openai-codex", "openrouter", "minimax"].map(|of| count(&status, of)), [1; 4]);

    say(&home, &["rotate", "codex", "--label", "hermes:bbb222"]).failed(2, "another tool's login");
    assert_eq!(say(&home, &["clear", "anthropic"]).status, 0);
    assert_eq!(document()["credential_pool"]["anthropic"], serde_json::json!([]));
    say(&home, &["token", "anthropic"]).failed(3, "no anthropic credential");
    assert_eq!(say(&home, &["clear", "--all"]).status, 0);
    let suppressed = &document()["suppressed_sources"];
    assert_eq!(suppressed["openrouter"], serde_json::json!(["env:OPENROUTER_API_KEY"]));
    let again = said(on(&home, &["import", "env"]).env("OPENROUTER_API_KEY", "sk-or-v1-0123456789abcdef"));
    assert!(again.out.contains("it was cleared"), "{}{}", again.out, again.err);
    let again = said(on(&home, &["import", "env"]).env("GROQ_API_KEY", "gsk_0123456789abcdef0123"));
    assert!(again.out.contains("it was cleared"), "what Hermes suppressed: {}{}", again.out, again.err);
    assert!(!home.path().exists(), "no other store is made");
}

#[test]
fn a_file_of_hermes_is_one_profile_and_one_store() {
    let home = Home::new();
    let file = hermes(&home);
    let store = format!("hermes:{}", file.display());
    say(&home, &["--profile", "work", "status"]).failed(2, "one profile");
    say(&home, &["profiles"]).failed(2, "one profile");
    home.say(&["--store", &store, "--home", "x", "status"]).failed(2, "are both given");
    said(home.command(&["status"]).env("CREDLATCH_STORE", &store)).failed(2, "are both given");
    assert_eq!(home.say(&["--store", &store, "status"]).out, say(&home, &["status"]).out, "what is named counts");
    for url in ["hermes:", "hermess:/x", "redis://secret@host"] {
        let error = said(on(&home, &["--store", url, "status"]).env_remove("CREDLATCH_STORE"));
        error.failed(2, "another kind");
        assert!(!error.err.contains("secret"), "{}", error.err);
    }
}

#[test]
fn a_broken_file_of_hermes_is_left_as_it_is() {
    let home = Home::new();
    let file = hermes(&home);
    for text in ["", "{", "[]", &HERMES[..300]] {
        fs::write(&file, text).unwrap();
        for args in [&["status"][..], &["token", "anthropic"], &["clear", "anthropic"], &["purge"]] {
            let error = say(&home, args);
            error.failed(6, "auth.json");
            assert!(!error.err.contains("0123456789"), "{}", error.err);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn an_import_copies_keys_and_links_logins_for_a_store_of_our_own() {
    let home = Home::new();
    let file = hermes(&home);
    let json = home.say(&["import", "hermes", "--path", file.to_str().unwrap(), "--json"]).json();
    assert_eq!((json["found"].as_array().unwrap().len(), json["skipped"].as_array().unwrap().len()), (2, 1));
    assert_eq!(home.say(&["token", "anthropic"]).out, "sk-ant-api03-hermes-0123456789\n");
    assert_eq!(home.say(&["token", "codex"]).out, "at-hermes\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), HERMES, "an import writes nothing there");
    assert!(!fs::read_to_string(home.document()).unwrap().contains("rt-hermes"));

    // Hermes renews its login, and a key is not Hermes' any more.
    fs::write(&file, HERMES.replace("at-hermes", "at-renewed").replace("sk-ant-api03-hermes", "sk-ant-api03-other"))
        .unwrap();
    assert_eq!(home.say(&["token", "codex"]).out, "at-renewed\n");
    assert_eq!(home.say(&["token", "anthropic"]).out, "sk-ant-api03-hermes-0123456789\n");

    let found = said(home.command(&["import", "hermes", "--dry-run"]).env("HERMES_HOME", home.folder()));
    assert_eq!(found.status, 0, "{}", found.err);
    said(home.command(&["import", "hermes"]).env("HERMES_HOME", home.folder().join("none")))
        .failed(3, "Hermes has no file");
}

#[test]
fn what_hermes_only_borrows_is_told_as_that() {
    let home = Home::new();
    hermes(&home);
    say(&home, &["token", "openrouter"]).failed(3, "Hermes only borrows it from the environment");
}
