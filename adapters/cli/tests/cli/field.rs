//! The providers beside the well-known ones: usable at once, out of the way until asked for, and behind a person's own rows.

use std::fs;

use super::helper::{Home, Said};

/// A command that reads a provider file of these rows.
fn with_rows(home: &Home, rows: &str, args: &[&str]) -> Said {
    let file = home.folder().join("providers.json");
    fs::write(&file, format!(r#"{{"providers":[{rows}]}}"#)).unwrap();
    with_file(home, args)
}

/// A command that reads the provider file that is there.
fn with_file(home: &Home, args: &[&str]) -> Said {
    let file = home.folder().join("providers.json");
    home.say(&[&["--providers", file.to_str().unwrap()], args].concat())
}

fn variable<'a>(said: &'a Said, name: &str) -> Option<&'a str> {
    said.out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

#[test]
fn a_provider_of_the_field_is_used_as_a_well_known_one_is() {
    let home = Home::new();
    home.set("togetherai", "tg-key-1");
    assert_eq!(home.status()["providers"][0]["id"], "together");
    assert_eq!(home.say(&["token", "together"]).out, "tg-key-1\n");
    let own = home.say(&["run", "together", "--", "env"]);
    assert_eq!(variable(&own, "TOGETHER_API_KEY"), Some("tg-key-1"), "{}", own.err);
    let openai = home.say(&["run", "together", "--as", "openai", "--", "env"]);
    assert_eq!(variable(&openai, "OPENAI_BASE_URL"), Some("https://api.together.xyz/v1"), "{}", openai.err);
    assert_eq!(variable(&openai, "OPENAI_API_KEY"), Some("tg-key-1"));
    home.set("302ai", "ai-key-1");
    let digit = home.say(&["run", "302ai", "--", "env"]);
    assert_eq!(variable(&digit, "302AI_API_KEY"), Some("ai-key-1"), "{}", digit.err);
    assert_eq!(home.say(&["clear", "together"]).status, 0);
    home.say(&["token", "together"]).failed(3, "together");
}

#[test]
fn a_program_is_started_for_a_server_that_wants_no_key_though_nothing_is_stored() {
    let home = Home::new();
    let ran = home.say(&["run", "ollama", "--as", "openai", "--", "env"]);
    assert_eq!(variable(&ran, "OPENAI_BASE_URL"), Some("http://127.0.0.1:11434/v1"), "{}", ran.err);
    assert_eq!(variable(&ran, "OPENAI_API_KEY"), Some("no-key"));
    assert_eq!(home.status()["providers"], serde_json::json!([]), "nothing was stored");
    home.say(&["token", "ollama"]).failed(3, "wants no key");
    let refused = home.say(&["run", "together", "--as", "openai", "--", "true"]);
    refused.failed(3, "together");
    home.set("ollama", "ol-key-1");
    let ran = home.say(&["run", "ollama", "--as", "openai", "--", "env"]);
    assert_eq!(variable(&ran, "OPENAI_API_KEY"), Some("ol-key-1"));
}

#[test]
fn the_well_known_providers_are_shown_first_and_the_others_when_they_are_asked_for() {
    let home = Home::new();
    let short = home.say(&["providers"]).out;
    assert!(short.lines().count() < 20 && short.contains("anthropic") && !short.contains("together"), "{short}");
    assert!(short.lines().last().unwrap().contains("more: `credlatch providers --all`"), "{short}");
    let all = home.say(&["providers", "--all"]).out;
    assert!(all.lines().count() > 200 && all.lines().nth(1).unwrap().starts_with("anthropic"));
    for line in short.lines().chain(all.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let rows = home.say(&["providers", "--all", "--json"]).json();
    for row in rows["providers"].as_array().unwrap() {
        let id = row["id"].as_str().unwrap();
        assert!(all.lines().any(|line| line.starts_with(&format!("{id} "))), "{id} is cut");
    }
    for word in ["cerebras", "Cerebras_API", "api.cerebras.ai"] {
        let found = home.say(&["providers", word]);
        assert!(found.out.contains("\ncerebras "), "{word}: {}{}", found.out, found.err);
        assert!(!found.out.contains("anthropic"), "{word}: {}", found.out);
    }
    home.say(&["providers", "nothing-like-it"]).failed(2, "no provider");
    home.say(&["providers", "--all", "--accept", "openai"]).failed(2, "");
}

#[test]
fn a_secret_in_the_place_of_a_word_is_not_repeated() {
    let home = Home::new();
    let refused = home.say(&["providers", "sk-ant-api03-0123456789abcdef"]);
    assert_eq!(refused.status, 2);
    assert!(!refused.err.contains("0123456789"), "{}", refused.err);
}

#[test]
fn all_providers_make_a_provider_file_that_says_the_same() {
    let home = Home::new();
    let all = home.say(&["providers", "--all", "--json"]);
    fs::write(home.folder().join("providers.json"), &all.out).unwrap();
    assert_eq!(with_file(&home, &["providers", "--json"]).json(), all.json());
    assert_eq!(with_file(&home, &["doctor"]).status, 0, "no row moves anything");
}

const GATEWAY: &str = r#"{"id":"together","aliases":["cerebras"],"env":{"api_key":["GATE_KEY"]},
    "base_urls":{"openai":"https://gate.example/v1"}}"#;

#[test]
fn a_file_that_names_a_provider_of_the_field_goes_on_working() {
    let home = Home::new();
    let _ = with_rows(&home, GATEWAY, &["status"]);
    let file = home.folder().join("providers.json");
    assert_eq!(home.feed(&["--providers", file.to_str().unwrap(), "set", "cerebras"], "gate-key-1").status, 0);
    let ran = with_file(&home, &["run", "together", "--", "env"]);
    let seen = (variable(&ran, "GATE_KEY"), variable(&ran, "TOGETHER_API_KEY"));
    assert_eq!(seen, (Some("gate-key-1"), None), "{}", ran.err);
    let doctor = with_file(&home, &["doctor", "--json"]);
    assert_eq!(doctor.status, 0, "{}", doctor.out);
    assert!(doctor.out.contains("https://gate.example") && doctor.out.contains("the row that ships"), "{}", doctor.out);
}

#[test]
fn what_was_stored_for_a_row_that_ships_is_sent_elsewhere_only_once_a_person_agrees() {
    let home = Home::new();
    home.set("together", "tg-key-1");
    for args in [&["token", "together"][..], &["env", "together"], &["set", "together"]] {
        let refused = with_rows(&home, GATEWAY, args);
        refused.failed(2, "https://gate.example");
        assert!(refused.err.contains("`credlatch providers --accept together`"), "{}", refused.err);
    }
    assert_eq!(with_file(&home, &["doctor"]).status, 1);
    let same = r#"{"id":"together","env":{"api_key":["MINE"]},"native_hosts":["api.together.xyz"]}"#;
    assert_eq!(with_rows(&home, same, &["token", "together"]).out, "tg-key-1\n", "the same host is no move");
    assert_eq!(with_rows(&home, GATEWAY, &["providers", "--accept", "together"]).status, 0);
    assert_eq!(with_file(&home, &["token", "together"]).out, "tg-key-1\n");
    let evil = GATEWAY.replace("gate.example", "evil.example");
    with_rows(&home, &evil, &["token", "together"]).failed(2, "https://evil.example");
}

#[test]
fn a_clear_of_everything_takes_from_a_dotenv_what_is_stored_and_leaves_the_tokens_of_others() {
    let home = Home::new();
    home.set("together", "tg-key-1");
    home.set("302ai", "ai-key-1");
    let dotenv = home.folder().join(".env");
    let before = "TOGETHER_API_KEY=tg-key-1\n302AI_API_KEY=ai-key-1\nGITHUB_TOKEN=gh-1\nMINIMAX_API_KEY=mm-1\n";
    fs::write(&dotenv, before).unwrap();
    let cleared = home.say(&["clear", "--all", "--dotenv", dotenv.to_str().unwrap()]);
    assert_eq!(cleared.status, 0, "{}", cleared.err);
    assert_eq!(fs::read_to_string(&dotenv).unwrap(), "GITHUB_TOKEN=gh-1\n");
}
