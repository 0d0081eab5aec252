//! What is answered: tables that fit a terminal, JSON as promised, and a quiet end where nobody listens.

use std::process::Stdio;

use super::helper::{Home, said};

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

#[test]
fn completions_offer_what_there_is_and_nothing_hidden() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish"] {
        let script = home.say(&["completions", shell]).out;
        assert!(
            script.contains("import") && !script.contains("demo-part") && !script.contains("demo__part"),
            "{shell}"
        );
    }
}
