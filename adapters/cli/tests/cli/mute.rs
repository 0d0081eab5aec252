//! No command shows a secret but the two that are asked for one: `token`, and the child of `run`.

use std::fs;

use super::helper::{Home, Said, said};

/// Every secret of this test has this in it.
const MARK: &str = "hush-0123456789abcdef";

#[test]
fn no_command_shows_a_secret_that_was_not_asked_for() {
    let home = Home::new();
    let mut all: Vec<Said> = Vec::new();
    let login = format!(r#"{{"access_token":"at-{MARK}","refresh_token":"rt-{MARK}","expires_in":900,"scope":"a"}}"#);
    let dotenv = home.folder().join(".env");
    fs::write(&dotenv, format!("GROQ_API_KEY=gsk_{MARK}\nXAI_API_KEY=sk-ant-api03-{MARK}\n")).unwrap();
    fs::write(home.folder().join(".credentials.json"), claude()).unwrap();
    let codex = home.folder().join("auth.json");
    fs::write(&codex, format!(r#"{{"OPENAI_API_KEY":"sk-proj-{MARK}"}}"#)).unwrap();

    for json in [&[][..], &["--json"]] {
        let say = |args: &[&str]| said(home.command(&[args, json].concat()).envs(surroundings(&home)));
        let feed = |args: &[&str], input: &str| home.feed(&[args, json].concat(), input);
        all.push(feed(&["set", "minimax"], &format!("sk-cp-{MARK}")));
        all.push(feed(&["set", "minimax"], &format!("sk-ant-api03-{MARK}")));
        all.push(feed(&["set", "minimax"], &format!("{MARK}\n{MARK}")));
        all.push(feed(&["set", "openai-codex", "--kind", "oauth"], &login));
        all.push(feed(&["set", "openai-codex", "--kind", "oauth"], &login[..login.len() - 3]));
        all.push(feed(&["set", "openai-codex", "--kind", "oauth"], &login.replace("900", &format!("\"{MARK}\""))));
        for args in [
            &["import", "env"][..],
            &["import", "dotenv"],
            &["import", "claude-code"],
            &["import", "codex", "--path", "auth.json"],
            &["status"],
            &["doctor"],
            &["pool", "minimax", "--strategy", "random"],
            &["env", "minimax"],
            &["env", "minimax", "--as", "openai"],
            &["env", "minimax", "--strict"],
            &["env", "anthropic"],
            &["run", "openai", "--", "true"],
            &["run", "minimax", "--", "true"],
            &["run", "minimax", "--", "claude"],
            &["token", "deepseek"],
            &["set", "minimax", MARK],
            &["token", MARK],
            &[MARK],
            &["providers"],
            &["profiles"],
            &["purge"],
            &["remove", "minimax", "--label", "default"],
            &["clear", "openai-codex"],
            &["clear", "--all"],
            &["import", "env"],
        ] {
            // Of `run` the child's own arguments come last.
            all.push(if args.contains(&"--") { said(home.command(args).envs(surroundings(&home))) } else { say(args) });
        }
    }
    assert!(all.iter().filter(|said| said.status == 0).count() > 20, "hardly anything was done");
    for said in &all {
        for text in [&said.out, &said.err] {
            assert!(!text.contains(MARK), "{text}");
        }
    }
}

fn claude() -> String {
    format!(
        r#"{{"claudeAiOauth":{{"accessToken":"sk-ant-oat01-{MARK}","refreshToken":"sk-ant-ort01-{MARK}","expiresAt":4000000000000}}}}"#
    )
}

fn surroundings(home: &Home) -> [(&'static str, String); 5] {
    [
        ("CLAUDE_CODE_OAUTH_TOKEN", format!("sk-ant-oat01-{MARK}")),
        ("ANTHROPIC_AUTH_TOKEN", MARK.to_owned()),
        ("MISTRAL_API_KEY", format!("{MARK}\u{fc}")),
        ("ACME_API_KEY", MARK.to_owned()),
        ("CLAUDE_CONFIG_DIR", home.folder().to_str().unwrap().to_owned()),
    ]
}
