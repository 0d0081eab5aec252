//! What an import is brought in the place of a key or a login, and what it says of it.

use std::fs;

use super::helper::{Home, Said, said};

/// What stands in a key's place, and what is said of it.
const INSTEAD: [(&str, &str); 9] = [
    ("your-hush-key-here", "placeholder of an example"),
    ("<HUSH>", "placeholder of an example"),
    ("null", "a word for no value"),
    ("op://hush/item/key", "where a secret is kept"),
    ("file:///hush", "where a secret is kept"),
    ("encrypted:hush", "is encrypted"),
    ("${hush}", "the name of a variable"),
    ("$(pass show hush)", "a command"),
    ("{{ hush }}", "a place in a template"),
];

fn import(home: &Home, source: &str, text: impl AsRef<[u8]>) -> Said {
    let path = home.folder().join("file");
    fs::write(&path, text).unwrap();
    home.say(&["import", source, "--path", path.to_str().unwrap()])
}

/// It is refused for what it is, it is shown nowhere, and nothing is stored.
fn refused(home: &Home, said: &Said, word: &str) {
    said.failed(3, word);
    assert!(!said.err.contains("hush") && !said.err.contains("HUSH"), "{}", said.err);
    assert!(!home.path().exists(), "{word}");
}

#[test]
fn every_import_refuses_what_stands_in_a_keys_place_by_what_it_is() {
    let home = Home::new();
    for (text, word) in INSTEAD {
        let env = said(home.command(&["import", "env"]).env("MINIMAX_API_KEY", text));
        refused(&home, &env, word);
        assert!(env.err.contains("MINIMAX_API_KEY: "), "{}", env.err);
        refused(&home, &import(&home, "dotenv", format!("MINIMAX_API_KEY='{text}'\n")), word);
        refused(&home, &import(&home, "codex", format!(r#"{{"OPENAI_API_KEY":"{text}"}}"#)), word);
        let row = format!(r#"{{"id":"a1","source":"manual","auth_type":"api_key","access_token":"{text}"}}"#);
        refused(&home, &import(&home, "hermes", format!(r#"{{"credential_pool":{{"minimax":[{row}]}}}}"#)), word);
        let login = import(&home, "claude-code", format!(r#"{{"claudeAiOauth":{{"accessToken":"{text}"}}}}"#));
        login.failed(6, word);
        assert!(!login.err.contains("hush") && login.err.contains("claudeAiOauth.accessToken"), "{}", login.err);
        let login = import(&home, "codex", format!(r#"{{"tokens":{{"access_token":"{text}"}}}}"#));
        login.failed(6, word);
        assert!(!login.err.contains("hush"), "{}", login.err);
    }
}

#[test]
fn a_dotenv_file_gives_what_is_understood_and_says_which_lines_are_not() {
    let home = Home::new();
    let text = "hush hush\nMINIMAX_API_KEY=mm-1\nPEM=\"-----BEGIN\nXAI_API_KEY=xai-hush\n-----END\"\nB='open\n\
                GROQ_API_KEY=gsk_0123456789abcdef0123\nDEEPSEEK_API_KEY=sk-1\nexport DEEPSEEK_API_KEY hush\n";
    fs::write(home.folder().join(".env"), text).unwrap();
    let taken = home.say(&["import", "dotenv"]);
    assert_eq!(taken.status, 0, "{}", taken.err);
    for word in [
        "minimax, label dotenv:MINIMAX_API_KEY: stored",
        "groq, label dotenv:GROQ_API_KEY: stored",
        "passed over line 1: it is not plain KEY=value",
        "passed over lines 3 to 5: it is a quoted value over several lines",
        "passed over line 6: it is a value with a quote that nothing closes",
        "passed over line 9: it is not plain",
        "passed over DEEPSEEK_API_KEY: line 9 names it too",
    ] {
        assert!(taken.out.contains(word), "{word}: {}", taken.out);
    }
    assert!(!taken.out.contains("hush") && !taken.out.contains("xai,"), "{}", taken.out);

    let read = || fs::read_to_string(home.folder().join(".env")).unwrap();
    assert_eq!(home.say(&["clear", "minimax", "--dotenv", ".env"]).status, 0);
    assert_eq!(read(), text.replace("MINIMAX_API_KEY=mm-1\n", ""));
    // Whether these lines set it nobody can say, so nothing is cleared.
    for (provider, word) in [("xai", "lines 2 to 4"), ("deepseek", "line 8")] {
        let before = read();
        let clear = home.say(&["clear", provider, "--dotenv", ".env"]);
        clear.failed(6, word);
        assert!(!clear.err.contains("hush"), "{}", clear.err);
        assert_eq!(read(), before);
    }
    assert_eq!(home.say(&["clear", "groq", "--dotenv", ".env"]).status, 0);
}

#[test]
fn a_key_that_begins_like_anothers_is_not_stored_and_the_way_to_store_it_is_told() {
    let home = Home::new();
    home.set("minimax", "mm-kept");
    for pasted in ["sk-proj-key-1", "OPENAI_API_KEY=sk-proj-key-1"] {
        let refused = home.feed(&["set", "minimax"], pasted);
        refused.failed(2, "this begins like a credential of openai, and not of minimax");
        assert!(
            refused.err.contains("nothing was stored") && refused.err.contains("`credlatch set openai`"),
            "{}",
            refused.err
        );
        assert!(!refused.err.contains("key-1"), "{}", refused.err);
    }
    assert_eq!(home.say(&["token", "minimax"]).out, "mm-kept\n");
}

#[test]
fn a_mark_before_json_is_nothing_and_utf_16_is_told_as_what_it_is() {
    let home = Home::new();
    let key = r#"{"OPENAI_API_KEY":"sk-proj-0123456789abcdef"}"#;
    let wide: Vec<u8> = key.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [&[0xff, 0xfe], &wide[..]].concat();
    for source in ["codex", "claude-code", "hermes", "dotenv"] {
        for text in [&wide, &marked] {
            import(&home, source, text).failed(6, "is UTF-16 text");
        }
    }
    assert_eq!(import(&home, "codex", format!("\u{feff}{key}")).status, 0);
}

#[test]
fn a_login_that_nothing_renews_any_more_is_not_linked_and_one_near_its_end_is_told() {
    let home = Home::new();
    let login = |deadline_ms: u128| {
        let fields = format!(r#""expiresAt":4000000000000,"refreshToken":"r","refreshTokenExpiresAt":{deadline_ms}"#);
        import(&home, "claude-code", format!(r#"{{"claudeAiOauth":{{"accessToken":"sk-ant-oat01-0123",{fields}}}}}"#))
    };
    login(1_000_000_000_000).failed(3, "this login ended at 2001-09-09T01:46:40Z");
    let now_ms = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let near = login(now_ms + 86_400_000);
    assert!(near.status == 0 && near.err.contains("however often it is rotated"), "{}", near.err);
    assert_eq!(login(4_000_000_000_000).err, "");
}

#[test]
fn a_token_that_ended_by_its_own_word_is_passed_over_and_another_has_its_end() {
    let home = Home::new();
    let env = |token: &str| said(home.command(&["import", "env"]).env("CODEX_ACCESS_TOKEN", token));
    env("e30.eyJleHAiOjEwMDAwMDAwMDB9.c2ln").failed(3, "it says itself that it ended at 2001-09-09T01:46:40Z");
    assert_eq!(env("e30.eyJleHAiOjQwMDAwMDAwMDB9.c2ln").status, 0);
    let end = &home.status()["providers"][0]["entries"][0]["expires_at"];
    assert_eq!(end, "2096-10-02T07:06:40Z");
}

#[test]
fn what_codex_keeps_beside_keys_and_logins_is_named() {
    let home = Home::new();
    for (text, word) in [
        (r#"{"auth_mode":"agentIdentity","agent_identity":"hush"}"#, "agent_identity: it is the identity of an agent"),
        (r#"{"auth_mode":"personalAccessToken","personal_access_token":"hush"}"#, "it is a personal access token"),
        (r#"{"auth_mode":"bedrockApiKey","bedrock_api_key":{"api_key":"hush"}}"#, "`credlatch set amazon-bedrock`"),
        (r#"{"auth_mode":"hush"}"#, "a kind of login that this version does not know"),
        (r#"{"auth_mode":"chatgptAuthTokens","tokens":{"access_token":"hush"}}"#, "another program brings to Codex"),
    ] {
        refused(&home, &import(&home, "codex", text), word);
    }
    fs::write(home.folder().join("config.toml"), "cli_auth_credentials_store = \"keyring\"\n").unwrap();
    let kept = said(home.command(&["import", "codex"]).env("CODEX_HOME", home.folder()));
    kept.failed(3, "keeps its login in the system's keychain");
}
