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
