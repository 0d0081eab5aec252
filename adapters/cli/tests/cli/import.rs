//! `import`: real files of the documented shapes, and broken ones.

use std::fs;
use std::path::PathBuf;

use super::helper::{Home, Said, count, said};

const CLAUDE: &str = r#"{"claudeAiOauth":{"accessToken":"sk-ant-oat01-claude-0123456789abcdef","refreshToken":"sk-ant-ort01-claude-0123456789abcdef","expiresAt":4000000000000,"scopes":["user:inference"],"subscriptionType":"max"},"other":{"kept":true}}"#;
const CODEX_KEY: &str =
    r#"{"auth_mode":"apikey","OPENAI_API_KEY":"sk-proj-codex-0123456789abcdef","tokens":null,"last_refresh":null}"#;

fn write(home: &Home, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = home.folder().join(name);
    fs::write(&path, text).unwrap();
    path
}

fn import(home: &Home, source: &str, path: &std::path::Path) -> Said {
    home.say(&["import", source, "--path", path.to_str().unwrap()])
}

#[test]
fn a_claude_code_login_is_linked_and_usable_by_token_and_run() {
    let home = Home::new();
    let path = write(&home, ".credentials.json", CLAUDE);
    assert!(import(&home, "claude-code", &path).out.contains("linked"));
    assert_eq!(home.say(&["token", "claude"]).out, "sk-ant-oat01-claude-0123456789abcdef\n");
    let child = home.say(&["run", "anthropic", "--", "env"]);
    assert!(child.out.contains("CLAUDE_CODE_OAUTH_TOKEN=sk-ant-oat01-claude"), "{}", child.out);
    let entry = &home.status()["providers"][0]["entries"][0];
    assert_eq!((&entry["kind"], &entry["health"]), (&"link".into(), &"ok".into()));
    assert!(!fs::read_to_string(home.document()).unwrap().contains("claude-0123"), "a linked secret is not copied");

    // Whatever label is named, only the tool that owns it rotates it.
    home.say(&["rotate", "claude"]).failed(2, "that tool rotates it");
    let label = entry["label"].as_str().unwrap();
    home.say(&["rotate", "claude", "--label", label]).failed(2, "that tool rotates it");

    // The tool renews its login, and the next request has it.
    fs::write(&path, CLAUDE.replace("sk-ant-oat01-claude", "sk-ant-oat01-renewed")).unwrap();
    assert_eq!(home.say(&["token", "claude"]).out, "sk-ant-oat01-renewed-0123456789abcdef\n");
    fs::remove_file(&path).unwrap();
    home.say(&["token", "claude"]).failed(4, "holds no login any more");
    assert_eq!(home.status()["providers"][0]["entries"][0]["health"], "signed_out");
}

#[test]
fn files_are_found_where_the_tools_keep_them() {
    let home = Home::new();
    write(&home, ".credentials.json", CLAUDE);
    write(&home, "auth.json", CODEX_KEY);
    let folder = home.folder().to_owned();
    assert_eq!(said(home.command(&["import", "claude-code"]).env("CLAUDE_CONFIG_DIR", &folder)).status, 0);
    assert_eq!(said(home.command(&["import", "codex"]).env("CODEX_HOME", &folder)).status, 0);
    assert_eq!(home.status()["providers"].as_array().unwrap().len(), 2);
    home.say(&["import", "codex"]).failed(3, "Codex has no file at");
}

#[test]
fn a_codex_key_is_copied_and_usable() {
    let home = Home::new();
    let path = write(&home, "auth.json", CODEX_KEY);
    let json = home.say(&["import", "codex", "--path", path.to_str().unwrap(), "--json"]).json();
    let provider = json["found"][0]["provider"].as_str().unwrap().to_owned();
    assert_eq!((&json["found"][0]["took"], &json["found"][0]["kind"]), (&"stored".into(), &"api_key".into()));
    fs::remove_file(&path).unwrap();
    assert_eq!(home.say(&["token", &provider]).out, "sk-proj-codex-0123456789abcdef\n");
    assert!(home.say(&["run", &provider, "--", "env"]).out.contains("sk-proj-codex-0123456789abcdef"));
}

/// A login of an account; the access token is a JWT that ends in the year 2096.
fn codex_login(account: &str) -> String {
    let jwt = "e30.eyJleHAiOjQwMDAwMDAwMDB9.c2ln";
    format!(
        r#"{{"auth_mode":"chatgpt","OPENAI_API_KEY":null,"tokens":{{"id_token":"{jwt}","access_token":"{jwt}","refresh_token":"rt-codex","account_id":"{account}"}},"last_refresh":"2026-01-01T00:00:00Z"}}"#
    )
}

#[test]
fn a_codex_login_is_linked_and_another_account_behind_it_is_not_used() {
    let home = Home::new();
    let path = write(&home, "auth.json", codex_login("acct-1"));
    assert!(import(&home, "codex", &path).out.contains("openai-codex"));
    let token = home.say(&["token", "codex", "--json"]).json();
    assert_eq!((&token["kind"], &token["expires_at"]), (&"link".into(), &"2096-10-02T07:06:40Z".into()));
    assert!(home.say(&["run", "codex", "--", "env"]).out.contains("CODEX_ACCESS_TOKEN=e30."));

    fs::write(&path, codex_login("acct-2")).unwrap();
    assert_eq!(home.status()["providers"][0]["entries"][0]["health"], "suspended");
    home.say(&["token", "codex"]).failed(4, "another account");
    home.say(&["token", "codex"]).failed(4, "openai-codex");
    assert_eq!(home.say(&["import", "codex", "--path", "auth.json", "--provider", "codex", "--again"]).status, 0);
    assert_eq!(home.say(&["token", "codex"]).status, 0);
}

#[test]
fn broken_files_are_named_and_the_store_stays_as_it_was() {
    let home = Home::new();
    home.set("minimax", "mm-key-1");
    let before = fs::read(home.document()).unwrap();
    for source in ["claude-code", "codex", "hermes"] {
        let of_source = if source == "claude-code" { CLAUDE } else { CODEX_KEY };
        for (text, word) in [
            (of_source.as_bytes()[..of_source.len() / 2].to_vec(), "ends in the middle"),
            (Vec::new(), "is empty"),
            (vec![0, 159, 146, 150, 0, 1], "file.json"),
            (b"[1, 2]".to_vec(), "has something else than"),
            (
                br#"{"claudeAiOauth":7,"tokens":"hush","credential_pool":3,"providers":1}"#.to_vec(),
                "has something else than",
            ),
        ] {
            let path = write(&home, "file.json", text);
            let said = import(&home, source, &path);
            said.failed(6, word);
            assert!(!said.err.contains("hush") && !said.err.contains("0123456789"), "{}", said.err);
        }
        let folder = home.folder().to_owned();
        import(&home, source, &folder).failed(6, "");
    }
    assert_eq!(fs::read(home.document()).unwrap(), before);
}

#[test]
fn the_environment_gets_in_by_import_and_what_was_cleared_stays_away() {
    let home = Home::new();
    let vars = [("OPENAI_API_KEY", "sk-proj-env-0123456789abcdef"), ("MINIMAX_API_KEY", "***"), ("XAI_API_KEY", "")];
    let import = |more: &[&str]| said(home.command(&[&["import", "env"], more].concat()).envs(vars));
    assert!(import(&["--dry-run"]).out.contains("would be stored"));
    assert!(!home.path().exists());
    let first = import(&[]);
    assert!(first.out.contains("openai") && first.out.contains("passed over MINIMAX_API_KEY"), "{}", first.out);
    assert_eq!(home.say(&["token", "openai"]).out, "sk-proj-env-0123456789abcdef\n");
    assert!(import(&[]).out.contains("stored already"));

    assert_eq!(home.say(&["clear", "openai"]).status, 0);
    assert!(import(&[]).out.contains("it was cleared"));
    assert_eq!(count(&home.status(), "openai"), 0);
    assert!(import(&["--provider", "openai", "--again"]).out.contains("stored"));
    assert_eq!(count(&home.status(), "openai"), 1);

    import(&["--provider", "groq"]).failed(3, "no credential of that provider");
    said(&mut home.command(&["import", "env"])).failed(3, "no credential");
}

#[test]
fn a_dotenv_file_is_taken_in() {
    let home = Home::new();
    home.say(&["import", "dotenv"]).failed(3, ".env");
    write(&home, ".env", "# keys\nexport GROQ_API_KEY=\"gsk_0123456789abcdef0123\"\nOTHER=value\n");
    assert!(home.say(&["import", "dotenv"]).out.contains("groq"));
    assert_eq!(home.say(&["token", "groq"]).out, "gsk_0123456789abcdef0123\n");
    home.say(&["import", "env", "--path", ".env"]).failed(2, "no file");
}

#[test]
fn report_1736_e_a_clear_takes_the_keys_out_of_a_dotenv_file_too() {
    let home = Home::new();
    let text = "# keys\nANTHROPIC_API_KEY=sk-ant-api03-0123456789abcdef\nexport ANTHROPIC_TOKEN=sk-ant-api03-fedcba\n\nOTHER=value\n";
    let path = write(&home, ".env", text);
    home.say(&["import", "dotenv"]);
    let object = home.say(&["clear", "anthropic", "--dotenv", ".env", "--json"]).json();
    assert_eq!(object["dotenv"], serde_json::json!(["ANTHROPIC_API_KEY", "ANTHROPIC_TOKEN"]));
    assert_eq!(fs::read_to_string(&path).unwrap(), "# keys\n\nOTHER=value\n");
    home.say(&["token", "anthropic"]).failed(3, "anthropic");
    assert!(home.say(&["clear", "anthropic", "--dotenv", ".env"]).out.contains("had none"));
    home.say(&["clear", "anthropic", "--dotenv", "."]).failed(6, "");
}

#[test]
fn a_variable_of_several_is_named_with_its_readers_and_taken_for_none() {
    let home = Home::new();
    let vars = [("HF_TOKEN", "hf_hush0123456789abcdef"), ("MINIMAX_API_KEY", "mm-key-1"), ("ZHIPU_API_KEY", "hush-1")];
    let import = |args: &[&str]| said(home.command(&[&["import"], args].concat()).envs(vars));
    let env = import(&["env"]);
    assert!(env.out.contains("minimax") && !env.out.contains("HF_TOKEN"), "{}", env.out);
    for name in ["HF_TOKEN", "ZHIPU_API_KEY"] {
        assert_eq!(env.err.matches(name).count(), 1, "{}", env.err);
    }
    for word in ["huggingface reads it", "`credlatch set huggingface`", " and zhipuai", "store it for the one"] {
        assert!(env.err.contains(word), "{word}: {}", env.err);
    }
    assert!(!env.err.contains("hush") && !env.out.contains("hush"));
    assert_eq!(home.status()["providers"].as_array().unwrap().len(), 1);
    let json = import(&["env", "--json"]);
    assert!(json.json()["skipped"].as_array().unwrap().iter().any(|one| one["what"] == "HF_TOKEN"), "{}", json.out);

    write(&home, ".env", "HF_TOKEN=hf_hush0123456789abcdef\nGROQ_API_KEY='Bearer gsk_0123456789abcdef0123'\n");
    let dotenv = import(&["dotenv"]);
    assert_eq!(dotenv.err.matches("HF_TOKEN").count(), 1, "{}", dotenv.err);
    assert!(dotenv.err.contains("GROQ_API_KEY: left off the word `Bearer` around"), "{}", dotenv.err);
    assert_eq!(home.say(&["token", "groq"]).out, "gsk_0123456789abcdef0123\n");
    // Whoever says whose it is has it.
    assert!(import(&["env", "--provider", "huggingface"]).out.contains("stored"));

    let doctor = said(home.command(&["doctor"]).envs(vars));
    assert!(doctor.out.contains("ZHIPU_API_KEY") && !doctor.out.contains("hush"), "{}", doctor.out);
}

#[test]
fn what_is_no_key_in_a_source_is_passed_over_with_the_reason() {
    let home = Home::new();
    let vars =
        [("MINIMAX_API_KEY", "hush hush"), ("GROQ_API_KEY", "\"hush"), ("XAI_API_KEY", "\"xai-0123456789abcdef\"")];
    let env = said(home.command(&["import", "env"]).envs(vars));
    assert!(env.out.contains("passed over MINIMAX_API_KEY: the secret has white space inside"), "{}", env.out);
    assert!(env.out.contains("passed over GROQ_API_KEY: the secret has a quotation mark"), "{}", env.out);
    assert!(
        !env.out.contains("hush") && env.err.contains("XAI_API_KEY: left off quotation marks around"),
        "{}",
        env.err
    );
    assert_eq!(home.say(&["token", "xai"]).out, "xai-0123456789abcdef\n");
    let path = write(&home, "auth.json", CODEX_KEY.replace("sk-proj-codex", "Bearer sk-proj-codex"));
    assert!(import(&home, "codex", &path).err.contains("left off the word `Bearer`"));
    assert_eq!(home.say(&["token", "openai"]).out, "sk-proj-codex-0123456789abcdef\n");
}
