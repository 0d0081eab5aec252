//! `pool`: a person chooses how several keys of one provider are used.

use std::collections::BTreeSet;

use super::helper::Home;

fn home() -> Home {
    let home = Home::new();
    for label in ["a", "b", "c"] {
        assert_eq!(home.feed(&["set", "minimax", "--label", label], format!("mm-key-{label}")).status, 0);
    }
    home
}

#[test]
fn the_strategy_that_is_chosen_is_the_one_that_is_used() {
    let home = home();
    let shown = home.say(&["pool", "minimax", "--json"]).json();
    assert_eq!(shown["strategy"], "fill_first");
    assert_eq!(shown["rule"], "the first that may be used");
    assert_eq!(shown["entries"], serde_json::json!(["a", "b", "c"]));
    assert_eq!(shown["profile"], "default");
    let tokens =
        |times: usize| -> BTreeSet<String> { (0..times).map(|_| home.say(&["token", "minimax"]).out).collect() };
    assert_eq!(tokens(3), BTreeSet::from(["mm-key-a\n".to_owned()]));

    let said = home.say(&["pool", "MiniMax", "--strategy", "random"]);
    assert!(said.out.contains("random") && said.out.contains("a, b, c"), "{}", said.out);
    assert_eq!(home.say(&["pool", "minimax", "--json"]).json()["strategy"], "random");
    // Thirty processes that choose one of three by chance all choose the same once in 10^14 runs.
    assert!(tokens(30).len() > 1);

    assert_eq!(home.say(&["pool", "minimax", "--strategy", "fill-first"]).status, 0);
    assert_eq!(tokens(2).len(), 1);
}

#[test]
fn a_strategy_that_there_is_not_changes_nothing() {
    let home = home();
    home.say(&["pool", "minimax", "--strategy", "best"]).failed(2, "--strategy");
    home.say(&["pool", "minmax"]).failed(2, "minmax");
    assert_eq!(home.status()["generation"], 3);
    let shown = home.say(&["pool", "groq", "--json"]).json();
    assert_eq!(shown["entries"], serde_json::json!([]));
    assert_eq!(home.status()["generation"], 3, "showing stores nothing");
}

#[test]
fn a_login_that_is_gone_from_its_file_gives_way_to_the_key_behind_it() {
    let home = Home::new();
    let file = home.folder().join("credentials.json");
    let login =
        r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-linked","refreshToken":"r","expiresAt":4000000000000}}"#;
    std::fs::write(&file, login).unwrap();
    assert_eq!(home.say(&["import", "claude-code", "--path", file.to_str().unwrap()]).status, 0);
    assert_eq!(home.feed(&["set", "anthropic", "--label", "key"], "sk-ant-api03-0123456789").status, 0);
    assert_eq!(home.say(&["token", "anthropic"]).out, "sk-ant-oat01-linked\n");
    std::fs::remove_file(&file).unwrap();
    let token = home.say(&["token", "anthropic", "--json"]).json();
    assert_eq!((&token["label"], &token["kind"]), (&"key".into(), &"api_key".into()));
    let looked_over = home.say(&["doctor", "--json"]);
    assert_eq!(looked_over.status, 1, "it is a warning");
    let used: serde_json::Value = serde_json::from_str(&looked_over.out).unwrap();
    assert_eq!(used["providers"][0]["used"], "key");
    home.say(&["remove", "anthropic", "--label", "key"]);
    home.say(&["token", "anthropic"]).failed(4, "holds no login any more");
}
