//! What is answered: tables that fit a terminal, JSON as promised, and a quiet end where nobody listens.

use std::process::Stdio;

use super::helper::{Home, said};
use super::pty::Terminal;

#[test]
fn status_has_the_promised_fields() {
    let home = Home::new();
    assert_eq!(home.status(), serde_json::json!({"profile": "default", "generation": 0, "providers": []}));
    home.set("minimax", "mm-key-1");
    assert_eq!(
        home.status(),
        serde_json::json!({"profile": "default", "generation": 1, "providers": [{
            "id": "minimax",
            "entries": [{"label": "default", "kind": "api_key", "source": "manual", "health": "ok", "expires_at": null}],
            "flow": null,
        }]})
    );
}

#[test]
fn no_table_is_wider_than_eighty_columns() {
    let home = Home::new();
    let label = "a very long label, as a person might choose who wants to remember where the key came from";
    assert_eq!(home.feed(&["set", "minimax", "--label", label], "mm-key-1").status, 0);
    let token = r#"{"access_token":"at-1","expires_in":86400}"#;
    assert_eq!(home.feed(&["set", "openai-codex", "--kind", "oauth", "--label", label], token).status, 0);
    for args in [["status"], ["providers"], ["profiles"]] {
        for line in home.say(&args).out.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn no_line_of_status_is_wider_than_a_narrow_terminal() {
    let home = Home::new();
    assert_eq!(home.feed(&["set", "minimax", "--label", "a label of many words"], "mm-key-1").status, 0);
    let token = r#"{"access_token":"at-1","expires_in":86400}"#;
    assert_eq!(home.feed(&["set", "openai-codex", "--kind", "oauth"], token).status, 0);
    let Some(terminal) = Terminal::start(&home.command(&["status"]), 40) else { return };
    let (status, shown) = terminal.end();
    assert_eq!(status, Some(0), "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 40), "{shown}");
    for whole in ["PROVIDER  openai-codex", "LABEL     a label of many words", "HEALTH    ok"] {
        assert!(shown.contains(whole), "{whole} is not in {shown}");
    }
}

#[test]
fn providers_answers_in_the_form_of_a_provider_file() {
    let home = Home::new();
    let table = home.say(&["providers", "--json"]);
    let minimax = table.json()["providers"].as_array().unwrap().iter().find(|row| row["id"] == "minimax").cloned();
    assert_eq!(minimax.unwrap()["env"]["api_key"], serde_json::json!(["MINIMAX_API_KEY"]));
    let file = home.folder().join("providers.json");
    std::fs::write(&file, &table.out).unwrap();
    let again = home.say(&["providers", "--json", "--providers", file.to_str().unwrap()]);
    assert_eq!(again.json(), table.json());
}

#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    for args in [
        vec!["status"],
        vec!["completions", "zsh"],
        vec!["providers", "--json"],
        vec!["token", "minimax"],
        vec!["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = said(home.command(&args).stdout(Stdio::from(writer)));
        assert_eq!((ended.status, ended.err.as_str()), (0, ""), "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_the_answer_is_an_error() {
    let home = Home::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    said(home.command(&["status"]).stdout(full)).failed(1, "standard output");
}

/// What a terminal would obey, or show as nothing or as something else.
const HOSTILE: &str = "a\u{1b}[2J\u{7}\u{9b}31m\r\u{202e}\u{2066}\u{200b}\u{feff}z";

fn is_hidden(c: char) -> bool {
    c != '\n'
        && (c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}'))
}

/// Whether a text in a JSON value, a name among them, has this in it.
pub(crate) fn holds(value: &serde_json::Value, text: &str) -> bool {
    match value {
        serde_json::Value::String(value) => value.contains(text),
        serde_json::Value::Array(all) => all.iter().any(|value| holds(value, text)),
        serde_json::Value::Object(all) => all.iter().any(|(name, value)| name.contains(text) || holds(value, text)),
        _ => false,
    }
}

#[test]
fn text_from_others_reaches_the_terminal_escaped() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let escaped = serde_json::to_string(HOSTILE).unwrap();
    let hermes = format!(
        r#"{{"version":1,"credential_pool":{{"anthropic":[{{"id":"a","label":{escaped},"auth_type":"api_key",
        "priority":0,"source":"manual","access_token":"sk-ant-api03-hermes-0123456789"}}],
        {escaped}:[{{"id":"b","label":{escaped},"source":{escaped},"access_token":"key-1"}}]}}}}"#
    );
    let folder = home.folder().join(HOSTILE);
    std::fs::create_dir(&folder).unwrap();
    let file = folder.join("auth.json");
    std::fs::write(&file, hermes).unwrap();
    let (file, absent) = (file.to_str().unwrap(), folder.join("absent.json"));
    let table = folder.join("table.json");
    std::fs::write(&table, format!(r#"{{"providers":[{{"id":{escaped},"aliases":[{escaped}]}}]}}"#)).unwrap();
    let store = format!("hermes:{file}");
    let folder_of = folder.to_str().unwrap();
    let (mut shown, mut meant) = (0, 0);
    for args in [
        &["import", "hermes", "--path", file][..],
        &["import", "hermes", "--path", file, "--dry-run"],
        &["import", "codex", "--path", absent.to_str().unwrap()],
        &["import", "dotenv", "--path", file],
        &["status", "--store", &store],
        &["doctor", "--store", &store],
        &["run", "minimax", "--", "true"],
        &["run", "minimax", "--", HOSTILE],
        &["env", "minimax"],
        &["providers", "--providers", table.to_str().unwrap()],
        &["status", "--home", file],
        &["doctor", "--home", folder_of],
        &["status", "--profile", HOSTILE],
        &["token", HOSTILE],
        &["clear", "minimax", "--dotenv", absent.to_str().unwrap()],
    ] {
        for json in [false, true] {
            let at = args.iter().position(|arg| *arg == "--").unwrap_or(args.len());
            let (before, after) = args.split_at(at);
            let args = [before, if json { &["--json"][..] } else { &[] }, after].concat();
            let mut command = home.command(&args);
            command.env(format!("ACME_{HOSTILE}_API_KEY"), "acme-1");
            if args.iter().any(|arg| matches!(*arg, "--store" | "--home")) {
                command.env_remove("CREDLATCH_HOME");
            }
            let said = said(&mut command);
            for text in [&said.out, &said.err] {
                assert!(!text.chars().any(is_hidden), "{args:?}: {text:?}");
                shown += usize::from(text.contains("202e"));
                for line in text.lines().filter(|line| line.starts_with('{')) {
                    let told: serde_json::Value = serde_json::from_str(line).unwrap();
                    // What JSON escapes means the same when it is read.
                    assert!(!line.contains("\\\\u{") && !holds(&told, "\\u{"), "{args:?}: {line}");
                    meant += usize::from(holds(&told, HOSTILE));
                }
            }
        }
    }
    assert!(meant > 4, "little of it was told in JSON: {meant}");
    assert!(shown > 8, "little of it was shown at all: {shown}");
}
