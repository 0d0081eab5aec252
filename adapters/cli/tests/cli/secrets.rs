//! `set`, `token`, `remove`, `clear`: a secret on its way in, out and away.

use super::helper::{Home, count};

#[test]
fn a_key_goes_in_and_comes_out() {
    let home = Home::new();
    let stored = home.feed(&["set", "minimax", "--json"], "mm-key-1\n").json();
    assert_eq!(
        stored,
        serde_json::json!({"profile":"default","provider":"minimax","label":"default","kind":"api_key"})
    );
    assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-1\n");
    let token = home.say(&["token", "minimax", "--json"]).json();
    assert_eq!(
        token,
        serde_json::json!({
            "provider": "minimax", "profile": "default", "label": "default", "kind": "api_key", "token": "mm-key-1",
            "expires_at": null, "generation": 1, "source": "manual",
        })
    );
}

#[test]
fn the_same_label_replaces_and_another_stands_beside_it() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    home.set("minimax", "mm-key-2");
    assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-2\n");
    assert_eq!(home.feed(&["set", "minimax", "--label", "second"], "mm-key-3").status, 0);
    assert_eq!(count(&home.status(), "minimax"), 2);
}

#[test]
fn a_token_answer_is_taken_apart() {
    let home = Home::new();
    let answer = r#"{"access_token":"at-1","refresh_token":"rt-1","expires_at":"2096-10-02T07:06:40Z","scope":"a b","token_type":"bearer"}"#;
    assert_eq!(home.feed(&["set", "anthropic", "--kind", "oauth"], answer).status, 0);
    let token = home.say(&["token", "claude", "--json"]).json();
    assert_eq!((&token["token"], &token["kind"]), (&"at-1".into(), &"oauth".into()));
    assert!(token["expires_at"].as_str().unwrap().starts_with("2096-10-02T07:06:"), "{token}");
    assert!(!home.say(&["status", "--json"]).out.contains("rt-1"));

    assert_eq!(home.feed(&["set", "anthropic", "--kind", "oauth"], "bare-token-1").status, 0);
    assert_eq!(home.say(&["token", "anthropic"]).out, "bare-token-1\n");
}

#[test]
fn a_token_that_has_ended_is_not_handed_out() {
    let home = Home::new();
    let answer = r#"{"access_token":"at-1","expires_in":1}"#;
    assert_eq!(home.feed(&["set", "anthropic", "--kind", "oauth"], answer).status, 0);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    home.say(&["token", "anthropic"]).failed(4, "anthropic");
    assert_eq!(home.status()["providers"][0]["entries"][0]["health"], "expired");
}

#[test]
fn what_cannot_be_a_secret_is_refused_and_nothing_is_stored() {
    let home = Home::new();
    for (input, word) in [
        ("", "empty"),
        (" \t\n", "empty"),
        ("hush\nhush", "line break"),
        ("hush\0hush", "control or non-ASCII"),
        ("schl\u{fc}ssel", "control or non-ASCII"),
        ("***", "placeholder"),
        ("sk-ant-***", "placeholder"),
        ("{\"access_token\":\"hush\"}", "JSON"),
    ] {
        let said = home.feed(&["set", "minimax"], input);
        said.failed(2, word);
        assert!(!said.err.contains("hush"));
    }
    home.feed(&["set", "minimax"], [0x80, 0xfe]).failed(2, "non-ASCII");
    home.feed(&["set", "minimax"], b"h\0u\0s\0h\0").failed(2, "UTF-16");
    home.feed(&["set", "minimax"], b"\xff\xfeh\0u\0").failed(2, "UTF-16");
    home.feed(&["set", "minimax"], "x1".repeat(40_000)).failed(2, "64 KiB");
    home.feed(&["set", "minimax"], "x1".repeat(400_000)).failed(2, "64 KiB");
    home.feed(&["set", "minimax", "--kind", "oauth"], "{\"access_token\":7}").failed(2, "token answer");
    assert!(!home.path().exists());
}

#[test]
fn a_secret_under_the_wrong_name_is_refused() {
    let home = Home::new();
    home.feed(&["set", "minimax"], "sk-ant-api03-hush-0123456789").failed(2, "anthropic");
    home.feed(&["set", "anthropic"], "sk-ant-oat01-hush-0123456789").failed(2, "--kind oauth");
    home.feed(&["set", "anthropic", "--kind", "oauth"], "sk-ant-api03-hush-01234567").failed(2, "leave out --kind");
    home.feed(&["set", "anthropic"], "sk-ant-ort01-hush-0123456789").failed(2, "no request carries");
    assert!(!home.path().exists());
}

#[test]
fn remove_takes_one_and_clear_takes_all() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    assert_eq!(home.feed(&["set", "minimax", "--label", "second"], "mm-key-2").status, 0);
    home.set("openai", "oa-key-1");
    home.say(&["remove", "minimax", "--label", "third"]).failed(3, "third");
    let removed = home.say(&["remove", "minimax", "--label", "second", "--json"]).json();
    assert_eq!((&removed["label"], &removed["revoked"]), (&"second".into(), &"unsupported".into()));

    let cleared = home.say(&["clear", "minimax", "--json"]).json();
    assert_eq!(cleared["cleared"], serde_json::json!([{"id": "minimax", "labels": ["default"]}]));
    assert_eq!(cleared["revoked"], "unsupported");
    home.say(&["token", "minimax"]).failed(3, "minimax");
    assert_eq!(home.say(&["token", "openai"]).out, "oa-key-1\n");

    assert!(home.say(&["clear", "--all"]).out.contains("cleared openai: default"));
    assert_eq!(home.status()["providers"], serde_json::json!([]));
    assert!(home.say(&["clear", "minimax"]).out.contains("nothing was stored"));
    assert_eq!(home.say(&["purge", "--json"]).json()["purged"], false);
}

#[test]
fn profiles_are_strangers() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    home.say(&["--profile", "work", "token", "minimax"]).failed(3, "minimax");
    assert_eq!(home.feed(&["set", "minimax", "--profile", "work"], "mm-key-2").status, 0);
    assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-1\n");
    let listed = home.say(&["profiles", "--profile", "work", "--json"]).json();
    let expected = serde_json::json!([{"name": "default", "current": false}, {"name": "work", "current": true}]);
    assert_eq!(listed["profiles"], expected);
    assert_eq!(home.say(&["profiles"]).out, "* default\n  work\n");
}

#[test]
fn what_was_pasted_around_a_key_is_left_off_and_said() {
    let home = Home::new();
    for (input, left_off) in [
        ("\"mm-key-1\"", "quotation marks"),
        ("Bearer mm-key-1\n", "the word `Bearer`"),
        ("export MINIMAX_API_KEY='mm-key-1'\n", "a variable's name and `=` and quotation marks"),
        ("MINIMAX_API_KEY=mm-key-1", "a variable's name and `=`"),
        ("Authorization: Bearer mm-key-1", "a header's name and the word `Bearer`"),
        ("x-api-key: mm-key-1", "a header's name"),
        ("\"api_key\": \"mm-key-1\",", "a field's name and quotation marks"),
        ("\u{feff}mm-key-1", "a byte order mark"),
    ] {
        let said = home.feed(&["set", "minimax"], input);
        assert_eq!(said.status, 0, "{}", said.err);
        assert!(said.err.contains(&format!("left off {left_off} around")), "{}", said.err);
        assert!(!said.err.contains("mm-key") && !said.out.contains("mm-key"));
        assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-1\n", "{input}");
    }
    let bare = home.feed(&["set", "anthropic", "--kind", "oauth"], "'Bearer at-1'");
    assert!(bare.err.contains("left off quotation marks and the word `Bearer` around"), "{}", bare.err);
    assert!(!bare.err.contains("--verbatim"), "that is for keys: {}", bare.err);
    assert_eq!(home.say(&["token", "anthropic"]).out, "at-1\n");
    assert_eq!(home.feed(&["set", "minimax"], "mm-key-2").err, "");
    // A registry of cargo's may want the word, and a password may be of several.
    for verbatim in ["Bearer token-1", "a pass phrase"] {
        assert_eq!(home.feed(&["set", "minimax", "--verbatim"], verbatim).err, "");
        assert_eq!(home.say(&["token", "minimax"]).out, format!("{verbatim}\n"));
    }
    home.feed(&["set", "minimax", "--verbatim", "--kind", "oauth"], "at-2").failed(2, "--verbatim is for keys");
    // Whose key it is shows without its wrapping.
    home.feed(&["set", "minimax"], "\"sk-ant-api03-hush-0123456789\"").failed(2, "anthropic");
}

#[test]
fn what_is_no_key_takes_the_place_of_none() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    for (input, word) in [
        ("hush hush", "white space inside"),
        ("Authorization: Basic hush", "white space inside"),
        ("MINIMAX_API_KEY=hush\nOTHER_KEY=hush", "line break"),
        ("\"hush", "quotation mark at one end"),
        ("hush\u{200b}", "non-ASCII"),
        ("export MINIMAX_API_KEY=", "empty"),
        ("MINIMAX_API_KEY=\"***\"", "placeholder"),
        ("$MINIMAX_API_KEY", "the name of a variable"),
        ("${hush}", "the name of a variable"),
        ("your-hush-api-key-here", "placeholder of an example"),
        ("<YOUR_HUSH>", "placeholder of an example"),
        ("sk-xxxxxxxx", "placeholder of an example"),
        ("null", "a word for no value"),
        ("undefined", "a word for no value"),
        ("{{ secrets.hush }}", "a place in a template"),
        ("op://hush/item/key", "where a secret is kept"),
        ("file:///hush", "where a secret is kept"),
        ("encrypted:hush", "is encrypted"),
        ("$(pass show hush)", "a command"),
        ("https://hush.example", "the address of a server"),
        // It ended in 2001.
        ("e30.eyJleHAiOjEwMDAwMDAwMDB9.hush", "says itself that it ended at 2001-09-09T01:46:40Z"),
    ] {
        let said = home.feed(&["set", "minimax"], input);
        said.failed(2, word);
        assert!(said.err.contains("nothing was stored") && !said.err.contains("hush"), "{}", said.err);
        assert_eq!(home.say(&["token", "minimax"]).out, "mm-key-1\n", "{input}");
    }
    let token = home.feed(&["set", "anthropic", "--kind", "oauth"], "hush hush");
    token.failed(2, "white space inside");
    assert!(!token.err.contains("hush") && !token.err.contains("--verbatim"), "that is for keys: {}", token.err);
}

#[test]
fn a_server_that_wants_no_key_gets_a_placeholder_if_somebody_gives_one() {
    let home = Home::new();
    for given in ["null", "your-api-key", "sk-xxxxxxxx", "<KEY>"] {
        assert_eq!(home.feed(&["set", "ollama"], given).err, "", "{given}");
        assert_eq!(home.say(&["token", "ollama"]).out, format!("{given}\n"));
    }
    home.feed(&["set", "ollama"], "op://hush/x").failed(2, "where a secret is kept");
}

#[test]
fn tokens_that_are_none_or_have_ended_are_refused_and_one_that_says_its_end_has_it() {
    let home = Home::new();
    let set = |text: &str| home.feed(&["set", "anthropic", "--kind", "oauth"], text);
    let (past, future) = ("e30.eyJleHAiOjEwMDAwMDAwMDB9.c2ln", "e30.eyJleHAiOjQwMDAwMDAwMDB9.c2ln");
    set(past).failed(2, "says itself that it ended at 2001-09-09T01:46:40Z");
    set("{\"access_token\":\"<TOKEN>\"}").failed(2, "placeholder of an example");
    set("{\"access_token\":\"at-1\",\"refresh_token\":\"null\"}").failed(2, "a word for no value");
    set("{{ token }}").failed(2, "a place in a template");
    assert!(!home.path().exists());
    assert_eq!(set(&format!("\u{feff}{{\"access_token\":\"{past}\",\"refresh_token\":\"rt-1\"}}")).status, 0);
    assert_eq!(set(future).status, 0);
    let end = home.say(&["token", "anthropic", "--json"]).json()["expires_at"].as_str().unwrap().to_owned();
    assert!(end.starts_with("2096-10-02T07:06:"), "{end}");
}
